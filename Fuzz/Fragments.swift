@testable import InspectCore

/// Fragments of a few packets in any order: a whole packet is what a simple array makes of them
/// (first wins), and the table keeps its bounds.
let fuzzFragments: @Sendable (RawSpan) -> Void = { input in
  var input = input
  var limits = FragmentTable.Limits()
  limits.packets = 4
  limits.bytes = 1 << 14
  var table = FragmentTable(limits: limits, function: SipHash13(key0: 1, key1: 2))
  var models: [Int: [Int: UInt8]] = [:]
  var time = Timestamp(nanoseconds: 0)
  while !input.isEmpty {
    let control = input.takeByte()
    let number = control & 7
    let offset = input.takeByte() * 8
    let isLast = control & 8 != 0
    let bytes = input.take(isLast ? input.takeByte() & 63 : (input.takeByte() & 15) * 8)
    if control & 0xf0 == 0xf0 { time = time.advanced(byNanoseconds: 20_000_000_000) }
    let key = FragmentTable.Key(
      source: IPAddress(ipv4: 1), destination: IPAddress(ipv4: 2),
      identification: UInt32(number), protocolNumber: 17, vlans: VLANStack(), tunnelDepth: 0)
    let abandoned = table.abandoned
    let outcome = table.add(bytes, at: offset, moreFragments: !isLast, of: key, time: time)
    // What was given up begins anew; which one that was is the table's to say.
    if table.abandoned != abandoned {
      models = [:]
      table = FragmentTable(limits: limits, function: SipHash13(key0: 1, key1: 2))
      continue
    }
    if outcome != .dropped {
      for index in bytes.byteOffsets {
        let position = offset + index
        if models[number]?[position] == nil {
          models[number, default: [:]][position] = bytes[index]
        }
      }
    }
    if case .complete(let place) = outcome {
      let whole = table[place].array
      let model = models.removeValue(forKey: number) ?? [:]
      require(whole.count == model.count, "a packet of \(whole.count), not \(model.count) bytes")
      for (position, byte) in whole.enumerated() {
        require(model[position] == byte, "another byte at \(position)")
      }
      table.release(place)
    }
    require(table.count <= limits.packets, "too many packets")
    require(table.byteCount <= limits.bytes + limits.packetBytes, "too many bytes")
  }
}
