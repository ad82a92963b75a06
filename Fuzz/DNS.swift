import InspectCore

/// A DNS message, all of it: names end, records lie inside.
let fuzzDNS: @Sendable (RawSpan) -> Void = { input in
  _ = DNSMessage.isPlausible(input)
  guard let message = try? DNSMessage(input) else { return }
  var text = ByteBuffer(limit: 1 << 16)
  var questions = message.questions
  while let question = questions.next() {
    require(question.endOffset <= input.byteCount, "a question outside of its message")
    walk(question.name, &text)
  }
  for records in 0..<3 {
    var records =
      records == 0 ? message.answers : records == 1 ? message.authorities : message.additionals
    var count = 0
    while let record = records.next() {
      count += 1
      require(record.endOffset <= input.byteCount, "a record outside of its message")
      require(record.rawData.isInside(input), "data outside of its message")
      walk(record.name, &text)
      text.removeAll()
      record.data.append(to: &text)
    }
    require(count <= input.byteCount / 11, "more records than there is room for")
  }
  if let options = message.options { _ = options.value(8) }
}

private func walk(_ name: DNSName, _ text: inout ByteBuffer) {
  var labels = name.labels
  var count = 0
  while let label = labels.next() {
    count += 1
    require(label.byteCount <= 63, "a label of \(label.byteCount)")
  }
  require(count <= 128, "\(count) labels")
  text.removeAll()
  _ = name.append(to: &text, lowercased: true)
  require(text.count <= DNSName.Limit.textByteCount, "a name too long")
  require(name.equals(name), "a name is not itself")
}
