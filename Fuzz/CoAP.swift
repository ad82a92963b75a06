@testable import InspectCore

/// A CoAP message: options come in order and lie inside, as does the payload.
let fuzzCoAP: @Sendable (RawSpan) -> Void = { input in
  guard let message = CoAPMessage(input) else { return }
  require(message.payload.isInside(input), "payload outside of its message")
  var options = message.options
  var number = 0
  var values = 0
  while let option = options.next() {
    require(option.value.isInside(input), "an option outside of its message")
    require(option.number >= number, "options go back")
    number = option.number
    values += 1 + option.value.byteCount
    require(values <= input.byteCount, "more options than bytes")
  }
  require(options.isWhole, "an option was cut after all")
  var text = ByteBuffer(limit: 1 << 16)
  message.appendURI(to: &text)
  require(text.count <= values, "a URI longer than its options")
}
