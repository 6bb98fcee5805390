import Tensors

@testable import Networks

/// The graph network in Double by plain loops over dense matrices, for any parameters.
struct GraphTwin {
  let graph: SegmentGraph
  let width: Int
  let output: Int
  var parameters: [String: [Double]]
  var propagated: [Double]
  var training: Bool

  init(_ network: GraphNetwork, _ graph: SegmentGraph, training: Bool) {
    self.graph = graph
    self.training = training
    width = network.dense.inputs
    output = network.dense.outputs
    propagated = graph.propagated.map(Double.init)
    parameters = [:]
    for tensor in network.parameters("g") + network.buffers("g") {
      parameters[String(tensor.name.dropFirst(2))] = tensor.values.map(Double.init)
    }
  }

  func features() -> [Double] {
    let count = graph.segmentCount
    let bands = graph.bandCount
    let pixels = linear(propagated, "internal.weight", "internal.bias", bands, width)
      .map { max($0, 0) }
    var pooled = [Double](repeating: 0, count: count * width)
    for segment in 0..<count {
      let range = graph.pixelStart[segment]..<graph.pixelStart[segment + 1]
      for pixel in range {
        for k in 0..<width {
          pooled[segment * width + k] += pixels[pixel * width + k] / Double(range.count)
        }
      }
    }
    let degree = graph.degrees.map { Double($0) + 1 }
    var normalized = matrix()
    for s in 0..<count {
      normalized[s][s] += 1
      for t in 0..<count { normalized[s][t] /= (degree[s] * degree[t]).squareRoot() }
    }
    let hidden0 = norm(pooled, 0)
    let active1 = linear(
      product(normalized, hidden0, rows: graph.innerCount), "external1.weight", "external1.bias",
      width, width)
    let hidden1 = norm(active1.map { max($0, 0) }, 1)
    let sums = product(matrix(), hidden1, rows: graph.targetCount)
    let own = linear(
      Array(hidden1.prefix(graph.targetCount * width)), "external2.root.weight", nil, width, width)
    let others = linear(
      sums, "external2.relation.weight", "external2.relation.bias", width, width)
    let hidden2 = norm(zip(own, others).map { max($0 + $1, 0) }, 2)
    let joined = zip(hidden0, hidden2).map { $0 + $1 }
    return linear(joined, "dense.weight", "dense.bias", width, output).map { max($0, 0) }
  }

  private func matrix() -> [[Double]] {
    var result = [[Double]](
      repeating: [Double](repeating: 0, count: graph.segmentCount), count: graph.segmentCount)
    for segment in 0..<graph.segmentCount {
      for edge in graph.neighborStart[segment]..<graph.neighborStart[segment + 1] {
        result[segment][Int(graph.neighbors[edge])] = Double(graph.weights[edge])
      }
    }
    return result
  }

  private func product(_ matrix: [[Double]], _ x: [Double], rows: Int) -> [Double] {
    (0..<rows * width).map { place in
      (0..<x.count / width).reduce(0) {
        $0 + matrix[place / width][$1] * x[$1 * width + place % width]
      }
    }
  }

  private func linear(
    _ x: [Double], _ weight: String, _ bias: String?, _ inputs: Int, _ outputs: Int
  ) -> [Double] {
    let w = parameters[weight] ?? []
    let b = bias.flatMap { parameters[$0] } ?? [Double](repeating: 0, count: outputs)
    return (0..<x.count / inputs * outputs).map { place in
      let (row, k) = (place / outputs, place % outputs)
      return (0..<inputs).reduce(b[k]) { $0 + w[k * inputs + $1] * x[row * inputs + $1] }
    }
  }

  private func norm(_ x: [Double], _ index: Int) -> [Double] {
    let rows = x.count / width
    var result = x
    for k in 0..<width {
      let column = (0..<rows).map { x[$0 * width + k] }
      var mean = parameters["bn\(index).running_mean"]?[k] ?? 0
      var variance = parameters["bn\(index).running_var"]?[k] ?? 0
      if training {
        mean = column.reduce(0, +) / Double(rows)
        variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      }
      let scale = (parameters["bn\(index).weight"]?[k] ?? 0) / (variance + 1e-5).squareRoot()
      for row in 0..<rows {
        result[row * width + k] =
          (column[row] - mean) * scale + (parameters["bn\(index).bias"]?[k] ?? 0)
      }
    }
    return result
  }
}

/// A random graph of segments of a few pixels each, and a network with running statistics.
enum GraphSamples {
  static func graph(
    segments: Int = 14, bands: Int = 3, weighted: Bool = false, random: Randomness
  ) -> SegmentGraph {
    var start = [0]
    for segment in 0..<segments {
      start.append(start[segment] + 2 + random.integer(UInt64(segment), below: 9))
    }
    let pixels = start[segments]
    let values = (0..<pixels * bands).map { random.derived(1).normal(UInt64($0)) }
    var edges: [[(Int, Float)]] = Array(repeating: [], count: segments)
    for s in 0..<segments {
      for t in 0..<s {
        let draw = random.derived(2).uniform(UInt64(s * segments + t))
        // A ring of neighbours with a few shortcuts.
        guard s - t == 1 || draw < 1.6 / Float(segments) else { continue }
        let weight = weighted ? 0.5 + 10 * draw : 1
        edges[s].append((t, weight))
        edges[t].append((s, weight))
      }
    }
    let sorted = edges.map { $0.sorted { $0.0 < $1.0 } }
    var neighborStart = [0]
    for list in sorted { neighborStart.append((neighborStart.last ?? 0) + list.count) }
    return SegmentGraph(
      bandCount: bands, pixelStart: start, propagated: values, neighborStart: neighborStart,
      neighbors: sorted.flatMap { $0.map { Int32($0.0) } },
      weights: sorted.flatMap { $0.map(\.1) })
  }

  static func network(bands: Int = 3, dropout: Float = 0, random: Randomness) -> GraphNetwork {
    var network = GraphNetwork(
      branch: .init(hops: 3, width: 6, output: 5, dropout: dropout), bandCount: bands,
      random: random)
    for index in network.norms.indices {
      let own = random.derived(9, UInt64(index))
      network.norms[index].weight = own.uniforms(6).map { 0.5 + $0 }
      network.norms[index].bias = own.uniforms(6, from: 10).map { $0 - 0.3 }
      network.norms[index].runningMean = own.uniforms(6, from: 20).map { 0.4 * $0 }
      network.norms[index].runningVariance = own.uniforms(6, from: 30).map { 0.2 + $0 }
    }
    return network
  }

  static func normals(_ count: Int, _ random: Randomness) -> [Float] {
    (0..<count).map { random.normal(UInt64($0)) }
  }

  static func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
