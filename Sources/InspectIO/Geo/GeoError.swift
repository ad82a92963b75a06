/// Why a geolocation database could not be read or made. Each names the file or program.
public enum GeoError: Error, Equatable, Sendable {
  /// The operating system refused: missing, no permission, full disk.
  case system(file: String, doing: String, reason: String)
  /// The file is something else.
  case notADatabase(file: String, reason: String)
  /// The file is of the right kind, but cut or changed.
  case damaged(file: String, reason: String)
  /// What a build needs is not below the folder.
  case sourceMissing(folder: String, name: String)
  /// A program that a build runs is missing or failed.
  case program(String, reason: String)
  /// The data does not fit the format.
  case tooLarge(reason: String)

  /// One line for people.
  public var message: String {
    switch self {
    case .system(let file, let doing, let reason): "\(file): cannot \(doing): \(reason)"
    case .notADatabase(let file, let reason): "\(file): not a geolocation database: \(reason)"
    case .damaged(let file, let reason): "\(file): damaged: \(reason)"
    case .sourceMissing(let folder, let name): "\(folder): no file \(name) here or below"
    case .program(let name, let reason): "\(name): \(reason)"
    case .tooLarge(let reason): "too large for a MaxMind DB file: \(reason)"
    }
  }
}
