import InspectCore
import Testing

@testable import InspectIO

@Suite struct PolicyTests {
  private func failure(_ text: String, home: String = "EEA") -> String {
    do throws(PolicyFile.Failure) {
      _ = try PolicyFile(text: text, name: "p.csv", home: home)
      return "none"
    } catch {
      return error.description
    }
  }

  private func transfer(_ country: String, from home: String) throws -> TransferClass {
    try PolicyFile.builtIn(home: home).policy.transfer(to: CountryCode(text: country))
  }

  @Test(arguments: [
    ("NO", "EEA", TransferClass.eea), ("NO", "NO", .domestic), ("SE", "NO", .eea),
    ("NO", "no", .domestic), ("GB", "EEA", .adequate), ("GB", "UK", .domestic),
    ("GB", "GB", .domestic), ("DK", "UK", .adequate), ("CH", "CH", .domestic),
    ("DK", "CH", .adequate), ("US", "EEA", .conditional), ("US", "UK", .conditional),
    ("BR", "EEA", .adequate), ("BR", "UK", .thirdCountry), ("CN", "EEA", .thirdCountry),
    ("HK", "EEA", .thirdCountry), ("MO", "EEA", .thirdCountry), ("RU", "CH", .thirdCountry),
    ("GL", "DK", .thirdCountry), ("FO", "DK", .adequate), ("SJ", "NO", .thirdCountry),
    ("RE", "EEA", .eea), ("AX", "FI", .eea), ("CN", "JP", .thirdCountry), ("JP", "JP", .domestic),
  ])
  func aTransferHasItsClass(_ country: String, _ home: String, _ expected: TransferClass) throws {
    #expect(try transfer(country, from: home) == expected)
  }

  @Test func whatIsNoCountryHasNoClass() throws {
    #expect(try PolicyFile.builtIn(home: "EEA").policy.transfer(to: nil) == .unknown)
    #expect(try PolicyFile.builtIn(home: "EEA").coversOrigin)
    #expect(try !PolicyFile.builtIn(home: "JP").coversOrigin)
  }

