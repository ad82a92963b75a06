import InspectCore

/// A watch list: comma-separated lines under the header `kind,value,label`, with an optional fourth
/// column `class`. A value is in clear or `hmac-sha256:HEX`.
public enum WatchFile {
  /// The most wrong lines that are named; the rest is counted.
  static var namedLines: Int { 20 }

  /// Something in a list that cannot be used. No value is in it: lists are secret.
  public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    public let file: String
    /// From 1; 0 for the whole file.
    public let line: Int
    public let reason: String

    public var description: String {
      line == 0 ? "\(file): \(reason)" : "\(file):\(line): \(reason)"
    }
  }

  /// A line of a list.
  struct Entry {
    enum Value {
      case clear(ArraySlice<UInt8>)
      case code(WatchCode)
    }

    let line: Int
    let kind: IdentifierKind
    let value: Value
    let label: ArraySlice<UInt8>
    let watchClass: WatchClass
  }

  /// What reading lists came to.
  public struct Outcome: Sendable {
    public internal(set) var values = 0
    /// The wrong lines that were left out, as far as they are named.
    public internal(set) var failures: [Failure] = []
    public internal(set) var wrongLines = 0
  }

  /// Reads lists into one index. `isLenient` leaves wrong lines out; without it the first one ends
  /// the reading.
  public static func index(
    _ paths: [String], keyPath: String?, isLenient: Bool
  ) throws(Failure) -> (index: WatchIndex, outcome: Outcome) {
    let key = try keyPath.map { path throws(Failure) in try WatchKey(path: path) }
    var builder = WatchIndex.Builder(authenticate: key?.authenticate)
    var outcome = Outcome()
    for path in paths {
      var reader = try Reader(path: path)
      while true {
        do throws(Failure) {
          guard let entry = try reader.next() else { break }
          try add(entry, to: &builder, hasKey: key != nil, path)
          outcome.values += 1
        } catch {
          guard isLenient, error.line > 1 else { throw error }
          outcome.wrongLines += 1
          if outcome.failures.count < namedLines { outcome.failures.append(error) }
        }
      }
    }
    return (builder.finish(CryptoDigests()), outcome)
  }

  private static func add(
    _ entry: Entry, to builder: inout WatchIndex.Builder, hasKey: Bool, _ path: String
  ) throws(Failure) {
    if case .code = entry.value, !hasKey {
      throw Failure(
        file: path, line: entry.line,
        reason: "the value is an HMAC: give the key it was made with (--watch-key)")
    }
    let label = Array(entry.label)
    do throws(WatchRefusal) {
      switch entry.value {
      case .clear(let value):
        try builder.add(Array(value), entry.kind, entry.watchClass, label: label)
      case .code(let code): try builder.add(code, entry.kind, entry.watchClass, label: label)
      }
    } catch {
      throw Failure(file: path, line: entry.line, reason: "\(error.reason)")
    }
  }

  // MARK: Lines

  /// Reads a list line by line.
  struct Reader {
    private let path: String
    private var records: CSV
    private let columns: (kind: Int, value: Int, label: Int?, watchClass: Int?)

    init(path: String) throws(Failure) {
      try self.init(path: path, bytes: WatchFile.read(path))
    }

    init(path: String, bytes: [UInt8]) throws(Failure) {
      self.path = path
      // A mark of UTF-8 that some programs write in front.
      let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
      records = CSV(bytes[(hasMark ? 3 : 0)...], separator: UInt8(ascii: ","))
      let header: CSV.Record?
      do throws(CSVError) {
        header = try records.next()
      } catch {
        throw Failure(file: path, line: error.line, reason: "expected \(error.expected)")
      }
      guard let header else {
        throw Failure(file: path, line: 1, reason: "is empty: a header kind,value,label is needed")
      }
      let names = header.cells.map { $0.text.lowercased() }
      guard let kind = names.firstIndex(of: "kind"), let value = names.firstIndex(of: "value")
      else {
        throw Failure(
          file: path, line: header.line, reason: "no header kind,value,label[,class]")
      }
      columns = (kind, value, names.firstIndex(of: "label"), names.firstIndex(of: "class"))
    }

    /// The next line; nil at the end. After a failure the line after it comes.
    mutating func next() throws(Failure) -> Entry? {
      let record: CSV.Record?
      do throws(CSVError) {
        record = try records.next()
      } catch {
        throw Failure(file: path, line: error.line, reason: "expected \(error.expected)")
      }
      guard let record else { return nil }
      func fail(_ reason: String) -> Failure {
        Failure(file: path, line: record.line, reason: reason)
      }
      func cell(_ column: Int?) -> ArraySlice<UInt8> {
        guard let column, column < record.cells.count else { return [] }
        return record.cells[column]
      }
      guard columns.value < record.cells.count else {
        throw fail("has \(record.cells.count) columns: kind, value and label are needed")
      }
      let name = cell(columns.kind).text.lowercased()
      guard let kind = WatchFile.kinds[name] else {
        throw fail("'\(WatchFile.excerpt(name))' is no kind of personal data")
      }
      let className = cell(columns.watchClass).text.lowercased()
      guard let watchClass = WatchClass.allCases.first(where: { "\($0.name)" == className }) else {
        throw fail("class '\(WatchFile.excerpt(className))' is neither protected nor withdrawn")
      }
      let value = cell(columns.value)
      let label = cell(columns.label).prefix(256)
      if let code = try WatchFile.code(value, fail) {
        return Entry(
          line: record.line, kind: kind, value: .code(code), label: label, watchClass: watchClass)
      }
      return Entry(
        line: record.line, kind: kind, value: .clear(value), label: label, watchClass: watchClass)
    }
  }

  static let kinds: [String: IdentifierKind] = Dictionary(
    uniqueKeysWithValues: IdentifierKind.allCases.map { ("\($0.name)", $0) })

  private static let codePrefix = Array("hmac-sha256:".utf8)

  private static func code(
    _ value: ArraySlice<UInt8>, _ fail: (String) -> Failure
  ) throws(Failure) -> WatchCode? {
    guard value.count >= codePrefix.count,
      value.prefix(codePrefix.count).map({ $0 | 0x20 }).elementsEqual(codePrefix.map { $0 | 0x20 })
    else { return nil }
    let digits = Array(value.dropFirst(codePrefix.count))
    guard digits.count == 64, digits.allSatisfy({ $0.hexDigitValue != nil }) else {
      throw fail("hmac-sha256: wants 64 hexadecimal digits")
    }
    var words: [UInt64] = []
    for start in stride(from: 0, to: 64, by: 16) {
      words.append(digits[start..<start + 16].reduce(0) { $0 << 4 | UInt64($1.hexDigitValue ?? 0) })
    }
    return WatchCode(words[0], words[1], words[2], words[3])
  }

  /// A list may be in the wrong file: what stands where a kind should is not repeated at length.
  private static func excerpt(_ text: String) -> String {
    let clean = text.unicodeScalars.prefix(24).map { $0.value < 0x20 ? " " : String($0) }.joined()
    let digits = clean.utf8.filter { $0.isASCIIDigit }.count
    return digits > 3 ? "..." : clean
  }

  static func read(_ path: String) throws(Failure) -> [UInt8] {
    do throws(InputFile.Failure) {
      return try InputFile.contents(of: path)
    } catch {
      throw Failure(file: error.file, line: 0, reason: error.reason)
    }
  }
}
