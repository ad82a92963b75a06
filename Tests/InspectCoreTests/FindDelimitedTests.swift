import InspectCore
import Testing

/// Values under the names of their columns (RFC 4180).
@Suite struct FindDelimitedTests {
  private func shown(_ text: String) -> [String] { inspect(text).found.map(\.description) }

  @Test(arguments: [",", ";", "\t", "|"])
  func eachValueHasItsColumnsName(_ separator: String) {
    for end in ["\n", "\r\n"] {
      let lines = [
        "imei,iccid,lat,lon", "490154203237518,89014103211118510720,55.676098,12.568337",
      ]
      let text = lines.joined(separator: end).replacing(",", with: separator) + end
      let first = 18 + end.utf8.count
      #expect(
        shown(text) == [
          "imei high \(first) csv:[0].imei", "iccid high \(first + 16) csv:[0].iccid",
          "location medium \(first + 37) csv:[0].lon",
        ])
    }
  }

  @Test func rowsAreNotMixed() {
    let text = """
      name,lat,lng,time
      a,55.676098,12.568337,1
      b,,10.757933,2
      c,59.911491,,3
      d,59.911491,10.757933,4
      """
    let found = inspect(text).found
    #expect(found.map(\.value) == ["55.676098,12.568337", "59.911491,10.757933"])
    #expect(found.map(\.path) == ["csv:[0].lng", "csv:[3].lng"])
  }

  @Test(arguments: [
    // Quoted cells, with a separator, a line's end and quotes inside.
    ("\"IMEI\",\"note\"\r\n\"490154203237518\",\"a, b\"\r\n", "imei high 16 csv:[0].IMEI"),
    ("note,imei\n\"a,\nb\",490154203237518\n", "imei high 17 csv:[0].imei"),
    ("note,imei\n\"say \"\"x\"\"\",490154203237518", "imei high 22 csv:[0].imei"),
    (
      "imei,json\n1,\"{\"\"iccid\"\":\"\"89014103211118510720\"\"}\"\n",
      "iccid high 26 csv:[0].json > json:iccid"
    ),
    // Encoded cells.
    ("a,IMEI_1\nx,NDkwMTU0MjAzMjM3NTE4\n", "imei high 11 csv:[0].IMEI_1 > base64"),
    // A line before the names, a mark, one column, spaces.
    (
      "WigleWifi-1.4,appRelease=2,model=x\nMAC,Type\n00:00:5e:00:53:01,WIFI\n",
      "mac-address high 44 csv:[0].MAC"
    ),
    ("\u{FEFF}imei,x\n490154203237518,1\n", "imei high 10 csv:[0].imei"),
    ("imei\n490154203237518\n", "imei high 5 csv:[0].imei"),
    ("id , imei \n7 , 490154203237518\n", "imei high 15 csv:[0].imei"),
    // A name and its value in each row.
    ("key,value\nmodel,x\nimei,490154203237518\n", "imei high 23 csv:[1].imei"),
    // Lines of names and values are no table.
    ("app: weather\nimei: 490154203237518\nend: ok\n", "imei high 19 text"),
    // Cut off.
    ("x,imei\n\"1\",490154203237518", "imei high 11 csv:[0].imei"),
  ])
  func aTableIsReadAsItIsWritten(_ text: String, _ expected: String) {
    #expect(shown(text) == [expected])
  }

  @Test func pairsInRowsAreNeighbours() {
    let found = inspect("name;value\nlat;55.676098\nlon;12.568337\n").found
    #expect(found.map(\.kind) == ["location"])
  }

  /// Under a name that says something else a number is none.
  @Test(arguments: [
    "order,total,date\n354178036859789,12,2026-03-01\n", "version;build\n354178036859789;1\n",
    "Email, phone or post\nwe answer within a day, or two days\n", "phone,email\n\n", "imei,x\n",
    "imei,lat\n1,2\n3,4\n", ",,,\n,,,\n", "\"imei\n\"\n",
  ])
  func otherTablesHaveNothing(_ text: String) {
    #expect(inspect(text).found.allSatisfy { $0.confidence == .low }, "\(shown(text))")
  }

  /// However wide or long a table is, the work is linear and counted.
  @Test func aLargeTableIsBounded() {
    let wide = "imei" + String(repeating: ",x", count: 5000) + "\n"
    #expect(inspect(wide + wide).found.isEmpty)
    var limits = FinderLimits()
    limits.nodes = 1000
    let text = "id,imei\n" + String(repeating: "1,490154203237518\n", count: 2000)
    let inspected = inspect(text, limits: limits)
    #expect(inspected.facts.limits.contains(.nodes))
    #expect(inspected.facts.examinedBytes < 8 * text.utf8.count)
  }
}
