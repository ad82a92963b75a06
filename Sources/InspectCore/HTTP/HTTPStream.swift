/// One direction of a conversation.
///
/// A head that lies whole in the bytes given is read where it is. One that does not is put together
/// in `buffer`. Everything decided here depends on the bytes alone, not on how they were cut.
struct HTTPStream: ~Copyable {
  enum State {
    /// Between two messages; `buffer` is empty.
    case start
    /// Inside a head, whose beginning is in `buffer`.
    case head
    case fixed(remaining: Int)
    case chunked(HTTPChunkedBody)
    case untilClose
    /// The request asked for `100 Continue` and was refused: its body, or another request.
    case refused(remaining: Int)
    /// After CONNECT, before its answer.
    case connecting
    /// Looking for a start line; `buffer` has the beginning of a line, or its last part.
    case searching
    case tunnel, notHTTP, closed
  }

  let direction: Direction
  let limits: HTTPLimits
  private let searchLimit: Int
  private(set) var state = State.start
  private(set) var buffer: ByteBuffer
  /// Where in `buffer` the current line of a head begins.
  private var lineStart = 0
  private var isLineCut = false
  private var isStartLineCut = false
  private var startedAt = Timestamp(nanoseconds: 0)
  private var searchedByteCount = 0
  private var hasHadMessage = false

  init(_ direction: Direction, _ limits: HTTPLimits) {
    self.direction = direction
    self.limits = limits
    searchLimit = max(limits.resynchronizationByteCount, limits.headByteCount + HTTPStream.slack)
    buffer = ByteBuffer(
      limit: max(limits.headByteCount + HTTPStream.slack, 2 * limits.lineByteCount))
  }

  /// Room beyond the limit of a head: for the end of the line that crosses it, and for framing.
  static var slack: Int { 5 * lineSlack }
  private static var lineSlack: Int { 256 }

  mutating func reset() {
    clear()
    state = .start
    startedAt = Timestamp(nanoseconds: 0)
    searchedByteCount = 0
    hasHadMessage = false
  }

  private mutating func clear() {
    buffer.removeAll()
    lineStart = 0
    isLineCut = false
    isStartLineCut = false
  }

  mutating func consume<Handler: HTTPHandler & ~Copyable>(
    _ bytes: RawSpan, at: Timestamp, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) -> HTTPVerdict {
    var cursor = 0
    if !bytes.isEmpty { leaveWaiting(&pairing) }
    while true {
      switch state {
      case .tunnel: return .tunnel(offset: cursor)
      case .notHTTP, .closed: return .notHTTP(offset: cursor)
      default: break
      }
      guard cursor < bytes.byteCount else { return .more }
      switch state {
      case .start: start(bytes, &cursor, at, &pairing, &handler)
      case .head: accumulate(bytes, &cursor, at, &pairing, &handler)
      case .fixed(let remaining): fixed(remaining, bytes, &cursor, at, &pairing, &handler)
      case .chunked(let body): chunked(body, bytes, &cursor, at, &pairing, &handler)
      case .untilClose:
        handler.body(bytes.extracting(droppingFirst: cursor), of: direction)
        cursor = bytes.byteCount
      case .refused(let remaining): refused(remaining, bytes, &cursor, at, &pairing, &handler)
      case .searching: search(bytes, &cursor, at, &pairing, &handler)
      case .connecting, .tunnel, .notHTTP, .closed: state = .tunnel
      }
    }
  }

  /// What the other direction has said since the last bytes.
  private mutating func leaveWaiting(_ pairing: inout HTTPPairing) {
    guard direction == .toServer else { return }
    switch state {
    case .connecting: state = pairing.connect == .refused ? .start : .tunnel
    case .start, .head, .searching: if pairing.isSwitched { state = .tunnel }
    case .fixed(let remaining):
      guard let number = pairing.awaitsContinue else { break }
      pairing.awaitsContinue = nil
      if let answer = pairing.lastAnswer, answer.number == number, answer.status >= 300 {
        state = .refused(remaining: remaining)
      }
    default: break
    }
  }
}

// MARK: Heads

