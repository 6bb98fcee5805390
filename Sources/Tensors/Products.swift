internal import COpenBLAS

/// Matrix products in single and double precision, row-major: `C = alpha op(A) op(B) + beta C`.
///
/// Each product runs on the calling thread; work is spread over threads by `Parallel` alone.
public enum Products {
  /// Where a matrix lies in a buffer and how it is read.
  public struct Layout: Sendable, Hashable {
    /// The position of the first element.
    public var offset: Int
    /// The distance between the beginnings of stored rows: BLAS's leading dimension.
    public var stride: Int
    /// Whether the product takes the transpose of what is stored.
    public var isTransposed: Bool

    /// A matrix taken as it is stored, rows `stride` apart.
    public static func rows(_ stride: Int, at offset: Int = 0) -> Layout {
      Layout(offset: offset, stride: stride, isTransposed: false)
    }

    /// The transpose of a stored matrix with rows `stride` apart.
    public static func transposed(_ stride: Int, at offset: Int = 0) -> Layout {
      Layout(offset: offset, stride: stride, isTransposed: true)
    }

    /// One past the last element that a `rows x columns` operand touches.
    fileprivate func end(_ rows: Int, _ columns: Int) -> Int {
      let (stored, length) = isTransposed ? (columns, rows) : (rows, columns)
      return stored == 0 || length == 0 ? offset : offset + (stored - 1) * stride + length
    }

    fileprivate func check(_ name: String, _ rows: Int, _ columns: Int, _ count: Int) {
      precondition(
        offset >= 0 && stride >= (isTransposed ? rows : columns) && end(rows, columns) <= count,
        "\(name): \(rows) x \(columns) at \(offset), stride \(stride), in \(count) elements")
    }

    fileprivate var operation: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }
  }

  /// Computes `C = alpha op(A) op(B) + beta C` in place, `rows x inner` times `inner x columns`.
  ///
  /// Shapes that reach beyond a buffer are a programmer's mistake and trap. With `beta` 0 what `c`
  /// held before does not count, NaN included. `c` must not overlap `a` or `b`.
  public static func multiply(
    rows: Int, columns: Int, inner: Int, alpha: Float = 1,
    _ a: UnsafeBufferPointer<Float>, _ aLayout: Layout,
    _ b: UnsafeBufferPointer<Float>, _ bLayout: Layout,
    beta: Float = 0, into c: UnsafeMutableBufferPointer<Float>, _ cLayout: Layout
  ) {
    precondition(!cLayout.isTransposed, "the result of a product is stored as it is")
    aLayout.check("A", rows, inner, a.count)
    bLayout.check("B", inner, columns, b.count)
    cLayout.check("C", rows, columns, c.count)
    guard rows > 0, columns > 0, let target = c.baseAddress else { return }
    guard inner > 0, let left = a.baseAddress, let right = b.baseAddress else {
      scale(target + cLayout.offset, rows, columns, cLayout.stride, by: beta)
      return
    }
    _ = Kernels.chosen
    cblas_sgemm(
      CblasRowMajor, aLayout.operation, bLayout.operation,
      blasint(rows), blasint(columns), blasint(inner),
      alpha, left + aLayout.offset, blasint(aLayout.stride),
      right + bLayout.offset, blasint(bLayout.stride),
      beta, target + cLayout.offset, blasint(cLayout.stride))
  }

  /// The product on spans; see the form on buffers.
  public static func multiply(
    rows: Int, columns: Int, inner: Int, alpha: Float = 1,
    _ a: Span<Float>, _ aLayout: Layout, _ b: Span<Float>, _ bLayout: Layout,
    beta: Float = 0, into c: inout MutableSpan<Float>, _ cLayout: Layout
  ) {
    a.withUnsafeBufferPointer { left in
      b.withUnsafeBufferPointer { right in
        c.withUnsafeMutableBufferPointer { target in
          multiply(
            rows: rows, columns: columns, inner: inner, alpha: alpha, left, aLayout, right,
            bLayout, beta: beta, into: target, cLayout)
        }
      }
    }
  }

  /// The product on arrays; see the form on buffers.
  public static func multiply(
    rows: Int, columns: Int, inner: Int, alpha: Float = 1,
    _ a: [Float], _ aLayout: Layout, _ b: [Float], _ bLayout: Layout,
    beta: Float = 0, into c: inout [Float], _ cLayout: Layout
  ) {
    a.withUnsafeBufferPointer { left in
      b.withUnsafeBufferPointer { right in
        c.withUnsafeMutableBufferPointer { target in
          multiply(
            rows: rows, columns: columns, inner: inner, alpha: alpha, left, aLayout, right,
            bLayout, beta: beta, into: target, cLayout)
        }
      }
    }
  }

  /// The dense product of `a` (rows x inner) and `b` (inner x columns).
  public static func product(
    _ a: [Float], _ b: [Float], rows: Int, columns: Int, inner: Int
  ) -> [Float] {
    var c = [Float](repeating: 0, count: rows * columns)
    multiply(
      rows: rows, columns: columns, inner: inner, a, .rows(inner), b, .rows(columns),
      into: &c, .rows(columns))
    return c
  }

  /// The product on arrays of `Double`; see the form on buffers.
  public static func multiply(
    rows: Int, columns: Int, inner: Int, alpha: Double = 1,
    _ a: [Double], _ aLayout: Layout, _ b: [Double], _ bLayout: Layout,
    beta: Double = 0, into c: inout [Double], _ cLayout: Layout
  ) {
    precondition(!cLayout.isTransposed, "the result of a product is stored as it is")
    aLayout.check("A", rows, inner, a.count)
    bLayout.check("B", inner, columns, b.count)
    cLayout.check("C", rows, columns, c.count)
    guard rows > 0, columns > 0 else { return }
    _ = Kernels.chosen
    a.withUnsafeBufferPointer { left in
      b.withUnsafeBufferPointer { right in
        c.withUnsafeMutableBufferPointer { target in
          guard let target = target.baseAddress else { return }
          guard inner > 0, let left = left.baseAddress, let right = right.baseAddress else {
            scale(target + cLayout.offset, rows, columns, cLayout.stride, by: beta)
            return
          }
          cblas_dgemm(
            CblasRowMajor, aLayout.operation, bLayout.operation,
            blasint(rows), blasint(columns), blasint(inner),
            alpha, left + aLayout.offset, blasint(aLayout.stride),
            right + bLayout.offset, blasint(bLayout.stride),
            beta, target + cLayout.offset, blasint(cLayout.stride))
        }
      }
    }
  }

  /// The name of the kernels that products run on, such as "Haswell" or "SkylakeX".
  public static var kernelName: String {
    _ = Kernels.chosen
    return Kernels.name
  }

  /// What a product without inner elements leaves of C.
  private static func scale<Value: FloatingPoint>(
    _ c: UnsafeMutablePointer<Value>, _ rows: Int, _ columns: Int, _ stride: Int, by beta: Value
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        let place = row * stride + column
        c[place] = beta == 0 ? 0 : beta * c[place]
      }
    }
  }
}
