/// A packet that a client of MQTT sends, in clear (OASIS, MQTT 3.1.1 §2 and §3, MQTT 5.0 §2 and §3;
/// 3.1 differs in its name only).
///
///     10 1E  00 04 MQTT 04 C2 00 3C  00 03 t-1  00 04 anna  00 09 hemmelig1
///     30 0E  00 08 dev/imei  490154
struct MQTTPacket {
  enum Kind: UInt8 {
    case connect = 1
    case publish = 3
    case subscribe = 8
    case unsubscribe = 10
    /// What a client sends beside these: nothing is in it.
    case other = 0
  }

  let kind: Kind
  /// The low half of the first byte.
  let flags: UInt8
  /// What follows the fixed header, as far as it is there.
  let body: Range<Int>
  /// Where the packet ends; beyond `bytes` when it is cut off.
  let end: Int

  /// The packet that begins at `start`; nil when none does.
  init?(_ bytes: RawSpan, at start: Int) {
    guard start &+ 2 <= bytes.byteCount else { return nil }
    flags = bytes[start] & 15
    // Each type but PUBLISH has one value of its flags (§2.2.2).
    switch (bytes[start] >> 4, flags) {
    case (1, 0): kind = .connect
    case (3, let flags) where flags & 6 != 6: kind = .publish
    case (8, 2): kind = .subscribe
    case (10, 2): kind = .unsubscribe
    case (4, 0), (5, 0), (6, 2), (7, 0), (12, 0), (14, 0), (15, 0): kind = .other
    default: return nil
    }
    guard let (count, first) = MQTTPacket.number(bytes, at: start &+ 1) else { return nil }
    end = first &+ count
    body = first..<min(end, bytes.byteCount)
  }

  /// A number of one to four bytes, seven bits in each, the lowest first (§2.2.3), and where it ends.
  static func number(_ bytes: RawSpan, at start: Int) -> (value: Int, end: Int)? {
    var value = 0
    for place in 0..<4 {
      guard start &+ place < bytes.byteCount else { return nil }
      let byte = bytes[start &+ place]
      value |= Int(byte & 0x7F) << (7 &* place)
      if byte & 0x80 == 0 { return (value, start &+ place &+ 1) }
    }
    return nil
  }

  /// Whether a client speaks MQTT: it connects, or all of what it says is packets of which one
  /// publishes or subscribes, as in a connection that was open before.
  static func begins(_ bytes: RawSpan) -> Bool {
    guard let first = MQTTPacket(bytes, at: 0) else { return false }
    if first.kind == .connect { return MQTTConnect(bytes, first.body) != nil }
    var isTelling = false
    var position = 0
    while position < bytes.byteCount {
      guard let packet = MQTTPacket(bytes, at: position), packet.end <= bytes.byteCount,
        packet.end > position
      else { return false }
      switch packet.kind {
      case .publish:
        guard let topic = packet.topic(bytes), isTopic(bytes.extracting(topic)) else {
          return false
        }
        isTelling = true
      case .subscribe, .unsubscribe, .connect: return isTelling
      case .other: guard packet.body.count <= 64 else { return false }
      }
      position = packet.end
    }
    return isTelling
  }

  /// The name under which a message is published.
  func topic(_ bytes: RawSpan) -> Range<Int>? {
    MQTTFields(bytes, body).string(at: body.lowerBound)
  }

  /// Text without wildcards (§4.7): two characters and more, as nobody names a topic with less.
  private static func isTopic(_ name: RawSpan) -> Bool {
    name.byteCount >= 2 && ByteScan.isPrintable(name) && name.firstOffset(of: 0x23) == nil
      && name.firstOffset(of: 0x2B) == nil
  }
}

/// Strings of MQTT: two bytes that say how long, then the bytes (§1.5.3, §1.5.6).
struct MQTTFields: ~Escapable {
  private let bytes: RawSpan
  private let end: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ body: Range<Int>) {
    self.bytes = bytes
    end = body.upperBound
  }

  /// Nil when it is cut off.
  func string(at start: Int) -> Range<Int>? {
    guard start >= 0, start &+ 2 <= end else { return nil }
    let first = start &+ 2
    let count = Int(bytes.load(start, as: UInt16.self))
    return first &+ count <= end ? first..<(first &+ count) : nil
  }

  /// Where the properties end that begin at `start`, with their length first (MQTT 5.0 §2.2.2); nil
  /// when these are none. `take` is shown each user property.
  func properties(
    at start: Int, _ take: (_ name: Range<Int>, _ value: Range<Int>) -> Void = { _, _ in }
  ) -> Int? {
    guard let (count, first) = MQTTPacket.number(bytes, at: start), first &+ count <= end else {
      return nil
    }
    let last = first &+ count
    var position = first
    while position < last {
      let identifier = bytes[position]
      position &+= 1
      switch identifier {
      case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A: position &+= 1
      case 0x13, 0x21, 0x22, 0x23: position &+= 2
      case 0x02, 0x11, 0x18, 0x27: position &+= 4
      case 0x0B:
        guard let number = MQTTPacket.number(bytes, at: position) else { return nil }
        position = number.end
      case 0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F:
        guard let text = string(at: position) else { return nil }
        position = text.upperBound
      case 0x26:
        guard let name = string(at: position), let value = string(at: name.upperBound) else {
          return nil
        }
        take(name, value)
        position = value.upperBound
      default: return nil
      }
    }
    return position == last ? last : nil
  }
}