extension HTTPStream {
  private mutating func start<Handler: HTTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    if direction == .toServer, pairing.isSwitched {
      state = .tunnel
      return
    }
    let isRawPossible = direction == .toClient && pairing.front?.isSimple == true
    if !isRawPossible {
      // Empty lines before a message are let pass (RFC 9112 §2.2).
      while cursor < bytes.byteCount,
        bytes[cursor] == .lineFeed || bytes[cursor] == .carriageReturn
      {
        cursor += 1
      }
      guard cursor < bytes.byteCount else { return }
    }
    startedAt = at
    let window = bytes.extracting(droppingFirst: cursor)
    guard let lineEnd = ByteScan.firstOffset(of: .lineFeed, in: window),
      lineEnd < limits.headByteCount
    else {
      state = .head
      return
    }
    guard let line = startLine(window.extracting(first: lineEnd + 1), isCut: false) else {
      unexpected(first: window[0], &pairing, &handler)
      return
    }
    var index = HTTPFieldIndex()
    var headByteCount = lineEnd + 1
    if !line.isSimple {
      let section = window.extracting(
        headByteCount..<min(window.byteCount, limits.headByteCount))
      index = HTTPFieldIndex(section, limits: limits)
      guard let sectionByteCount = index.sectionByteCount else {
        state = .head
        return
      }
      headByteCount += sectionByteCount
    }
    state = deliver(
      window.extracting(first: headByteCount), line, index, fieldsStart: lineEnd + 1,
      isTruncated: false, at, &pairing, &handler)
    cursor += headByteCount
    begun(&pairing)
  }

  enum StartLine {
    case request(HTTPRequestLine)
    case status(HTTPStatusLine)

    var isSimple: Bool {
      if case .request(let line) = self { line.isSimple } else { false }
    }
  }

  /// The line that a message can begin with, if this is one.
  private func startLine(_ line: RawSpan, isCut: Bool) -> StartLine? {
    switch direction {
    case .toServer: HTTPRequestLine(line, isCut: isCut).map { .request($0) }
    case .toClient: HTTPStatusLine(line).map { .status($0) }
    }
  }

  private func isPlausible(_ prefix: RawSpan) -> Bool {
    direction == .toServer
      ? HTTPRequestLine.isPlausible(prefix) : HTTPStatusLine.isPlausible(prefix)
  }

  /// A message's head has been given out.
  private mutating func begun(_ pairing: inout HTTPPairing) {
    hasHadMessage = true
    searchedByteCount = 0
    if direction == .toClient { pairing.areResponsesLost = false }
  }

  /// Takes the bytes of a head that does not lie whole in them, line by line.
  private mutating func accumulate<Handler: HTTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    while cursor < bytes.byteCount {
      let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: bytes, from: cursor)
      let end = lineFeed.map { $0 + 1 } ?? bytes.byteCount
      // A method is at most 32 bytes, a version 8: after 64 the beginning is judged.
      let isYoung = lineStart == 0 && buffer.count < 64
      take(bytes.extracting(cursor..<end), hasLineEnd: lineFeed != nil)
      cursor = end
      let first = buffer.bytes[0]
      if isYoung, !isPlausible(buffer.bytes) {
        unexpected(first: first, &pairing, &handler)
        return
      }
      guard lineFeed != nil else { return }
      if lineStart == 0 {
        isStartLineCut = isLineCut
        guard let line = startLine(buffer.bytes, isCut: isLineCut) else {
          unexpected(first: first, &pairing, &handler)
          return
        }
        nextLine()
        if !line.isSimple { continue }
      } else if !endsWithEmptyLine {
        nextLine()
        continue
      }
      state = deliverHeld(isTruncated: false, at, &pairing, &handler)
      clear()
      begun(&pairing)
      return
    }
  }

  private var endsWithEmptyLine: Bool {
    let line = buffer.bytes.extracting(droppingFirst: lineStart)
    return line.withoutLineEnd.isEmpty
  }

  /// Appends to the current line what the limits allow.
  private mutating func take(_ part: RawSpan, hasLineEnd: Bool) {
    let cap = max(limits.headByteCount, lineStart) + HTTPStream.lineSlack
    let room = max(cap - buffer.count, 0)
    let taken = buffer.append(part.extracting(first: min(part.byteCount, room)))
    guard taken < part.byteCount else { return }
    isLineCut = true
    if hasLineEnd { buffer.append(.lineFeed) }
  }

  /// Beyond the limit of a head only lines that matter to the framing are kept, as far as they fit.
  private mutating func nextLine() {
    if lineStart >= limits.headByteCount {
      let isKept = HTTPFieldIndex.isFraming(buffer.bytes.extracting(droppingFirst: lineStart))
      if !isKept || buffer.count > limits.headByteCount + 3 * HTTPStream.lineSlack {
        buffer.truncate(to: lineStart)
      }
    }
    lineStart = buffer.count
    isLineCut = false
  }
}

