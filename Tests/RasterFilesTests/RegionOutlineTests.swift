import Foundation
import RasterFiles
import Testing

struct RegionOutlineTests {
  private static let width = 21

  /// The runs of the cells that a picture marks, and the first of them.
  private static func runs(_ picture: [String], x: Int = 0, y: Int = 0) -> [RegionOutline.Run] {
    picture.enumerated().flatMap { row, line -> [RegionOutline.Run] in
      let cells = Array(line)
      var runs: [RegionOutline.Run] = []
      for column in cells.indices where cells[column] == "#" {
        if column > 0, cells[column - 1] == "#" {
          let last = runs.removeLast().columns
          runs.append(.init(row: y + row, columns: last.lowerBound..<x + column + 1))
        } else {
          runs.append(.init(row: y + row, columns: x + column..<x + column + 1))
        }
      }
      return runs
    }
  }

  private static func center(_ run: RegionOutline.Run) -> SIMD2<Double> {
    SIMD2(Double(run.columns.lowerBound) + 0.5, Double(run.row) + 0.5)
  }

  /// Whether a place is inside by the even-odd rule over all rings.
  private static func contains(_ outline: RegionOutline, _ place: SIMD2<Double>) -> Bool {
    var isInside = false
    for ring in outline.parts.joined() {
      for index in ring.indices {
        let (a, b) = (ring[index], ring[(index + 1) % ring.count])
        guard (a.y > place.y) != (b.y > place.y) else { continue }
        if place.x < a.x + (place.y - a.y) / (b.y - a.y) * (b.x - a.x) { isInside.toggle() }
      }
    }
    return isInside
  }

  private static func area(_ outline: RegionOutline) -> Double {
    outline.parts.reduce(0) { sum, rings in
      let areas = rings.map { ring -> Double in
        var twice = 0.0
        for index in ring.indices {
          let (a, b) = (ring[index], ring[(index + 1) % ring.count])
          twice += a.x * b.y - b.x * a.y
        }
        return abs(twice) / 2
      }
      return sum + (areas.first ?? 0) - areas.dropFirst().reduce(0, +)
    }
  }

  /// Every cell by its centre, for cells that look random and touch in every way.
  @Test func exactOutlinesAreThoseOfTheCells() throws {
    var state: UInt64 = 88_172_645_463_325_252
    for _ in 0..<20 {
      let picture = (0..<17).map { _ in
        String(
          (0..<Self.width).map { _ -> Character in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % 100 < 65 ? "#" : "."
          })
      }
      let runs = Self.runs(picture, x: 100, y: 40)
      let outline = try RegionOutline(of: runs, tolerance: 0, keeping: Self.center(runs[0]))
      for row in 0..<17 {
        for (column, mark) in picture[row].enumerated() {
          let place = SIMD2(Double(100 + column) + 0.5, Double(40 + row) + 0.5)
          #expect(Self.contains(outline, place) == (mark == "#"))
        }
      }
      let cells = runs.reduce(0) { $0 + $1.columns.count }
      #expect(abs(Self.area(outline) - Double(cells)) < 1e-9)
    }
  }

  @Test func cellsThatTouchAtACornerAreParts() throws {
    let outline = try RegionOutline(
      of: Self.runs(["#.", ".#"]), tolerance: 0, keeping: SIMD2(0.5, 0.5))
    #expect(outline.parts.count == 2 && outline.parts.allSatisfy { $0.count == 1 })
    #expect(outline.parts.joined().allSatisfy { $0.count == 4 })
  }

  /// The hole touches the outside at a corner: no ring may run over itself.
  @Test func holesThatTouchTheOutsideStayHoles() throws {
    let picture = ["####.", "#..#.", "#..#.", "###..", "....."]
    let runs = Self.runs(picture)
    for tolerance in [0, 1.0] {
      let outline = try RegionOutline(of: runs, tolerance: tolerance, keeping: SIMD2(0.5, 0.5))
      #expect(outline.parts.count == 1)
      #expect(!Self.contains(outline, SIMD2(2, 2)))
      #expect(outline.parts.joined().allSatisfy { Set($0).count == $0.count })
    }
  }

  /// A disc with a hole becomes smooth, keeps its hole, its size and its place.
  @Test func simplifiedOutlinesKeepWhatMatters() throws {
    let picture = (0..<41).map { row in
      String(
        (0..<41).map { column -> Character in
          let distance = hypot(Double(column) - 20, Double(row) - 20)
          return distance <= 19 && distance > 6 ? "#" : "."
        })
    }
    let runs = Self.runs(picture)
    let place = SIMD2(4.5, 20.5)
    let exact = try RegionOutline(of: runs, tolerance: 0, keeping: place)
    let simple = try RegionOutline(of: runs, tolerance: 1, keeping: place)
    #expect(exact.parts.map(\.count) == [2] && simple.parts.map(\.count) == [2])
    let (before, after) = (exact.parts[0].map(\.count), simple.parts[0].map(\.count))
    #expect(after[0] * 3 < before[0] && after[1] < before[1] && after[1] >= 3)
    #expect(abs(Self.area(simple) / Self.area(exact) - 1) <= 0.1)
    #expect(Self.contains(simple, place) && !Self.contains(simple, SIMD2(20.5, 20.5)))
    // Any tolerance: nothing is emptied and the place stays inside.
    for tolerance in [0.3, 3, 10, 100] {
      let outline = try RegionOutline(of: runs, tolerance: tolerance, keeping: place)
      #expect(outline.parts.map(\.count) == [2])
      #expect(abs(Self.area(outline) / Self.area(exact) - 1) <= 0.1)
      #expect(Self.contains(outline, place))
    }
  }

  @Test func smallOnesKeepTheirForm() throws {
    let runs = Self.runs(["#"], x: 7, y: 3)
    let outline = try RegionOutline(of: runs, tolerance: 50, keeping: SIMD2(7.5, 3.5))
    #expect(abs(Self.area(outline) - 1) < 1e-12)
    #expect(Set(outline.parts.joined().joined()).count == 4)
    #expect(try RegionOutline(of: [], tolerance: 1, keeping: .zero).parts.isEmpty)
  }
}
