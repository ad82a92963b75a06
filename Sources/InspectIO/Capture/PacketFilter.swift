import CPcap
import InspectCore

/// A capture filter in the syntax of pcap-filter(7), compiled by libpcap for each link type.
public final class PacketFilter {
  /// Why libpcap does not take the expression.
  public struct SyntaxError: Error, CustomStringConvertible, Sendable {
    public let expression: String
    public let reason: String
    public var description: String { "filter '\(expression)': \(reason)" }
  }

  private struct Program {
    let linkType: LinkType
    /// nil: the expression makes no sense for this link type, so nothing passes.
    var code: bpf_program?
  }

  private let expression: String
  private var programs: [Program] = []

  /// Compiles for Ethernet at once, so that a mistake shows before any packet.
  public init(_ expression: String) throws(SyntaxError) {
    self.expression = expression
    programs = []
    let code = try PacketFilter.compile(expression, linkType: 1)
    programs.append(Program(linkType: .ethernet, code: code))
  }

  deinit {
    for var program in programs where program.code != nil { pcap_freecode(&program.code!) }
  }

  private static func compile(
    _ expression: String, linkType: Int32
  ) throws(SyntaxError) -> bpf_program {
    guard let handle = pcap_open_dead(linkType, 262_144) else {
      throw SyntaxError(expression: expression, reason: "libpcap cannot start")
    }
    defer { pcap_close(handle) }
    var code = bpf_program()
    guard pcap_compile(handle, &code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
      throw SyntaxError(expression: expression, reason: String(cString: pcap_geterr(handle)))
    }
    return code
  }

  /// Whether the packet passes.
  public func passes(_ packet: borrowing CapturedPacket) -> Bool {
    guard var code = program(for: packet.linkType) else { return false }
    var header = pcap_pkthdr()
    header.caplen = UInt32(clamping: packet.bytes.byteCount)
    header.len = UInt32(clamping: packet.originalByteCount)
    return packet.bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      return pcap_offline_filter(&code, &header, start.assumingMemoryBound(to: UInt8.self)) != 0
    }
  }

  private func program(for linkType: LinkType) -> bpf_program? {
    if let known = programs.first(where: { $0.linkType == linkType }) { return known.code }
    let code = try? PacketFilter.compile(expression, linkType: linkType.dataLinkType)
    programs.append(Program(linkType: linkType, code: code))
    return code
  }
}

extension LinkType {
  /// libpcap's number of the same on this system: that of files, but for two.
  var dataLinkType: Int32 {
    switch self {
    case .llc: 11
    case .raw: 12
    default: Int32(truncatingIfNeeded: rawValue)
    }
  }
}
