import Benchmark
import InspectCore

func httpBenchmarks() {
  let request = """
    GET /images/thumbnail?id=31337&size=small HTTP/1.1\r
    Host: images.example.org\r
    User-Agent: Dalvik/2.1.0 (Linux; U; Android 9; Nokia 7 plus Build/PPR1.180610.011)\r
    Accept: image/webp,image/apng,*/*;q=0.8\r
    Accept-Encoding: gzip, deflate\r
    Accept-Language: de-DE,de;q=0.9,en;q=0.8\r
    Cookie: session=0123456789abcdef0123456789abcdef\r
    Connection: keep-alive\r
    \r\n
    """
  let messages = 20_000
  let requests = repeated(request, messages)
  benchmark("HTTP: pipelined requests, whole", requests, .toServer, pieces: .max, messages)
  benchmark("HTTP: pipelined requests, in segments", requests, .toServer, pieces: 1448, messages)

  let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
  let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  let response = head + String(repeating: chunk, count: 8) + "0\r\n\r\n"
  benchmark(
    "HTTP: chunked responses, in segments", repeated(response, 1000), .toClient, pieces: 1448, 1000)
}

private func repeated(_ text: String, _ count: Int) -> [UInt8] {
  Array(repeatElement(Array(text.utf8), count: count).joined())
}

/// Registers a benchmark of one direction, given in pieces of so many bytes.
private func benchmark(
  _ name: String, _ stream: [UInt8], _ direction: Direction, pieces: Int, _ messages: Int
) {
  Benchmark(name) { benchmark in
    var conversation = HTTPConversation()
    var counter = MessageCounter()
    let time = Timestamp(nanoseconds: 0)
    benchmark.measure(stream.count) {
      let bytes = stream.span.bytes
      var offset = 0
      while offset < bytes.byteCount {
        let end = offset + min(pieces, bytes.byteCount - offset)
        _ = conversation.consume(
          bytes.extracting(offset..<end), direction, at: time, handler: &counter)
        offset = end
      }
    }
    precondition(counter.ends == messages, "\(name): \(counter.ends) messages")
  }
}
