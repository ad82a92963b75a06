/// What a run was made with: what somebody needs to repeat it, and to check its result.
public struct RunDescription: Decodable, Sendable {
  public struct Capture: Decodable, Sendable {
    public var file: String
    public var bytes: UInt64?
    /// Of the file as it lies on the disk; only where a report or evidence was asked for.
    public var sha256: String?
  }

  public struct Database: Decodable, Sendable {
    public var type: String
    /// The day it was made.
    public var built: String
    public var attribution: String?
  }

  public var version: String
  public var captures: [Capture]
  public var databases: [Database]
  /// Whose law is the origin of transfers.
  public var home: String
  public var policy_as_of: String
  /// The file that changed the built-in policy.
  public var policy_file: String?
  public var unlock_logs: Int

  public init(
    version: String, captures: [Capture], databases: [Database], home: String, policyAsOf: String,
    policyFile: String?, unlockLogs: Int
  ) {
    self.version = version
    self.captures = captures
    self.databases = databases
    self.home = home
    policy_as_of = policyAsOf
    policy_file = policyFile
    unlock_logs = unlockLogs
  }
}

extension JSONWriter {
  mutating func writeRun(_ run: RunDescription) {
    beginObject("run")
    field("version", run.version)
    beginArray("captures")
    for capture in run.captures {
      beginObject()
      field("file", capture.file)
      if let bytes = capture.bytes { field("bytes", bytes) }
      if let digest = capture.sha256 { field("sha256", digest) }
      endObject()
    }
    endArray()
    beginArray("databases")
    for database in run.databases {
      beginObject()
      field("type", database.type)
      field("built", database.built)
      if let attribution = database.attribution { field("attribution", attribution) }
      endObject()
    }
    endArray()
    field("home", run.home)
    field("policy_as_of", run.policy_as_of)
    if let file = run.policy_file { field("policy_file", file) }
    field("unlock_logs", run.unlock_logs)
    endObject()
  }
}
