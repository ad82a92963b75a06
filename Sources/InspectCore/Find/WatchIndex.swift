/// A digest that senders put in a value's place.
public enum WatchDigest: UInt8, CaseIterable, Sendable {
  case md5, sha1, sha256

  public var byteCount: Int {
    switch self {
    case .md5: 16
    case .sha1: 20
    case .sha256: 32
    }
  }
}

/// Who computes digests: the core has none of its own.
public protocol WatchDigests {
  /// The first eight bytes of a digest, the first one most significant.
  func prefix(_ digest: WatchDigest, of bytes: [UInt8]) -> UInt64
}

/// An HMAC-SHA-256 (RFC 2104).
public struct WatchCode: Equatable, Sendable {
  public var words: InlineArray<4, UInt64>

  /// The four big-endian words of the code.
  public init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    words = [first, second, third, fourth]
  }

  public static func == (left: Self, right: Self) -> Bool {
    (left.words[0] ^ right.words[0]) | (left.words[1] ^ right.words[1])
      | (left.words[2] ^ right.words[2]) | (left.words[3] ^ right.words[3]) == 0
  }
}

/// The values of all watch lists, made once and then only asked; threads may share it.
///
/// A value stands in a table under the hash of its characters without case and separators, so that
/// one entry serves all ways to write it; what is encoded is decoded where it is met. Only digests
/// need an entry each. Memory for N values: about 40 bytes each and their text, and at most 16 bytes
/// for each of `WatchLimits.digests` digests.
public final class WatchIndex: Sendable {
  /// A value and the shorter form of it that the entry stands for.
  struct Entry {
    var value: UInt32
    /// Characters that the form leaves out, in front and at the end.
    var prefix: Int
    var suffix: Int

    init(_ packed: UInt32) {
      value = packed >> 4
      prefix = Int(packed >> 2 & 3)
      suffix = Int(packed & 3)
    }
  }

  struct DigestEntry {
    var key: UInt64
    var value: UInt32
    var digest: WatchDigest
  }

  struct CodeEntry {
    var code: WatchCode
    var value: UInt32
  }

  /// Kind in the low five bits, class above.
  let kinds: [UInt8]
  /// The canonical forms, one after the other, and where each ends.
  let texts: [UInt8]
  let ends: [UInt32]
  /// The labels, each once, and where each ends; and which one a value has.
  let labels: [UInt8]
  let labelEnds: [UInt32]
  let labelNumbers: [UInt32]
  let table: WatchTable
  /// Values that are only looked for as whole leaves: they are short, or a structure's signs are
  /// in them.
  let leaves: WatchTable
  let places: WatchPlaces
  /// In order of their keys.
  let digests: [DigestEntry]
  /// In order of their first words.
  let codes: [CodeEntry]
  /// Which kinds the values have that only their HMAC tells.
  let codeKinds: KindSet
  /// A bit for each hash of a form's first four, and eight, characters.
  let fours: WatchBits
  let eights: WatchBits
  /// The fewest and the most characters of a form in `table`.
  let shortest: Int
  let longest: Int
  let prefixes: WatchPrefixes
  /// What a value begins with, more or less.
  let firsts: ByteRanges
  /// The first four digits of numbers, in four bits each, the first one highest.
  let packed: WatchPairs
  /// Two characters that follow each other in a value, the first one lowest, without case.
  let inner: WatchPairs
  /// What may stand between two characters of a value, as it is sent.
  let separators: WatchReader.Separators
  /// Whether there are values in `table` that are no numbers, and whether these are all mail
  /// addresses.
  let hasTexts: Bool
  let areTextsMail: Bool
  /// The fewest base64 symbols that hide a form or are a digest.
  let shortestRun: Int
  /// The fewest bytes that anything is found in: of two digits a byte, a form or a digest.
  let fewestBytes: Int
  /// The fewest hexadecimal digits that do.
  let shortestHexadecimal: Int
  /// Whether base64 of a form may be small letters and signs only.
  let hidesInLowercase: Bool
  let hasPhoneNumbers: Bool
  /// Whether all forms in `table` are of ASCII.
  let isASCII: Bool
  /// Whether there are numbers that are sent as two digits a byte.
  let hasLongNumbers: Bool
  /// So many telephone numbers that a national one is found in any number of eight digits.
  let isDense: Bool
  /// Whether there are recipients who withdrew consent.
  let hasWithdrawn: Bool
  let authenticate: (@Sendable (RawSpan) -> WatchCode)?

