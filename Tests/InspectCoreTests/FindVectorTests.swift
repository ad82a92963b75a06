import InspectCore
import Testing

/// Every encoding × IMEI, every identifier right and wrong, and look-alikes.
@Suite struct FindVectorTests {
  @Test func theVectorsAreThere() {
    #expect(FindVector.all.count > 120)
  }

  @Test(arguments: FindVector.all)
  func aVectorGivesWhatItSays(_ vector: FindVector) {
    let found = inspect(vector.bytes).found
    let shown = found.isEmpty ? "nothing" : found.map(\.description).joined(separator: "; ")
    #expect(shown == vector.expected)
  }

  /// What a snap length leaves is looked at, offsets stay inside.
  @Test(arguments: FindVector.all)
  func everyPrefixIsSafe(_ vector: FindVector) {
    var finder = Finder()
    for count in 0...vector.bytes.count {
      let inspected = finder.inspect(Array(vector.bytes.prefix(count)))
      for found in inspected.found { #expect(found.offset < count) }
    }
  }
}
