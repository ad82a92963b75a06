/// HTML, written from its beginning to its end; every text is escaped.
struct HTMLText {
  private(set) var text = ""

  /// Markup of our own.
  mutating func raw(_ markup: String) { text += markup }

  /// A sender's or a user's text.
  mutating func plain(_ content: String) { text += HTMLText.escaped(content) }

  /// An element with markup inside.
  mutating func element(
    _ name: String, class style: String? = nil, _ content: (inout HTMLText) -> Void
  ) {
    text += style.map { "<\(name) class=\"\($0)\">" } ?? "<\(name)>"
    content(&self)
    text += "</\(name)>\n"
  }

  /// An element with nothing but text inside.
  mutating func element(_ name: String, class style: String? = nil, text content: String) {
    element(name, class: style) { $0.plain(content) }
  }

  static func escaped(_ content: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(content.utf8.count)
    for scalar in content.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      // What would turn the direction of the text round it, or is no character at all.
      case "\u{0}"..."\u{8}", "\u{b}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{202a}"..."\u{202e}",
        "\u{2066}"..."\u{2069}":
        escaped += "\u{fffd}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
