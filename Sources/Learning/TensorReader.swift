internal import Networks

/// Named arrays, taken one by one and checked.
struct TensorReader {
  private let prefix: String
  private var left: [String: NamedTensor]

  init(_ tensors: [NamedTensor], prefix: String) {
    self.prefix = prefix
    left = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The finite array of a name and a shape, where nil is any size.
  mutating func take(_ name: String, _ shape: [Int?]) throws(ModelFileError) -> NamedTensor {
    let name = prefix + name
    guard let tensor = left.removeValue(forKey: name) else {
      throw ModelFileError("the file has no tensor \(name), which its model needs")
    }
    let isOfShape =
      tensor.shape.count == shape.count
      && zip(tensor.shape, shape).allSatisfy { $0 == $1 ?? $0 }
    guard isOfShape, tensor.values.count == tensor.shape.reduce(1, *) else {
      let wanted = shape.map { $0.map { "\($0)" } ?? "any" }.joined(separator: ", ")
      throw ModelFileError(
        "tensor \(name) has the shape \(tensor.shape); [\(wanted)] was expected")
    }
    if let place = tensor.values.firstIndex(where: { !$0.isFinite }) {
      throw ModelFileError("value \(place) of \(name) is \(tensor.values[place])")
    }
    return tensor
  }

  /// A list of whole numbers from a least one up to 2^24, so far as a Float holds them all.
  mutating func whole(
    _ name: String, from least: Int, count: Int? = nil
  ) throws(ModelFileError) -> [Int] {
    let values = try take(name, [count]).values
    var result: [Int] = []
    result.reserveCapacity(values.count)
    for (place, value) in values.enumerated() {
      guard value >= Float(least), value <= 0x1p24, value == value.rounded() else {
        throw ModelFileError(
          "value \(place) of \(prefix)\(name) is \(value); a whole number from \(least) on was "
            + "expected")
      }
      result.append(Int(value))
    }
    return result
  }

  /// Refuses arrays that nothing took.
  func finish() throws(ModelFileError) {
    if let unknown = left.keys.min() {
      throw ModelFileError("the file has a tensor \(unknown), which its model does not need")
    }
  }
}
