/// The few functions of analysis that the correlation needs: the core has no libm.
enum Elementary {
  private static let ln2 = 0.693_147_180_559_945_3

  /// e to the power of `x`, to about 10⁻¹³ of itself; 0 below -700 and e⁷⁰⁰ above 700.
  static func exp(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    let x = min(x, 700)
    // The nearest whole number; its magnitude is below 1,011.
    let power = Int(x / ln2 + (x < 0 ? -0.5 : 0.5))
    // |rest| <= ln 2 / 2, where eleven terms of the series suffice for 10⁻¹³.
    let rest = x - Double(power) * ln2
    var sum = 1 / 39_916_800.0
    sum = sum * rest + 1 / 3_628_800.0
    sum = sum * rest + 1 / 362_880.0
    sum = sum * rest + 1 / 40_320.0
    sum = sum * rest + 1 / 5_040.0
    sum = sum * rest + 1 / 720.0
    sum = sum * rest + 1 / 120.0
    sum = sum * rest + 1 / 24.0
    sum = sum * rest + 1 / 6.0
    sum = sum * rest + 0.5
    sum = sum * rest + 1
    sum = sum * rest + 1
    // Times two to that power, by the exponent's bits.
    return sum * Double(bitPattern: UInt64(1_023 + power) << 52)
  }

  /// The natural logarithm; -700 for what is not above zero, 700 for what has no bound.
  static func log(_ x: Double) -> Double {
    guard x > 0 else { return -700 }
    guard x.isFinite else { return 700 }
    var exponent = Double(x.exponent)
    var mantissa = x.significand
    if mantissa > 1.414 {
      mantissa /= 2
      exponent += 1
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), whose argument is below 0.18.
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var sum = 0.0
    for odd in stride(from: 19.0, through: 1, by: -2) { sum = sum * square + 1 / odd }
    return exponent * ln2 + 2 * ratio * sum
  }

  /// The standard normal distribution function, to 10⁻⁷ (Abramowitz and Stegun 1964, 26.2.17).
  static func normal(_ x: Double) -> Double {
    guard x >= 0 else { return 1 - normal(-x) }
    let t = 1 / (1 + 0.231_641_9 * x)
    let coefficients = [
      1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530,
    ]
    var sum = 0.0
    for coefficient in coefficients { sum = (sum + coefficient) * t }
    return 1 - 0.398_942_280_401_432_7 * exp(-x * x / 2) * sum
  }
}