// MARK: Messages

extension HTTPStream {
  /// Gives the head in `buffer` out and says what follows it.
  private func deliverHeld<Handler: HTTPHandler & ~Copyable>(
    isTruncated: Bool, _ at: Timestamp, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) -> State {
    let head = buffer.bytes
    let end = ByteScan.firstOffset(of: .lineFeed, in: head).map { $0 + 1 } ?? head.byteCount
    guard let line = startLine(head.extracting(first: end), isCut: isStartLineCut) else {
      return .searching
    }
    let index = HTTPFieldIndex(head.extracting(droppingFirst: end), limits: limits)
    return deliver(
      head, line, index, fieldsStart: end, isTruncated: isTruncated, at, &pairing, &handler)
  }

  private func deliver<Handler: HTTPHandler & ~Copyable>(
    _ head: RawSpan, _ line: StartLine, _ index: HTTPFieldIndex, fieldsStart: Int,
    isTruncated: Bool, _ at: Timestamp, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) -> State {
    let section = HTTPSection(start: fieldsStart, limit: limits.fieldCount)
    var index = index
    if head.byteCount > limits.headByteCount { index.anomalies.insert(.headTooLong) }
    if fieldsStart > limits.lineByteCount { index.anomalies.insert(.lineTooLong) }
    switch line {
    case .request(let line):
      if line.hasWhitespaceInTarget { index.anomalies.insert(.whitespaceInTarget) }
      handler.request(
        HTTPRequestHead(
          head, line, index, section: section, number: pairing.upcomingNumber,
          isTruncated: isTruncated),
        at: startedAt)
      return afterRequest(line, index, isTruncated: isTruncated, at, &pairing, &handler)
    case .status(let line):
      handler.response(
        HTTPResponseHead(
          head, line, index, section: section, answers: pairing.front, isTruncated: isTruncated),
        at: startedAt)
      return afterResponse(line, index, isTruncated: isTruncated, at, &pairing, &handler)
    }
  }

  private func report<Handler: HTTPHandler & ~Copyable>(
    _ anomalies: HTTPAnomalies, _ handler: inout Handler
  ) {
    var anomalies = anomalies
    while let anomaly = anomalies.popFirst() { handler.anomaly(anomaly, direction) }
  }

  /// How a request's body is framed (RFC 9112 §6.3).
  private func afterRequest<Handler: HTTPHandler & ~Copyable>(
    _ line: HTTPRequestLine, _ index: HTTPFieldIndex, isTruncated: Bool, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) -> State {
    let number = pairing.upcomingNumber
    let hadForgotten = pairing.hasForgotten
    pairing.push(line.method, isSimple: line.isSimple)
    var anomalies = index.anomalies
    if pairing.hasForgotten, !hadForgotten { anomalies.insert(.tooManyOutstandingRequests) }
    report(anomalies, &handler)
    // The caller knows how a head ends that is not whole.
    if isTruncated { return .searching }
    pairing.upgrade = index.upgrade
    pairing.awaitsContinue = nil
    var next = State.start
    if line.method == .connect {
      next = .connecting
    } else if index.isChunked {
      return .chunked(.start)
    } else if let length = index.contentLength, length > 0 {
      if index.expectsContinue { pairing.awaitsContinue = number }
      return .fixed(remaining: length)
    } else if index.contentLength == nil, index.isLengthInvalid || index.hasTransferEncoding {
      handler.end(direction, outcome: .damaged, at: at)
      return .searching
    }
    handler.end(direction, outcome: .complete, at: at)
    return next
  }