  /// How many values there are.
  public var count: Int { kinds.count }
  /// How many forms of values found no room: they are not looked for.
  public let droppedForms: Int

  fileprivate init(_ builder: consuming WatchIndex.Builder, droppedForms: Int) {
    kinds = builder.kinds
    texts = builder.texts
    ends = builder.ends
    labels = builder.labels
    labelEnds = builder.labelEnds
    labelNumbers = builder.labelNumbers
    // A value on two lists is found as the one that must never leave.
    let classes = builder.kinds
    func isProtected(_ form: WatchIndex.Builder.Form) -> Bool {
      classes[Int(Entry(form.packed).value)] >> 5 == WatchClass.protected.rawValue
    }
    table = WatchTable(builder.forms, preferred: isProtected)
    leaves = WatchTable(builder.leafForms, preferred: isProtected)
    places = builder.places
    digests = builder.digests
    codes = builder.codes.sorted {
      ($0.code.words[0], classes[Int($1.value)] >> 5 & 1) < (
        $1.code.words[0], classes[Int($0.value)] >> 5 & 1
      )
    }
    codeKinds = builder.codeKinds
    fours = builder.fours
    eights = builder.eights
    shortest = builder.shortest
    longest = builder.longest
    prefixes = builder.prefixes
    firsts = builder.prefixes.ranges
    packed = builder.packed
    inner = builder.inner
    separators = builder.separators
    hasTexts = builder.hasMails || builder.hasOtherTexts
    areTextsMail = !builder.hasOtherTexts
    let hasNone = builder.forms.isEmpty
    let run = hasNone ? Int.max : (builder.shortest * 4 + 2) / 3
    shortestRun = max(8, min(run, builder.digests.isEmpty ? Int.max : 22))
    fewestBytes = min(
      hasNone ? Int.max : builder.shortest / 2, builder.digests.isEmpty ? Int.max : 22)
    let hexadecimal = hasNone ? Int.max : builder.shortest * 2
    shortestHexadecimal = max(12, min(hexadecimal, builder.digests.isEmpty ? Int.max : 32))
    hidesInLowercase = builder.hidesInLowercase
    hasPhoneNumbers = builder.phoneNumbers > 0
    hasLongNumbers = builder.hasLongNumbers
    isASCII = builder.isASCII
    hasWithdrawn = builder.hasWithdrawn
    isDense = builder.phoneNumbers &+ builder.codedNumbers > WatchLimits.denseNumbers
    authenticate = builder.authenticate
    self.droppedForms = droppedForms
  }

  /// The form of a value in which it is hashed for a list that is not readable: an international
  /// number as `+` and digits, other numbers as digits, hardware addresses as twelve lower-case
  /// digits, the rest in lower case.
  public static func normalForm(
    _ value: [UInt8], _ kind: IdentifierKind
  ) throws(WatchRefusal) -> [UInt8] {
    let canonical = try WatchCanonical(value, kind)
    return kind == .phoneNumber && canonical.prefix > 0
      ? [0x2B] + canonical.bytes : canonical.bytes
  }

  /// What is hashed for the national form of an international number as well, because a list that is
  /// not readable does not know its country: `0` and the digits behind the country's code.
  public static func nationalForm(_ value: [UInt8], _ kind: IdentifierKind) -> [UInt8]? {
    guard kind == .phoneNumber, let canonical = try? WatchCanonical(value, kind),
      canonical.prefix > 0
    else { return nil }
    return [0x30] + canonical.bytes[canonical.prefix...]
  }

