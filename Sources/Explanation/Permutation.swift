extension Shapley {
  /// A random permutation that depends on the seed and its number alone (Fisher and Yates).
  static func permutation(of count: Int, seed: UInt64, number: UInt64) -> [Int] {
    var order = Array(0..<count)
    var state = mixed(seed &+ mixed(number &+ 0x9e37_79b9_7f4a_7c15))
    for i in stride(from: count - 1, to: 0, by: -1) {
      state &+= 0x9e37_79b9_7f4a_7c15
      let pick = mixed(state).multipliedFullWidth(by: UInt64(i + 1)).high
      order.swapAt(i, Int(pick))
    }
    return order
  }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