  /// How a response's body is framed (RFC 9112 §6.3).
  private func afterResponse<Handler: HTTPHandler & ~Copyable>(
    _ line: HTTPStatusLine, _ index: HTTPFieldIndex, isTruncated: Bool, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) -> State {
    report(index.anomalies, &handler)
    if line.isInterim { return .start }
    let method = pairing.front?.method
    pairing.pop(status: line.status)
    if isTruncated { return .searching }
    let isSwitching = line.status == 101 || method == .connect && line.status / 100 == 2
    if isSwitching {
      pairing.isSwitched = true
    } else if method != .head, line.status != 204, line.status != 304 {
      if index.isChunked { return .chunked(.start) }
      guard let length = index.contentLength else { return .untilClose }
      if length > 0 { return .fixed(remaining: length) }
    }
    handler.end(direction, outcome: .complete, at: at)
    return isSwitching ? .tunnel : .start
  }

  /// Where a message should begin is something else, of which `buffer` may hold the beginning.
  private mutating func unexpected<Handler: HTTPHandler & ~Copyable>(
    first: UInt8, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    if direction == .toClient, let request = pairing.front, request.isSimple {
      rawResponse(to: request, &pairing, &handler)
    } else if direction == .toServer, pairing.upgrade != .none {
      state = .tunnel
    } else if hasHadMessage, !first.isPlainText {
      state = .notHTTP
    } else {
      handler.anomaly(.unexpectedBytes, direction)
      lose(&pairing)
      searchedByteCount = buffer.count
      if buffer.bytes.endsWithLineFeed { judgeHeldLine(&pairing) }
    }
  }

  /// The response to a request of HTTP/0.9: all until the end is its body.
  private mutating func rawResponse<Handler: HTTPHandler & ~Copyable>(
    to request: HTTPPairing.Request, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    let nothing = RawSpan()
    handler.response(
      HTTPResponseHead(
        nothing, HTTPStatusLine(), HTTPFieldIndex(), section: HTTPSection(start: 0, limit: 0),
        answers: request, isTruncated: false),
      at: startedAt)
    pairing.pop(status: 200)
    if !buffer.isEmpty { handler.body(buffer.bytes, of: direction) }
    clear()
    begun(&pairing)
    state = .untilClose
  }

  private mutating func lose(_ pairing: inout HTTPPairing) {
    state = .searching
    searchedByteCount = 0
    if direction == .toClient { pairing.areResponsesLost = true }
  }
}

// MARK: Bodies

extension HTTPStream {
  /// Gives out what is there of `remaining` bytes of content; returns how many are still to come.
  private func content<Handler: HTTPHandler & ~Copyable>(
    _ remaining: Int, _ bytes: RawSpan, _ cursor: inout Int, _ handler: inout Handler
  ) -> Int {
    let count = min(remaining, bytes.byteCount - cursor)
    handler.body(bytes.extracting(cursor..<cursor + count), of: direction)
    cursor += count
    return remaining - count
  }

  private mutating func fixed<Handler: HTTPHandler & ~Copyable>(
    _ remaining: Int, _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    let left = content(remaining, bytes, &cursor, &handler)
    if direction == .toServer { pairing.awaitsContinue = nil }
    if left > 0 {
      state = .fixed(remaining: left)
    } else {
      end(.complete, at, &handler)
    }
  }

  private mutating func end<Handler: HTTPHandler & ~Copyable>(
    _ outcome: HTTPMessageEnd, _ at: Timestamp, _ handler: inout Handler
  ) {
    handler.end(direction, outcome: outcome, at: at)
    state = .start
  }

  /// The client need not send a body that was refused, but it may (RFC 9110 §10.1.1).
  private mutating func refused<Handler: HTTPHandler & ~Copyable>(
    _ remaining: Int, _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    while cursor < bytes.byteCount {
      if buffer.isEmpty { startedAt = at }
      buffer.append(bytes[cursor])
      cursor += 1
      switch HTTPMethod.match(buffer.bytes) {
      case .needMore where buffer.count < remaining: continue
      case .yes:
        handler.end(direction, outcome: .incomplete, at: at)
        state = .head
      case .no, .needMore:
        handler.body(buffer.bytes, of: direction)
        state = .fixed(remaining: remaining - buffer.count)
        clear()
        if case .fixed(0) = state { end(.complete, at, &handler) }
      }
      return
    }
  }