  public func kind(of value: UInt32) -> IdentifierKind {
    IdentifierKind(rawValue: kinds[Int(value)] & 31) ?? .text
  }

  public func watchClass(of value: UInt32) -> WatchClass {
    WatchClass(rawValue: kinds[Int(value)] >> 5) ?? .ordinary
  }

  public func label(of value: UInt32) -> [UInt8] {
    let number = Int(labelNumbers[Int(value)])
    let start = number == 0 ? 0 : Int(labelEnds[number - 1])
    return [UInt8](labels[start..<Int(labelEnds[number])])
  }

  /// Where the value's canonical form is in `texts`; empty when only its HMAC is known.
  func text(of value: UInt32) -> Range<Int> {
    let end = Int(ends[Int(value)])
    return (value == 0 ? 0 : Int(ends[Int(value) - 1]))..<end
  }

  /// The value of which this is a digest.
  func value(digest: WatchDigest, prefix: UInt64) -> UInt32? {
    var low = 0
    var high = digests.count
    while low < high {
      let middle = (low &+ high) / 2
      if digests[middle].key < prefix { low = middle &+ 1 } else { high = middle }
    }
    while low < digests.count, digests[low].key == prefix {
      if digests[low].digest == digest { return digests[low].value }
      low &+= 1
    }
    return nil
  }

  /// The value with this HMAC.
  func value(code: WatchCode) -> UInt32? {
    var low = 0
    var high = codes.count
    while low < high {
      let middle = (low &+ high) / 2
      if codes[middle].code.words[0] < code.words[0] { low = middle &+ 1 } else { high = middle }
    }
    while low < codes.count, codes[low].code.words[0] == code.words[0] {
      if codes[low].code == code { return codes[low].value }
      low &+= 1
    }
    return nil
  }
}

/// How much a watch list may take.
public enum WatchLimits {
  /// The most values of all lists.
  public static var values: Int { 1 << 22 }
  /// The most digests of values; with more values each has fewer variants (`WatchVariants`).
  public static var digests: Int { 1 << 23 }
  /// With more telephone numbers, a national form counts only beside a telling name: of all numbers
  /// of eight digits one in ten thousand would be found by chance.
  static var denseNumbers: Int { 10_000 }
  /// The fewest characters of a form that is looked for in text.
  static var shortestInText: Int { 6 }
}

// MARK: Making it

extension WatchIndex {
  /// Collects the values of lists. Takes memory as it grows; `WatchIndex` itself never does.
  public struct Builder: ~Copyable {
    struct Form {
      var hash: UInt64
      var packed: UInt32
    }

    fileprivate var kinds: [UInt8] = []
    fileprivate var texts: [UInt8] = []
    fileprivate var ends: [UInt32] = []
    fileprivate var labels: [UInt8] = []
    fileprivate var labelEnds: [UInt32] = []
    fileprivate var labelNumbers: [UInt32] = []
    fileprivate var forms: [Form] = []
    fileprivate var leafForms: [Form] = []
    fileprivate var places = WatchPlaces()
    fileprivate var digests: [DigestEntry] = []
    fileprivate var codes: [CodeEntry] = []
    fileprivate var codeKinds = KindSet()
    fileprivate var fours = WatchBits(count: 1 << 16)
    fileprivate var eights = WatchBits(count: 1 << 16)
    fileprivate var shortest = Int.max
    fileprivate var longest = 0
    fileprivate var prefixes = WatchPrefixes(forms: 0, separators: .init())
    fileprivate var packed = WatchPairs()
    fileprivate var inner = WatchPairs()
    fileprivate var separators = WatchReader.Separators()
    fileprivate var hasMails = false
    fileprivate var hasOtherTexts = false
    fileprivate var hidesInLowercase = false
    fileprivate var phoneNumbers = 0
    /// Of them, and of their national forms, those of which only the HMAC is known.
    fileprivate var codedNumbers = 0
    fileprivate var hasLongNumbers = false
    fileprivate var hasWithdrawn = false
    fileprivate var isASCII = true
    fileprivate let authenticate: (@Sendable (RawSpan) -> WatchCode)?
    /// The values as they were written, for their digests.
    private var written: [[UInt8]] = []
    private var labelIndex: [[UInt8]: UInt32] = [:]

