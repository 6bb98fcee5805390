/// Element by element work on blocks of rows: `channels x columns` at a distance of `stride`.
enum RowKernels {
  /// Adds each channel's bias and, where asked for, cuts at zero.
  static func addBias(
    _ bias: [Float], rectified: Bool, _ rows: UnsafeMutablePointer<Float>, stride: Int, columns: Int
  ) {
    for channel in bias.indices {
      let row = rows + channel * stride
      let shift = bias[channel]
      if rectified {
        for x in 0..<columns {
          let value = row[x] + shift
          row[x] = value < 0 ? 0 : value
        }
      } else {
        for x in 0..<columns { row[x] += shift }
      }
    }
  }

  /// Keeps tangents where the rectified values are positive.
  static func gate(
    _ tangents: UnsafeMutablePointer<Float>, by values: UnsafePointer<Float>, channels: Int,
    stride: Int, columns: Int
  ) {
    for channel in 0..<channels {
      let row = tangents + channel * stride
      let value = values + channel * stride
      for x in 0..<columns {
        let tangent = row[x]
        row[x] = value[x] > 0 ? tangent : 0
      }
    }
  }

  /// The largest of several views of rows; the first of equals wins.
  ///
  /// - Parameters:
  ///   - offsets: Where the views of the first channel begin in `source`.
  ///   - choice: Receives the number of the view chosen at each place, where given; laid out as
  ///     `target`.
  static func maximum(
    _ source: UnsafePointer<Float>, offsets: [Int], sourceStride: Int,
    _ target: UnsafeMutablePointer<Float>, stride: Int, channels: Int, columns: Int,
    choice: UnsafeMutablePointer<Int32>?
  ) {
    for channel in 0..<channels {
      let row = target + channel * stride
      let from = source + channel * sourceStride
      row.update(from: from + offsets[0], count: columns)
      let chosen = choice.map { $0 + channel * stride }
      chosen?.update(repeating: 0, count: columns)
      for (q, offset) in offsets.enumerated().dropFirst() {
        let candidate = from + offset
        if let chosen {
          let number = Int32(q)
          for x in 0..<columns {
            let (value, best, before) = (candidate[x], row[x], chosen[x])
            let better = value > best
            row[x] = better ? value : best
            chosen[x] = better ? number : before
          }
        } else {
          for x in 0..<columns {
            let (value, best) = (candidate[x], row[x])
            row[x] = value > best ? value : best
          }
        }
      }
    }
  }

  /// Takes the view that `maximum` chose at each place.
  static func chosen(
    _ choice: UnsafePointer<Int32>, _ source: UnsafePointer<Float>, offsets: [Int],
    sourceStride: Int, _ target: UnsafeMutablePointer<Float>, stride: Int, channels: Int,
    columns: Int
  ) {
    for channel in 0..<channels {
      let row = target + channel * stride
      let from = source + channel * sourceStride
      let pick = choice + channel * stride
      row.update(from: from + offsets[0], count: columns)
      for (q, offset) in offsets.enumerated().dropFirst() {
        let candidate = from + offset
        let number = Int32(q)
        for x in 0..<columns {
          let (value, other) = (candidate[x], row[x])
          row[x] = pick[x] == number ? value : other
        }
      }
    }
  }

  /// The mean of several views of rows.
  static func mean(
    _ source: UnsafePointer<Float>, offsets: [Int], sourceStride: Int,
    _ target: UnsafeMutablePointer<Float>, stride: Int, channels: Int, columns: Int
  ) {
    let share = 1 / Float(offsets.count)
    for channel in 0..<channels {
      let row = target + channel * stride
      let from = source + channel * sourceStride
      row.update(from: from + offsets[0], count: columns)
      for offset in offsets.dropFirst() {
        let next = from + offset
        for x in 0..<columns { row[x] += next[x] }
      }
      for x in 0..<columns { row[x] *= share }
    }
  }
}