/// What a client says of itself when it connects (MQTT 3.1.1 §3.1, 5.0 §3.1).
struct MQTTConnect {
  /// 3 for MQTT 3.1, 4 for 3.1.1, 5.
  let version: UInt8
  private let flags: UInt8
  /// Behind the time to keep alive.
  private let rest: Int

  init?(_ bytes: RawSpan, _ body: Range<Int>) {
    guard let name = MQTTFields(bytes, body).string(at: body.lowerBound),
      name.upperBound &+ 4 <= body.upperBound
    else { return nil }
    let level = bytes[name.upperBound]
    let isNamed = bytes.extracting(name).hasBytes("MQTT") && name.count == 4
    let isOld = bytes.extracting(name).hasBytes("MQIsdp") && name.count == 6
    // A bridge sets the highest bit (mosquitto).
    version = level & 0x7F
    flags = bytes[name.upperBound &+ 1]
    rest = name.upperBound &+ 4
    guard isNamed && (version == 4 || version == 5) || isOld && version == 3, flags & 1 == 0 else {
      return nil
    }
  }

  private var hasWill: Bool { flags & 4 != 0 }
  private var hasPassword: Bool { flags & 0x40 != 0 }
  private var hasUser: Bool { flags & 0x80 != 0 }

  /// Where the fields are; those that are cut off, and all behind them, are not there.
  struct Fields {
    /// The user properties, with their length in front.
    var properties: Range<Int>?
    var client: Range<Int>?
    var topic: Range<Int>?
    var will: Range<Int>?
    var user: Range<Int>?
    var password: Range<Int>?
    /// Whether there is one, if only cut off.
    var hasPassword = false
  }

  func fields(_ bytes: RawSpan, _ body: Range<Int>) -> Fields {
    var found = Fields()
    found.hasPassword = hasPassword
    let reader = MQTTFields(bytes, body)
    var position = rest
    if version == 5 {
      guard let end = reader.properties(at: position) else { return found }
      found.properties = position..<end
      position = end
    }
    guard let client = reader.string(at: position) else { return found }
    found.client = client
    position = client.upperBound
    if hasWill {
      if version == 5 {
        guard let end = reader.properties(at: position) else { return found }
        position = end
      }
      guard let topic = reader.string(at: position), let will = reader.string(at: topic.upperBound)
      else { return found }
      found.topic = topic
      found.will = will
      position = will.upperBound
    }
    if hasUser {
      guard let user = reader.string(at: position) else { return found }
      found.user = user
      position = user.upperBound
    }
    if hasPassword { found.password = reader.string(at: position) }
    return found
  }
}

extension Finder {
  /// Looks at the packets of a client of MQTT. What is no packet any more is looked at as it is.
  mutating func walkMQTT(_ bytes: RawSpan, at start: Int, depth: Int) {
    facts.layers = max(facts.layers, depth)
    let outside = path.count
    appendToPath("mqtt:")
    let inside = path.count
    var position = 0
    // Of a connection that was open before it is not known; properties are told by their form then.
    var version: UInt8?
    while position < bytes.byteCount, countNode() {
      guard let packet = MQTTPacket(bytes, at: position) else { break }
      switch packet.kind {
      case .connect:
        guard let connect = MQTTConnect(bytes, packet.body) else { break }
        version = connect.version
        connected(connect.fields(bytes, packet.body), in: bytes, at: start, inside, depth)
      case .publish: published(packet, version, in: bytes, at: start, inside, depth)
      case .subscribe, .unsubscribe:
        subscribed(packet, version, in: bytes, at: start, inside, depth)
      case .other: break
      }
      path.truncate(to: inside)
      position = min(packet.end, bytes.byteCount)
    }
    path.truncate(to: outside)
    guard position < bytes.byteCount else { return }
    visit(
      bytes.extracting(droppingFirst: position), at: start &+ position, key: RawSpan(), depth: 0)
  }