    public var count: Int { kinds.count }

    /// `authenticate` computes an HMAC under the lists' key.
    public init(authenticate: (@Sendable (RawSpan) -> WatchCode)? = nil) {
      self.authenticate = authenticate
    }

    /// Adds a value that is known in clear, without spaces around it.
    public mutating func add(
      _ value: [UInt8], _ kind: IdentifierKind, _ watchClass: WatchClass, label: [UInt8]
    ) throws(WatchRefusal) {
      guard count < WatchLimits.values else { throw .full }
      let canonical = try WatchCanonical(value, kind)
      let number = begin(kind, watchClass, label)
      texts += canonical.bytes
      ends.append(UInt32(texts.count))
      written.append(value)
      if kind == .phoneNumber { phoneNumbers += 1 }
      if kind == .location { places.add(value, number) }
      if WatchStyle(kind) == .digits { hasLongNumbers = true }
      addSeparators(canonical.bytes, WatchStyle(kind))
      addForm(number, canonical, 0, 0)
      if canonical.prefix > 0 { addForm(number, canonical, canonical.prefix, 0) }
      if canonical.suffix > 0 { addForm(number, canonical, 0, canonical.suffix) }
    }

    /// Adds a value of which only the HMAC is known.
    public mutating func add(
      _ code: WatchCode, _ kind: IdentifierKind, _ watchClass: WatchClass, label: [UInt8]
    ) throws(WatchRefusal) {
      guard count < WatchLimits.values else { throw .full }
      let number = begin(kind, watchClass, label)
      ends.append(UInt32(texts.count))
      written.append([])
      codes.append(CodeEntry(code: code, value: number))
      codeKinds.insert(kind)
      if kind == .phoneNumber { codedNumbers += 1 }
    }

    private mutating func begin(
      _ kind: IdentifierKind, _ watchClass: WatchClass, _ label: [UInt8]
    ) -> UInt32 {
      kinds.append(kind.rawValue | watchClass.rawValue << 5)
      if watchClass == .withdrawn { hasWithdrawn = true }
      let known = labelIndex[label]
      labelNumbers.append(known ?? UInt32(labelEnds.count))
      if known == nil {
        labelIndex[label] = UInt32(labelEnds.count)
        labels += label
        labelEnds.append(UInt32(labels.count))
      }
      return UInt32(kinds.count - 1)
    }

    /// What may stand between the characters of this value.
    private mutating func addSeparators(_ text: [UInt8], _ style: WatchStyle) {
      // A character of two bytes has a zero, an encoded space is a plus sign.
      separators.insert(0)
      separators.insert(0x2B)
      if style == .exact {
        for byte in text where byte < 0x80 { separators.insert(byte) }
      } else {
        for byte: UInt8 in 0x20..<0x3B where style.allows(separator: byte) {
          separators.insert(byte)
        }
      }
    }

    private mutating func addForm(
      _ number: UInt32, _ canonical: WatchCanonical, _ prefix: Int, _ suffix: Int
    ) {
      let packed = number << 4 | UInt32(prefix) << 2 | UInt32(suffix)
      var hash = WatchHash()
      var count = 0
      var isWhole = false
      let text = canonical.bytes.dropFirst(prefix).dropLast(suffix)
      for byte in text {
        if WatchReader.breaks(byte) { isWhole = true }
        guard byte.isWatchWord else { continue }
        if byte >= 0x80 { isASCII = false }
        hash.add(byte)
        count += 1
      }
      if isWhole || count < WatchLimits.shortestInText {
        // Looked for as the whole of a leaf, by all of its bytes.
        var whole = WatchHash()
        for byte in text { whole.add(byte) }
        leafForms.append(Form(hash: whole.value, packed: packed))
        return
      }
      forms.append(Form(hash: hash.value, packed: packed))
      shortest = min(shortest, count)
      longest = max(longest, count)
    }