  private mutating func chunked<Handler: HTTPHandler & ~Copyable>(
    _ body: HTTPChunkedBody, _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    let step: HTTPChunkedBody.Step
    switch body {
    case .size(let size, let digitCount):
      step = HTTPChunkedBody.readSize(size, digitCount: digitCount, bytes[cursor])
      if case .more = step { cursor += 1 }
    case .extensions(let size, let byteCount):
      let (line, isEnded) = restOfLine(bytes, &cursor)
      let total = byteCount &+ line
      if byteCount <= limits.chunkLineByteCount, total > limits.chunkLineByteCount {
        handler.anomaly(.chunkLineTooLong, direction)
      }
      step = .more(
        isEnded
          ? HTTPChunkedBody.afterLine(size: size) : .extensions(size: size, byteCount: total))
    case .data(let remaining):
      let left = content(remaining, bytes, &cursor, &handler)
      step = .more(left > 0 ? .data(remaining: left) : .dataEnd(hasCR: false))
    case .dataEnd(let hasCR):
      step = HTTPChunkedBody.readDataEnd(hasCR: hasCR, bytes[cursor])
      if case .more = step { cursor += 1 }
    case .trailer(var trailer):
      let (start, before) = (cursor, trailer.byteCount)
      let (_, hasLineEnd) = restOfLine(bytes, &cursor)
      let isEnded = trailer.isEnded(by: bytes.extracting(start..<cursor), hasLineEnd: hasLineEnd)
      if before <= limits.trailerByteCount, trailer.byteCount > limits.trailerByteCount {
        handler.anomaly(.trailerTooLong, direction)
      }
      step = isEnded ? .complete : .more(.trailer(trailer))
    }
    switch step {
    case .more(let next): state = .chunked(next)
    case .complete: end(.complete, at, &handler)
    case .damaged(let anomaly):
      handler.anomaly(anomaly, direction)
      handler.end(direction, outcome: .damaged, at: at)
      lose(&pairing)
    }
  }

  /// Moves behind the next LF, or to the end; returns over how many bytes, and whether it was there.
  private func restOfLine(_ bytes: RawSpan, _ cursor: inout Int) -> (Int, Bool) {
    let start = cursor
    let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: bytes, from: start)
    cursor = lineFeed.map { $0 + 1 } ?? bytes.byteCount
    return (cursor - start, lineFeed != nil)
  }
}

// MARK: Losses and ends

extension HTTPStream {
  /// Begins in the middle: the next message is looked for.
  mutating func startMidStream(_ pairing: inout HTTPPairing) { lose(&pairing) }

  /// Looks in the next line for a start line, at most `searchLimit` bytes from where it was lost.
  private mutating func search<Handler: HTTPHandler & ~Copyable>(
    _ bytes: RawSpan, _ cursor: inout Int, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    let allowed = min(bytes.byteCount - cursor, max(searchLimit - searchedByteCount, 0))
    let window = bytes.extracting(cursor..<cursor + allowed)
    let lineFeed = ByteScan.firstOffset(of: .lineFeed, in: window)
    let line = window.extracting(first: lineFeed.map { $0 + 1 } ?? allowed)
    if lineFeed != nil, buffer.isEmpty {
      let dropped = max(line.byteCount - limits.lineByteCount, 0)
      if let offset = startLineOffset(in: line.extracting(droppingFirst: dropped)) {
        cursor += dropped + offset
        state = .start
        return
      }
    } else {
      if buffer.isEmpty { startedAt = at }
      holdLast(line)
    }
    cursor += line.byteCount
    searchedByteCount += line.byteCount
    if lineFeed != nil {
      if !buffer.isEmpty { judgeHeldLine(&pairing) }
    } else if searchedByteCount >= searchLimit {
      handler.anomaly(.resynchronizationFailed, direction)
      clear()
      state = .notHTTP
    }
  }

  private func startLineOffset(in line: RawSpan) -> Int? {
    direction == .toServer ? HTTPRequestLine.offset(in: line) : HTTPStatusLine.offset(in: line)
  }

  /// Appends a part of a line of which only the last `lineByteCount` bytes matter.
  private mutating func holdLast(_ part: RawSpan) {
    let kept = part.extracting(last: min(part.byteCount, limits.lineByteCount))
    if buffer.count + kept.byteCount > buffer.limit {
      buffer.removeFirst(buffer.count + kept.byteCount - limits.lineByteCount)
    }
    buffer.append(kept)
  }

  /// Goes on with the head that begins in the line held, or drops the line.
  private mutating func judgeHeldLine(_ pairing: inout HTTPPairing) {
    buffer.removeFirst(buffer.count - limits.lineByteCount)
    guard let offset = startLineOffset(in: buffer.bytes) else {
      clear()
      return
    }
    buffer.removeFirst(offset)
    lineStart = buffer.count
    isLineCut = false
    isStartLineCut = false
    state = .head
  }

