/// The false discovery rate over many tested pairs (Benjamini and Hochberg 1995).
public enum BenjaminiHochberg {
  /// The q-value of each p-value: the smallest rate of false discoveries at which it is one.
  ///
  /// Reporting all with q <= 0.05 keeps the expected share of false ones among them at 5 % or less,
  /// for independent or positively dependent tests. A value that is no number counts as 1.
  public static func qValues(_ pValues: [Double]) -> [Double] {
    let clamped = pValues.map { $0 >= 0 ? min($0, 1) : $0 < 0 ? 0 : 1 }
    let order = clamped.indices.sorted { clamped[$0] < clamped[$1] }
    var qValues = [Double](repeating: 1, count: clamped.count)
    var least = 1.0
    var rank = order.count
    for index in order.reversed() {
      least = min(least, clamped[index] * Double(order.count) / Double(rank))
      qValues[index] = least
      rank -= 1
    }
    return qValues
  }
}
