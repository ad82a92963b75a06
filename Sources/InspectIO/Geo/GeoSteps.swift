import InspectCore

/// What a source says of an address; nil and zero when it says nothing.
struct GeoValue: Hashable {
  var country: CountryCode?
  var isAnycast = false
  var asn: UInt32 = 0
}

/// From `start` on, up to the next step, addresses have this value.
struct GeoStep: Equatable {
  var start: IPAddress
  var value: GeoValue
}

/// The address space as steps in ascending order; before the first one, nothing is known.
struct GeoSteps {
  private(set) var steps: [GeoStep] = []

  /// Adds a range behind all others; false when it does not lie there.
  mutating func append(from first: IPAddress, through last: IPAddress, _ value: GeoValue) -> Bool {
    guard first <= last else { return false }
    if let end = steps.last {
      guard end.start <= first, !isClosed else { return false }
      if end.start == first { steps.removeLast() }
    }
    if steps.last?.value ?? GeoValue() != value {
      steps.append(GeoStep(start: first, value: value))
    }
    guard let next = last.next else {
      isClosed = true
      return true
    }
    if value != GeoValue() { steps.append(GeoStep(start: next, value: GeoValue())) }
    return true
  }

  /// The last address has a value: nothing can follow.
  private var isClosed = false

  /// Calls `body` for each range that has one value in both, in ascending order.
  static func merge(
    _ left: GeoSteps, _ right: GeoSteps,
    _ body: (_ first: IPAddress, _ last: IPAddress, _ left: GeoValue, _ right: GeoValue) -> Void
  ) {
    var leftIndex = 0
    var rightIndex = 0
    var leftValue = GeoValue()
    var rightValue = GeoValue()
    while true {
      let nextLeft = leftIndex < left.steps.count ? left.steps[leftIndex] : nil
      let nextRight = rightIndex < right.steps.count ? right.steps[rightIndex] : nil
      guard let start = [nextLeft, nextRight].compactMap({ $0?.start }).min() else { return }
      if let nextLeft, nextLeft.start == start {
        leftValue = nextLeft.value
        leftIndex += 1
      }
      if let nextRight, nextRight.start == start {
        rightValue = nextRight.value
        rightIndex += 1
      }
      let afterLeft = leftIndex < left.steps.count ? left.steps[leftIndex].start : nil
      let afterRight = rightIndex < right.steps.count ? right.steps[rightIndex].start : nil
      let end = [afterLeft, afterRight].compactMap { $0 }.min()
      body(start, end?.previous ?? IPAddress(high: .max, low: .max), leftValue, rightValue)
    }
  }
}

extension IPAddress {
  /// The address that follows; nil for the last one.
  var next: IPAddress? {
    guard low == .max else { return IPAddress(high: high, low: low + 1) }
    return high == .max ? nil : IPAddress(high: high + 1, low: 0)
  }

  /// The address before; nil for the first one.
  var previous: IPAddress? {
    guard low == 0 else { return IPAddress(high: high, low: low - 1) }
    return high == 0 ? nil : IPAddress(high: high - 1, low: .max)
  }
}