  private mutating func connected(
    _ fields: MQTTConnect.Fields, in bytes: RawSpan, at start: Int, _ inside: Int, _ depth: Int
  ) {
    if let properties = fields.properties {
      mqttProperties(properties, in: bytes, at: start, inside, depth)
    }
    if let client = fields.client, !client.isEmpty {
      // Devices name themselves by what they have: IMEI, serial number, hardware address.
      path.append("client")
      let meaning = KeyMeaning(group: .device, isStrong: false)
      let name = bytes.extracting(client)
      visit(name, at: start &+ client.lowerBound, key: RawSpan(), meaning: meaning, depth: depth)
      path.truncate(to: inside)
    }
    if let topic = fields.topic {
      mqttTopic(topic, in: bytes, at: start, inside, depth)
      if let will = fields.will { mqttPayload(will, topic, in: bytes, at: start, inside, depth) }
    }
    if let user = fields.user, !user.isEmpty {
      path.append("user")
      let name = bytes.extracting(user)
      let isAlone = !fields.hasPassword || fields.password?.isEmpty ?? false
      if isAlone, LoginLine.isSecret(name) {
        // A token alone: who has it is let in.
        let detection = Detection(.credentials, .medium, as: .verbatim)
        note(detection, name, at: start &+ user.lowerBound, key: RawSpan())
      }
      visit(name, at: start &+ user.lowerBound, key: RawSpan(), depth: depth)
      path.truncate(to: inside)
    }
    if let password = fields.password, LoginLine.isSecret(bytes.extracting(password)) {
      path.append("password")
      let detection = Detection(.credentials, .high, as: .verbatim)
      note(detection, bytes.extracting(password), at: start &+ password.lowerBound, key: RawSpan())
      path.truncate(to: inside)
    }
  }

  private mutating func mqttProperties(
    _ properties: Range<Int>, in bytes: RawSpan, at start: Int, _ inside: Int, _ depth: Int
  ) {
    var pairs = InlineArray<8, (name: Range<Int>, value: Range<Int>)>(repeating: (0..<0, 0..<0))
    var count = 0
    _ = MQTTFields(bytes, properties).properties(at: properties.lowerBound) { name, value in
      guard count < pairs.count else { return }
      pairs[count] = (name, value)
      count &+= 1
    }
    for index in 0..<count {
      let (name, value) = pairs[index]
      let key = bytes.extracting(name)
      appendToPath(key)
      visit(bytes.extracting(value), at: start &+ value.lowerBound, key: key, depth: depth)
      path.truncate(to: inside)
    }
  }

  private mutating func published(
    _ packet: MQTTPacket, _ version: UInt8?, in bytes: RawSpan, at start: Int, _ inside: Int,
    _ depth: Int
  ) {
    guard let topic = packet.topic(bytes) else { return }
    mqttTopic(topic, in: bytes, at: start, inside, depth)
    // A message that somebody acknowledges has a number.
    var first = topic.upperBound &+ (packet.flags & 6 == 0 ? 0 : 2)
    if version == nil || version == 5,
      let end = MQTTFields(bytes, packet.body).properties(at: first)
    {
      first = end
    }
    guard first < packet.body.upperBound else { return }
    mqttPayload(first..<packet.body.upperBound, topic, in: bytes, at: start, inside, depth)
  }

  private mutating func subscribed(
    _ packet: MQTTPacket, _ version: UInt8?, in bytes: RawSpan, at start: Int, _ inside: Int,
    _ depth: Int
  ) {
    let reader = MQTTFields(bytes, packet.body)
    var position = packet.body.lowerBound &+ 2
    // Of an unknown version there are properties where no topic begins.
    let isOld = reader.string(at: position).map { $0.count > 1 } ?? false
    if version == 5 || version == nil && !isOld, let end = reader.properties(at: position) {
      position = end
    }
    while let topic = reader.string(at: position), countNode() {
      mqttTopic(topic, in: bytes, at: start, inside, depth)
      position = topic.upperBound &+ (packet.kind == .subscribe ? 1 : 0)
    }
  }

  /// The levels of a topic, each with the one before it as its name, as in a URL's path.
  private mutating func mqttTopic(
    _ topic: Range<Int>, in bytes: RawSpan, at start: Int, _ inside: Int, _ depth: Int
  ) {
    path.append("topic")
    walkSegments(bytes.extracting(topic), at: start &+ topic.lowerBound, depth: depth)
    path.truncate(to: inside)
  }

  /// What is published has the name of its topic's last level.
  private mutating func mqttPayload(
    _ payload: Range<Int>, _ topic: Range<Int>, in bytes: RawSpan, at start: Int, _ inside: Int,
    _ depth: Int
  ) {
    var first = topic.upperBound
    while first > topic.lowerBound, bytes[first &- 1] != 0x2F { first &-= 1 }
    path.append("payload")
    visit(
      bytes.extracting(payload), at: start &+ payload.lowerBound,
      key: bytes.extracting(first..<topic.upperBound), depth: depth)
    path.truncate(to: inside)
  }
}
