/// The program's version, as `--version` and the events of a run say it.
public enum Version {
  public static let text = "0.1.0"
}
