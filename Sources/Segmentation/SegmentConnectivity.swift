public import Rasters

extension SuperpixelLattice {
  /// Makes segments connected by a rule without scan order, from labels of `assign`.
  ///
  /// Of each label the 4-connected components of at least `size / 2` cells are segments of their
  /// own: rank 0 to 3 by size, then by their first cell in row-major order; further ones count as
  /// small. A small component joins the neighbouring segment with the longest shared border (in cell
  /// edges; ties to the lower id) among those whose lattice cell is at most two away from each of
  /// its cells, so that a segment never reaches further than two lattice cells. One without such a
  /// neighbour takes its label's rank-0 id. All is decided at once, from the labels as they come in.
  ///
  /// `labels` must cover `target` and `haloOfConnectivity` cells around it inside the grid; what
  /// comes back covers `target`.
  public func connect(_ labels: SegmentRaster, target: Window) -> SegmentRaster {
    let needed = target.expanded(by: haloOfConnectivity).intersection(gridWindow)
    precondition(
      labels.window.contains(target) && labels.window.contains(needed),
      "\(target) needs labels of \(needed), not \(labels.window)")
    var components = LabelComponents(labels, lattice: self)
    components.rankLarge(atLeast: size / 2)
    components.joinSmall(touching: target)
    return components.segments(in: target)
  }
}

/// The 4-connected components of a label raster and the segments they become.
struct LabelComponents {
  private let window: Window
  private let lattice: SuperpixelLattice
  /// The component of each cell, -1 for none; components are numbered by their first cell.
  private(set) var componentOfCell: [Int32]
  private var labels: [UInt32] = []
  private var sizes: [Int32] = []
  /// The lattice cells that each component touches, filled for small ones that must join.
  private var extents: [Int: Window] = [:]
  /// The segment id of each component; `SegmentRaster.none` until it has one.
  private var ids: [UInt32] = []

  init(_ raster: SegmentRaster, lattice: SuperpixelLattice) {
    window = raster.window
    self.lattice = lattice
    componentOfCell = Self.roots(raster)
    for cell in 0..<componentOfCell.count where componentOfCell[cell] >= 0 {
      let root = Int(componentOfCell[cell])
      // A root is the first cell of its component, so it is renumbered before the others.
      if root == cell {
        componentOfCell[cell] = Int32(labels.count)
        labels.append(raster.ids[cell])
        sizes.append(1)
      } else {
        let component = componentOfCell[root]
        componentOfCell[cell] = component
        sizes[Int(component)] += 1
      }
    }
    ids = [UInt32](repeating: SegmentRaster.none, count: labels.count)
  }

  /// The first cell of each cell's component, -1 for cells without a label.
  private static func roots(_ raster: SegmentRaster) -> [Int32] {
    let width = raster.window.width
    var parents = [Int32](repeating: -1, count: raster.ids.count)
    raster.ids.withUnsafeBufferPointer { ids in
      parents.withUnsafeMutableBufferPointer { parents in
        func find(_ cell: Int32) -> Int32 {
          var root = cell
          while parents[Int(root)] != root {
            parents[Int(root)] = parents[Int(parents[Int(root)])]
            root = parents[Int(root)]
          }
          return root
        }
        for cell in 0..<ids.count where ids[cell] != SegmentRaster.none {
          let hasLeft = cell % width > 0 && ids[cell - 1] == ids[cell]
          let hasUp = cell >= width && ids[cell - width] == ids[cell]
          switch (hasLeft, hasUp) {
          case (false, false): parents[cell] = Int32(cell)
          case (true, false): parents[cell] = parents[cell - 1]
          case (false, true): parents[cell] = parents[cell - width]
          case (true, true):
            let left = find(Int32(cell - 1))
            let up = find(Int32(cell - width))
            parents[Int(max(left, up))] = min(left, up)
            parents[cell] = min(left, up)
          }
        }
        for cell in 0..<ids.count where parents[cell] >= 0 { parents[cell] = find(Int32(cell)) }
      }
    }
    return parents
  }