  @Test(arguments: ["", "E", "EU", "XX", "ZZ", "EEAA", "Norway", "1A", "U K"])
  func whatIsNoHome(_ text: String) { #expect(HomeCountry(text) == nil) }

  @Test(arguments: ["EEA", "eea", "UK", "GB", "CH", "no", "CN", "XK"])
  func whatIsAHome(_ text: String) { #expect(HomeCountry(text) != nil) }

  @Test(arguments: [
    ("as_of,yesterday\n", "p.csv:1: as_of wants a date as 2026-11-01"),
    (
      "# x\n\ntransfer,EEA,CHN,adequate\n",
      "p.csv:3: 'CHN' is no country code of two capital letters"
    ),
    ("transfer,EEC,CN,adequate\n", "p.csv:1: origin 'EEC' is no country, EEA, UK or CH"),
    ("transfer,EEA,CN\n", "p.csv:1: transfer wants an origin, a country and a class"),
    ("severity,none,eea,low\n", "p.csv:1: 'none' is no rule"),
    ("severity,self-registration,mars,low\n", "p.csv:1: 'mars' is no transfer class"),
    (
      "severity,self-registration,eea,worst\n",
      "p.csv:1: 'worst' is none of low, medium, high, critical, none"
    ),
    ("kind,imei,9\n", "p.csv:1: steps are a number from -3 to 3"),
    ("kind,shoe,1\n", "p.csv:1: 'shoe' is no kind of personal data"),
    ("when,raining,1\n", "p.csv:1: when wants encrypted or correlated"),
    ("transfer,EEA,UK,adequate\n", "p.csv:1: the code of the United Kingdom is GB"),
    (
      "transfer,EEA,*,adequate\n", "p.csv:1: countries without a line (*) are third-country"
    ),
    ("wheather,x\n", "p.csv:1: 'wheather' is none of as_of, transfer, severity, kind, when"),
    ("as_of,2026-11-01\r\ntransfer,EEA,CN,adequate\r\n", "none"),
  ])
  func aWrongLineIsNamed(_ text: String, _ expected: String) {
    #expect(failure(text) == expected)
  }

  @Test func severityIsBaseAndSteps() throws {
    let policy = try PolicyFile.builtIn(home: "EEA").policy
    func severity(
      _ kinds: [IdentifierKind], _ rule: Rule = .personalDataCleartext,
      _ transfer: TransferClass = .thirdCountry, isEncrypted: Bool = false,
      isCorrelated: Bool = false
    ) -> Severity? {
      var set = KindSet()
      for kind in kinds { set.insert(kind) }
      return policy.severity(
        rule, transfer, set, isEncrypted: isEncrypted, isCorrelated: isCorrelated)
    }
    #expect(severity([.imei]) == .high)
    #expect(severity([.ssid]) == .medium)
    #expect(severity([.ssid, .email]) == .medium)
    #expect(severity([.ssid, .imei]) == .high)
    #expect(severity([.imei], isCorrelated: true) == .critical)
    #expect(severity([.ssid], isCorrelated: true) == .high)
    #expect(severity([.imei], isEncrypted: true) == .medium)
    #expect(severity([.imei], .personalDataCrossBorder, .eea) == nil)
    #expect(severity([], .unlockCorrelatedTransfer, .eea, isEncrypted: true) == .low)
    #expect(severity([.text], .protectedIdentifier, .eea) == .high)
    #expect(severity([.phoneNumber], .protectedIdentifier, .domestic) == .critical)
  }

  @Test func stepsComeFromTheFile() throws {
    let text = """
      severity,self-registration,eea,low
      kind,imei,2
      weak,ssid
      when,correlated,-3
      """
    let policy = try PolicyFile(text: text, name: "p.csv", home: "NO").policy
    var kinds = KindSet()
    kinds.insert(.imei)
    #expect(policy.severity(.selfRegistration, .eea, kinds) == .high)
    #expect(policy.severity(.selfRegistration, .eea, kinds, isCorrelated: true) == .low)
    // What the file does not say is as it was built in, moved by the file's steps.
    #expect(policy.severity(.selfRegistration, .domestic, kinds) == .critical)
  }

  /// A short file changes what it says and nothing else: no finding may become silent by it.
  @Test(arguments: [
    "", "# nothing\n", "as_of,2027-01-01\n", "transfer,EEA,CN,adequate,2027,general,a test\n",
    "transfer,UK,CN,adequate\n", "severity,self-registration,eea,low\n", "kind,imei,0\n",
    "when,encrypted,-2\n",
  ])
  func aFileChangesNoMoreThanItSays(_ text: String) throws {
    let builtIn = try PolicyFile.builtIn(home: "EEA").policy
    let policy = try PolicyFile(text: text, name: "p.csv", home: "EEA").policy
    var kinds = KindSet()
    kinds.insert(.email)
    for rule in Rule.allCases where rule != .selfRegistration {
      for transfer in TransferClass.allCases {
        #expect(
          policy.severity(rule, transfer, kinds) == builtIn.severity(rule, transfer, kinds))
      }
    }
    for country in ["DK", "US", "GB", "RU", "BR"] {
      let code = CountryCode(text: country)
      #expect(policy.transfer(to: code) == builtIn.transfer(to: code))
    }
    let hasLine = text.hasPrefix("transfer,EEA")
    let china = CountryCode(text: "CN")
    #expect(policy.transfer(to: china) == (hasLine ? .adequate : .thirdCountry))
  }

  @Test(arguments: [
    ("", "EEA", 0), ("as_of,2027-01-01\n# x\n", "EEA", 0), ("transfer,UK,CN,adequate\n", "EEA", 0),
    ("transfer,GB,CN,adequate\n", "UK", 1), ("transfer,eea,CN,adequate\n", "dk", 1),
    ("\u{FEFF}transfer,EEA,CN,adequate\n", "EEA", 1), ("kind,imei,1\nweak,ssid\n", "CH", 2),
    ("transfer,NO,CN,adequate\ntransfer,EEA,CN,third-country\n", "NO", 2),
  ])
  func whatTakesEffectIsCounted(_ text: String, _ home: String, _ count: Int) throws {
    let file = try PolicyFile(text: text, name: "p.csv", home: home)
    #expect(file.changes == count)
    let isAdequate = file.policy.transfer(to: CountryCode(text: "CN")) == .adequate
    #expect(isAdequate == (text.contains("adequate") && count > 0))
  }

  /// Who has a whole list of their own begins from none.
  @Test func aStarTakesTheBuiltInCountriesAway() throws {
    let text = "transfer,EEA,DK,eea\ntransfer,EEA,CN,adequate\ntransfer,EEA,*,third-country\n"
    let file = try PolicyFile(text: text, name: "p.csv", home: "DK")
    #expect(file.origin == "EEA" && file.coversOrigin)
    let classes = ["DK", "CN", "SE", "US", "GB"].map {
      file.policy.transfer(to: CountryCode(text: $0))
    }
    #expect(classes == [.domestic, .adequate, .thirdCountry, .thirdCountry, .thirdCountry])
    // Sweden has no line there, and so is in no area.
    #expect(try PolicyFile(text: text, name: "p.csv", home: "SE").origin == "SE")
    #expect(try PolicyFile(text: text, name: "p.csv", home: "UK").coversOrigin)
  }

  @Test func theBasisIsTheOrigins() throws {
    let us = try #require(CountryCode(text: "US"))
    let basis = try #require(PolicyFile.builtIn(home: "DK").basis(us))
    #expect(basis.scope == "only companies certified under the Data Privacy Framework")
    #expect(basis.source.contains("2023/1795"))
    #expect(try PolicyFile.builtIn(home: "UK").basis(us)?.scope.contains("UK extension") == true)
  }
}

@Suite struct CountryDistanceTests {
  private func distance(_ home: String, _ country: String) throws -> UInt32? {
    let home = try #require(CountryCode(text: home))
    let country = try #require(CountryCode(text: country))
    return CountryDistances(from: home)?[country]
  }

