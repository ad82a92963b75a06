/// Findings of one message, copied out of it.
struct FindingBatch: ~Copyable, FindingSink {
  private(set) var items: [Alert.Item] = []
  /// What is an identifier if it recurs.
  private(set) var candidates = CandidateList()
  private let watch: WatchIndex?
  private var leaves = true

  init(_ watch: WatchIndex?) { self.watch = watch }

  var isEmpty: Bool { items.isEmpty && candidates.isEmpty }

  /// A message begins; `leaves` says whether to the outside.
  mutating func begin(leaves: Bool) {
    items.clear()
    candidates.removeAll()
    self.leaves = leaves
  }

  mutating func found(_ finding: borrowing Finding) {
    // A place is known by where it is, not by how it is written.
    let watched =
      finding.watched
      ?? (finding.kind == .location ? watch?.places.near(finding.normalized) : nil)
    items.append(
      Alert.Item(
        kind: finding.kind, confidence: watched == nil ? finding.confidence : .certain,
        part: finding.part, offset: finding.offset, precision: finding.precision,
        path: [UInt8](finding.path), value: [UInt8](finding.value),
        normalized: [UInt8](finding.normalized),
        watched: watched.flatMap { watch?.label(of: $0) },
        watchClass: watched.flatMap { watch?.watchClass(of: $0) } ?? .ordinary,
        isRecipient: watched != nil && RecipientName.matches(finding.key, at: finding.path)))
  }

  /// Nobody writes to this address, whatever names it: a server refused it.
  mutating func spare(_ address: RawSpan) {
    for index in items.indices where items[index].isRecipient {
      if FindingBatch.isSame(items[index].normalized, address) { items[index].isRecipient = false }
    }
  }

  private static func isSame(_ known: [UInt8], _ address: RawSpan) -> Bool {
    // Bytes have no padding that would be read.
    let known = unsafe known.span.bytes
    return known.withoutAngleBrackets.equalsIgnoringCase(address)
  }

  mutating func candidate(_ finding: borrowing Finding) {
    guard leaves else { return }
    candidates.append(finding, before: items.count, watch)
  }
}

/// Values that nothing names, which are identifiers if they go to several recipients. Most never are:
/// so their bytes lie one after the other, and nothing is allocated for one.
struct CandidateList: Sendable {
  struct Element: Sendable {
    let kind: IdentifierKind
    let part: MessagePart
    let offset: Int
    let precision: UInt32
    let watched: [UInt8]?
    let watchClass: WatchClass
    let isRecipient: Bool
    /// The items of its message that come before it.
    let position: Int
    fileprivate(set) var path: Range<Int>
    fileprivate(set) var value: Range<Int>
    fileprivate(set) var normalized: Range<Int>
  }

  private var elements: [Element] = []
  private var text: [UInt8] = []

  var isEmpty: Bool { elements.isEmpty }
  var count: Int { elements.count }

  subscript(index: Int) -> Element { elements[index] }

  /// The bytes of an element's path, value or normalized value.
  @_lifetime(borrow self)
  func bytes(_ range: Range<Int>) -> RawSpan {
    // Bytes have no padding that would be read.
    unsafe text.span.bytes.extracting(range)
  }

  mutating func append(_ finding: borrowing Finding, before items: Int, _ watch: WatchIndex?) {
    elements.append(
      Element(
        kind: finding.kind, part: finding.part, offset: finding.offset,
        precision: finding.precision,
        watched: finding.watched.flatMap { watch?.label(of: $0) },
        watchClass: finding.watched.flatMap { watch?.watchClass(of: $0) } ?? .ordinary,
        isRecipient: finding.watched != nil
          && RecipientName.matches(finding.key, at: finding.path), position: items,
        path: keep(finding.path), value: keep(finding.value),
        normalized: keep(finding.normalized)))
  }

  private mutating func keep(_ bytes: RawSpan) -> Range<Int> {
    let start = text.count
    for offset in bytes.byteOffsets { text.append(bytes[offset]) }
    return start..<text.count
  }

  /// Adds all of another list.
  mutating func append(_ other: borrowing CandidateList) {
    let shift = text.count
    for index in 0..<other.elements.count {
      var element = other.elements[index]
      element.path = element.path.lowerBound + shift..<element.path.upperBound + shift
      element.value = element.value.lowerBound + shift..<element.value.upperBound + shift
      element.normalized =
        element.normalized.lowerBound + shift..<element.normalized.upperBound + shift
      elements.append(element)
    }
    text.append(contentsOf: other.text)
  }

  mutating func removeAll() {
    elements.clear()
    text.clear()
  }
}