  /// Gives the large components of each label their ids.
  mutating func rankLarge(atLeast minimum: Double) {
    var large = (0..<labels.count).filter { Double(sizes[$0]) >= minimum }
    // Components are numbered by their first cell, which settles ties of size.
    large.sort { (labels[$0], -sizes[$0], $0) < (labels[$1], -sizes[$1], $1) }
    var rank: UInt32 = 0
    for (position, component) in large.enumerated() {
      let continues = position > 0 && labels[large[position - 1]] == labels[component]
      rank = continues ? rank + 1 : 0
      if rank < 4 { ids[component] = labels[component] | rank }
    }
  }

  /// Lets the small components with a cell in `target` join their neighbours.
  mutating func joinSmall(touching target: Window) {
    var waiting = [Bool](repeating: false, count: labels.count)
    for row in target.y..<target.maxY {
      let start = window.index(column: target.x, row: row)
      for cell in start..<start + target.width where componentOfCell[cell] >= 0 {
        let component = Int(componentOfCell[cell])
        if ids[component] == SegmentRaster.none { waiting[component] = true }
      }
    }
    let borders = borders(of: waiting)
    var joined = ids
    for component in 0..<labels.count where waiting[component] {
      joined[component] = labels[component]
    }
    var start = 0
    while start < borders.count {
      let component = Int(borders[start] >> 32)
      var end = start
      while end < borders.count, Int(borders[end] >> 32) == component { end += 1 }
      if let id = longest(borders[start..<end], component: component) { joined[component] = id }
      start = end
    }
    ids = joined
  }

  /// Every edge between a waiting component and a segment, as component and id, sorted.
  ///
  /// Also notes how far each waiting component extends.
  private mutating func borders(of waiting: [Bool]) -> [UInt64] {
    var edges: [UInt64] = []
    for row in 0..<window.height {
      for column in 0..<window.width {
        let cell = row * window.width + column
        let component = Int(componentOfCell[cell])
        guard component >= 0, waiting[component] else { continue }
        let home = Window(
          x: lattice.latticeColumn(ofColumn: window.x + column),
          y: lattice.latticeRow(ofRow: window.y + row), width: 1, height: 1)
        extents[component] = extents[component]?.union(home) ?? home
        func look(_ other: Int) {
          let neighbor = Int(componentOfCell[other])
          guard neighbor >= 0, neighbor != component, ids[neighbor] != SegmentRaster.none else {
            return
          }
          edges.append(UInt64(component) << 32 | UInt64(ids[neighbor]))
        }
        if row > 0 { look(cell - window.width) }
        if column > 0 { look(cell - 1) }
        if column + 1 < window.width { look(cell + 1) }
        if row + 1 < window.height { look(cell + window.width) }
      }
    }
    return edges.sorted()
  }

  /// The id with the longest border within reach; `edges` are sorted by id, so the lower wins ties.
  private func longest(_ edges: ArraySlice<UInt64>, component: Int) -> UInt32? {
    guard let extent = extents[component] else { return nil }
    var best: (length: Int, id: UInt32)?
    var start = edges.startIndex
    while start < edges.endIndex {
      var end = start
      while end < edges.endIndex, edges[end] == edges[start] { end += 1 }
      let id = UInt32(truncatingIfNeeded: edges[start])
      let cell = lattice.latticeCell(of: id)
      let reach = Window(x: cell.column, y: cell.row, width: 1, height: 1).expanded(by: 2)
      if reach.contains(extent), end - start > best?.length ?? 0 { best = (end - start, id) }
      start = end
    }
    return best?.id
  }

  /// The segment ids over a part of the window.
  func segments(in target: Window) -> SegmentRaster {
    var result = SegmentRaster(window: target)
    for row in target.y..<target.maxY {
      let from = window.index(column: target.x, row: row)
      let to = target.index(column: target.x, row: row)
      for column in 0..<target.width where componentOfCell[from + column] >= 0 {
        result.ids[to + column] = ids[Int(componentOfCell[from + column])]
      }
    }
    return result
  }
}