  /// Great circles from Copenhagen, less what Denmark's borders and the rounding take.
  @Test(arguments: [
    ("DK", "CN", 4000, 4900), ("CN", "DK", 4000, 4900), ("DK", "SE", 0, 0), ("NO", "RU", 0, 0),
    ("DK", "US", 3000, 6000), ("DE", "SG", 9000, 10_000), ("NZ", "GB", 14_000, 18_500),
    ("NO", "NO", 0, 0), ("CH", "HK", 8000, 9000), ("GB", "IE", 0, 0),
  ])
  func distancesAreLeastOnes(_ home: String, _ country: String, _ least: Int, _ most: Int) throws {
    let kilometres = Int(try #require(try distance(home, country)))
    #expect(kilometres >= least && kilometres <= most)
  }

  @Test func distancesAreTheSameBothWays() throws {
    for pair in [("NO", "JP"), ("ZA", "IS"), ("AD", "ZW"), ("US", "FR")] {
      #expect(try distance(pair.0, pair.1) == distance(pair.1, pair.0))
    }
  }

  @Test func aDamagedTableHasNoDistances() throws {
    let home = try #require(CountryCode(text: "DK"))
    #expect(CountryDistances(from: home, table: "") == nil)
    #expect(CountryDistances(from: home, table: "step x\nDK CN\n0\n00\n") == nil)
    #expect(CountryDistances(from: home, table: "step 250\nDK CN\n0\n") == nil)
    #expect(try distance("DK", "ZZ") == nil)
  }

  @Test func whatIsTooFastIsContradicted() {
    var location = Location()
    location.distance = 4250
    #expect(location.isContradicted(by: 42_499_999))
    #expect(!location.isContradicted(by: 42_500_000))
    #expect(!location.isContradicted(by: nil))
    location.distance = 0
    #expect(!location.isContradicted(by: 1))
    location.distance = nil
    #expect(!location.isContradicted(by: 1))
  }
}

@Suite struct TableKeyTests {
  /// HKDF-SHA-256 (RFC 5869) without salt, computed by another implementation (pyca/cryptography).
  @Test func anInstallationHasOneKey() {
    let key = IdentifierMask.tableKey(from: Array(repeating: 0x0b, count: 32))
    #expect(key == (0x9ecd_b2ac_4fd0_0890, 0x9578_d83f_417d_b32d))
    let other = IdentifierMask.tableKey(from: Array(repeating: 0x0c, count: 32))
    #expect(other != key)
  }
}

@Suite struct MaskedPathTests {
  @Test(arguments: [
    ("base64 > json:IMEI1", "base64 > json:IMEI1"), ("json:a[0].x > md5", "json:a[0].x > md5"),
    ("json:490154203237518.x", "json:49...18.x"), ("form:user@example.com", "form:us...le.com"),
    ("json:x.00005e005301", "json:x.00...01"), ("", ""), ("path[12]", "path[12]"),
  ])
  func namesThatAreValuesAreMasked(_ path: String, _ shown: String) {
    let mask = IdentifierMask(key: [1, 2, 3], reveals: false)
    #expect(String(decoding: mask.path(Array(path.utf8)), as: UTF8.self) == shown)
    let open = IdentifierMask(key: [1, 2, 3], reveals: true)
    #expect(String(decoding: open.path(Array(path.utf8)), as: UTF8.self) == path)
  }
}