  /// So many bytes are lost here.
  mutating func gap<Handler: HTTPHandler & ~Copyable>(
    _ byteCount: Int, _ at: Timestamp, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    guard byteCount > 0 else { return }
    leaveWaiting(&pairing)
    if case .refused(let remaining) = state { releaseRefused(remaining, &handler) }
    switch state {
    case .fixed(let remaining) where byteCount < remaining:
      handler.bodyGap(byteCount, of: direction)
      state = .fixed(remaining: remaining - byteCount)
    case .fixed(let remaining) where byteCount == remaining:
      handler.bodyGap(byteCount, of: direction)
      end(.complete, at, &handler)
    case .chunked(.data(let remaining)) where byteCount <= remaining:
      handler.bodyGap(byteCount, of: direction)
      let left = remaining - byteCount
      state = .chunked(left > 0 ? .data(remaining: left) : .dataEnd(hasCR: false))
    case .untilClose: handler.bodyGap(byteCount, of: direction)
    case .fixed(let remaining), .chunked(.data(let remaining)):
      handler.bodyGap(remaining, of: direction)
      handler.end(direction, outcome: .truncated, at: at)
      lose(&pairing)
    case .chunked:
      handler.end(direction, outcome: .truncated, at: at)
      lose(&pairing)
    case .head:
      unfinished(.truncated, at, &pairing, &handler)
      if case .untilClose = state {
        handler.bodyGap(byteCount, of: direction)
      } else {
        lose(&pairing)
      }
    case .start, .searching:
      clear()
      lose(&pairing)
    case .connecting: state = .tunnel
    case .refused, .tunnel, .notHTTP, .closed: break
    }
  }

  /// The stream ends here.
  mutating func finish<Handler: HTTPHandler & ~Copyable>(
    _ at: Timestamp, _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    if case .refused(let remaining) = state { releaseRefused(remaining, &handler) }
    switch state {
    case .head: unfinished(.incomplete, at, &pairing, &handler)
    case .fixed, .chunked: handler.end(direction, outcome: .incomplete, at: at)
    case .start, .connecting, .searching, .refused, .untilClose, .tunnel, .notHTTP, .closed: break
    }
    // Also when the head was none: the raw response of HTTP/0.9.
    if case .untilClose = state { handler.end(direction, outcome: .complete, at: at) }
    clear()
    state = .closed
  }

  private mutating func releaseRefused<Handler: HTTPHandler & ~Copyable>(
    _ remaining: Int, _ handler: inout Handler
  ) {
    if !buffer.isEmpty { handler.body(buffer.bytes, of: direction) }
    state = .fixed(remaining: remaining - buffer.count)
    clear()
  }

  /// Reports the head in `buffer` as far as its whole lines go, if its start line is one.
  private mutating func unfinished<Handler: HTTPHandler & ~Copyable>(
    _ outcome: HTTPMessageEnd, _ at: Timestamp,
    _ pairing: inout HTTPPairing, _ handler: inout Handler
  ) {
    if lineStart > 0 {
      buffer.truncate(to: lineStart)
    } else if direction == .toClient, let request = pairing.front, request.isSimple {
      rawResponse(to: request, &pairing, &handler)
      return
    } else if startLine(buffer.bytes, isCut: false)?.isSimple != false {
      // Without its end a line of HTTP/0.9 may be the beginning of any.
      if !buffer.isEmpty { handler.anomaly(.incompleteStartLine, direction) }
      clear()
      return
    }
    _ = deliverHeld(isTruncated: true, at, &pairing, &handler)
    if !isInterimHeld { handler.end(direction, outcome: outcome, at: at) }
    clear()
    begun(&pairing)
  }

  private var isInterimHeld: Bool {
    direction == .toClient && HTTPStatusLine(buffer.bytes.firstLine)?.isInterim == true
  }
}

extension RawSpan {
  var endsWithLineFeed: Bool { !isEmpty && self[byteCount - 1] == .lineFeed }

  var firstLine: RawSpan {
    @_lifetime(copy self) get {
      extracting(first: ByteScan.firstOffset(of: .lineFeed, in: self) ?? byteCount)
    }
  }
}
