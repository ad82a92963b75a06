import InspectCore

/// A message's part, looked through: findings lie inside, the same input gives the same findings.
let fuzzFinder: @Sendable (RawSpan) -> Void = { input in
  var finder = Finder()
  var first = Recorder(byteCount: input.byteCount)
  let facts = finder.inspect(input, part: .httpRequestBody, key: RawSpan(), into: &first)
  var second = Recorder(byteCount: input.byteCount)
  _ = finder.inspect(input, part: .httpRequestBody, key: RawSpan(), into: &second)
  require(first.digest == second.digest, "a second look gives other findings")
  let limits = FinderLimits()
  require(first.count <= limits.findings, "too many findings")
  require(facts.nodes <= limits.nodes, "too many nodes")
  require(facts.decodedBytes <= limits.decodedBytes, "too many decoded bytes")
}

private struct Recorder: FindingSink {
  let byteCount: Int
  var digest = Digest()
  var count = 0

  init(byteCount: Int) { self.byteCount = byteCount }

  mutating func found(_ finding: borrowing Finding) {
    count += 1
    require(finding.offset >= 0 && finding.offset < byteCount, "a finding outside of its message")
    digest.add(finding.offset)
    digest.add(finding.path)
    digest.add(finding.value)
  }
}