    /// Ends the collection. The digests take most of the time: about a second for a hundred thousand
    /// values.
    public consuming func finish<Digests: WatchDigests>(_ computing: Digests) -> WatchIndex {
      markPrefixes()
      let dropped = addDigests(computing)
      return WatchIndex(self, droppedForms: dropped)
    }

    private mutating func markPrefixes() {
      // With eight bits a form one stranger in nine passes.
      var bits = 1 << 16
      while bits < forms.count * 8, bits < 1 << 25 { bits *= 2 }
      eights = WatchBits(count: bits)
      prefixes = WatchPrefixes(forms: forms.count, separators: separators)
      for form in forms {
        let entry = Entry(form.packed)
        var hash = WatchHash()
        var prefix = WatchPrefixes.Prefix()
        var count = 0
        let end = Int(ends[Int(entry.value)]) - entry.suffix
        let start = (entry.value == 0 ? 0 : Int(ends[Int(entry.value) - 1])) + entry.prefix
        var digits: UInt32 = 0
        var last: UInt8 = 0
        for index in start..<max(start, end) {
          let byte = texts[index]
          guard byte.isWatchWord else { continue }
          if count > 0 { inner.insert(pair(last, byte)) }
          last = byte
          count += 1
          guard count <= 8 else { continue }
          hash.add(byte)
          prefix.append(byte)
          if count <= 4 { digits = digits << 4 | UInt32(byte & 15) }
          if count == 4 { fours.insert(hash.value) }
          if count == 8 { eights.insert(hash.value) }
        }
        prefixes.insert(prefix)
        let kind = IdentifierKind(rawValue: kinds[Int(entry.value)] & 31) ?? .text
        switch WatchStyle(kind) {
        case .digits: packed.insert(digits)
        case .hexadecimal: break
        case .exact where kind == .email: hasMails = true
        case .exact, .alphanumeric: hasOtherTexts = true
        }
        if kind == .phoneNumber {
          inner.insert(pair(0x30, 0x30))
          inner.insert(pair(0x30, texts[start]))
          // As it is dialled.
          prefixes.insert(prefix.dialled(zeros: 1))
          prefixes.insert(prefix.dialled(zeros: 2))
        }
        let style = WatchStyle(kind)
        if !hidesInLowercase, style == .exact || style == .alphanumeric {
          hidesInLowercase = WatchPrefixes.hidesInLowercase(texts[start..<max(start, end)])
        }
      }
    }

    private func pair(_ first: UInt8, _ second: UInt8) -> UInt32 {
      UInt32(first | 0x20) | UInt32(second | 0x20) << 8
    }

    private mutating func addDigests<Digests: WatchDigests>(_ computing: Digests) -> Int {
      let known = written.count - codes.count
      guard known > 0 else { return 0 }
      let share = max(1, WatchLimits.digests / (known * WatchDigest.allCases.count))
      var dropped = 0
      for number in written.indices where !written[number].isEmpty {
        let kind = IdentifierKind(rawValue: kinds[number] & 31) ?? .text
        guard let canonical = try? WatchCanonical(written[number], kind) else { continue }
        let variants = WatchVariants.texts(written[number], kind, canonical)
        dropped += max(0, variants.count - share) * WatchDigest.allCases.count
        for variant in variants.prefix(share) {
          for digest in WatchDigest.allCases {
            digests.append(
              DigestEntry(
                key: computing.prefix(digest, of: variant), value: UInt32(number), digest: digest))
          }
        }
        written[number] = []
      }
      let classes = kinds
      digests.sort {
        $0.key < $1.key
          || $0.key == $1.key && classes[Int($0.value)] >> 5 & 1 > classes[Int($1.value)] >> 5 & 1
      }
      return dropped
    }
  }
}
