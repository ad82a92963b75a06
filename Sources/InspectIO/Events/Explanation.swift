import InspectCore

/// An alert in a sentence that states facts.
enum Explanation {
  static func text(_ alert: Alert, deviceName: String?, policy: PolicyFile) -> String {
    text([alert], deviceName: deviceName, policy: policy)
  }

  /// Of alerts about one device and one destination, the gravest first.
  static func text(_ alerts: [Alert], deviceName: String?, policy: PolicyFile) -> String {
    let alert = alerts[0]
    let device =
      deviceName ?? (alert.device.mac == .none ? alert.device.address.text : alert.device.mac.text)
    let host =
      alert.destination.host.isEmpty
      ? alert.destination.endpoint.address.text
      : String(decoding: alert.destination.host, as: UTF8.self)
    let country = place(alert.destination)
    let server = country.isEmpty ? "" : ", a server\(country)"
    var kinds: [String] = []
    for item in alerts.flatMap(\.items) where !kinds.contains("\(item.kind.name)") {
      kinds.append("\(item.kind.name)")
    }
    let what = kinds.isEmpty ? "data" : kinds.joined(separator: ", ")
    let rules = Set(alerts.map(\.rule))
    var text: String
    if rules.contains(.selfRegistration) {
      text =
        "\(device) sent \(carrier(alerts)) self-registration (\(what)), unencrypted, to "
        + "\(host)\(country)."
    } else if rules == [.unlockCorrelatedTransfer] {
      text = "\(device) contacted \(host)\(country) right after its screen was unlocked."
    } else if rules == [.withdrawnConsent] {
      text =
        "\(device) sent a message to a recipient who withdrew consent (\(what)), unencrypted, "
        + "through \(host)\(server)."
    } else if rules == [.protectedIdentifier] {
      text =
        "\(device) sent a value that must never leave (\(what)), unencrypted, to \(host)\(server)."
    } else {
      text = "\(device) sent \(what), unencrypted, to \(host)\(server)."
    }
    if rules.contains(.personalDataCrossBorder), let code = alert.destination.location.country {
      text += law(code, alert.destination.transfer, policy)
    }
    if rules.count > 1, rules.contains(.protectedIdentifier) {
      text += " Among it is a value that must never leave."
    }
    if rules.count > 1, rules.contains(.withdrawnConsent) {
      text += " A recipient had withdrawn consent to be contacted."
    }
    text += doubt(alert.destination)
    if let unlock = alerts.lazy.compactMap(\.unlock).first {
      text += " " + sentence(unlock, to: host)
    }
    return text
  }

  private static func carrier(_ alerts: [Alert]) -> String {
    alerts.lazy.compactMap(\.registration).first.map { "\($0.name)'s" } ?? "a Chinese carrier's"
  }

  /// Where a server is, as far as it is known.
  private static func place(_ destination: Destination) -> String {
    let location = destination.location
    let registered = location.registeredCountry.map(\.text)
    guard let country = location.country?.text else {
      return registered.map { " whose network is registered in \($0)" } ?? ""
    }
    var text: String
    if location.isAnycast {
      text = " of a network of \(country) that answers in many places"
    } else if location.isContradicted(by: destination.roundTrip) {
      text = " that the database puts in \(country)"
    } else {
      text = " in \(country)"
    }
    if let other = location.otherCountry { text += " (another database says \(other.text))" }
    if let registered, registered != country { text += " (registered in \(registered))" }
    return text
  }

  /// What the policy says of a transfer to a country: facts, and no judgement.
  private static func law(
    _ country: CountryCode, _ transfer: TransferClass, _ policy: PolicyFile
  ) -> String {
    let code = country.text
    guard policy.coversOrigin else {
      return " The policy has no list of countries for transfers from \(policy.origin)."
    }
    let scope = policy.basis(country)?.scope ?? ""
    let whose = policy.origin == "EEA" ? "" : " under the law of \(policy.origin)"
    switch transfer {
    case .thirdCountry: return " \(code) has no adequacy decision\(whose)."
    case .conditional where !scope.isEmpty:
      return " The adequacy decision for \(code)\(whose) covers \(scope)."
    case .conditional: return " For \(code)\(whose) it depends on the recipient's certification."
    case .adequate where !scope.isEmpty && scope != "general":
      return " \(code) has an adequacy decision\(whose) (\(scope))."
    case .adequate: return " \(code) has an adequacy decision\(whose)."
    case .domestic, .eea, .unknown: return ""
    }
  }

  /// Why the country may be wrong.
  private static func doubt(_ destination: Destination) -> String {
    let location = destination.location
    guard location.country != nil else {
      return destination.transfer == .unknown ? " The server's country is not known." : ""
    }
    var text = ""
    if location.isContradicted(by: destination.roundTrip) {
      let roundTrip = Double(destination.roundTrip ?? 0) / 1e6
      text +=
        " It answered within \(Decimal.text(roundTrip, digits: 1)) ms, too fast for the "
        + "\(location.distance ?? 0) km there: something nearer answered."
    }
    if location.isStale {
      text +=
        " The database of countries was made more than \(SharedAtlas.staleDays) days before the "
        + "capture, or after it."
    }
    return text
  }

  /// The counts, beside chance and the clock's uncertainty.
  private static func sentence(_ finding: UnlockFinding, to host: String) -> String {
    let result = finding.result
    let statistics = result.statistics
    guard statistics.unlocks > 0 else {
      return result.experiment.map(outcome) ?? "No unlock of the log lies in the capture's time."
    }
    let isOne = statistics.unlocks == 1
    let moments =
      result.isInferred ? "wake-ups inferred from the traffic" : isOne ? "unlock" : "unlocks"
    let name = finding.method.map { "\($0.name)" } ?? ""
    let receiver =
      finding.group.isEmpty ? host : String(decoding: finding.group, as: UTF8.self)
    var text =
      "\(statistics.followed) of \(statistics.unlocks) \(moments) \(isOne ? "was" : "were") followed within "
      + "\(Decimal.text(statistics.windowSeconds, digits: 1)) s by a "
      + "\(name.isEmpty ? "send" : name) to \(receiver) "
      + "(\(Decimal.text(statistics.expected, digits: 1)) expected by chance)"
    if let lag = statistics.lagMedian {
      // Negative: a send just before the noted time, within what the clocks are known to.
      text +=
        lag < 0
        ? "; median delay 0 s, as far as the clocks tell"
        : "; median delay \(Decimal.text(lag, digits: 1)) s"
    }
    let moment = result.isInferred ? "a wake-up" : "an unlock"
    text +=
      "; \(statistics.sendsAfterUnlock) of \(statistics.sends) sends came right after \(moment)"
    text += clock(result) + "."
    if let experiment = result.experiment { text += " " + outcome(experiment) }
    switch result.verdict {
    case .tooFew:
      text += " With fewer than \(UnlockStudy.minimumUnlocks) unlocks that proves nothing."
    case .use: text += " A person's use of the phone explains this as well."
    case .push: text += " As much came just before the unlocks: a message may wake the phone."
    case .screenOff: text += " The screen going dark explains it better."
    case .boot: text += " The phone's start explains it better."
    case .screenOn: text += " The screen lighting up explains it better."
    case .unlock, .none, .periodic: break
    }
    return text
  }

  private static func outcome(_ outcome: Experiment.Outcome) -> String {
    guard outcome.unlocks + outcome.shams > 0 else {
      return "No slot of the experiment's plan lies in the capture's time."
    }
    return "In the experiment \(outcome.unlocksFollowed) of \(outcome.unlocks) unlocks and "
      + "\(outcome.shamsFollowed) of \(outcome.shams) sham slots were followed "
      + "(p-value \(Decimal.text(outcome.pValue, digits: 6)))."
  }

  /// A clock that agrees within its uncertainty is not called ahead.
  private static func clock(_ result: UnlockStudy.Result) -> String {
    guard let doubt = result.clockUncertainty else { return "; the clocks were taken to agree" }
    guard !result.clockSources.isNone else { return "" }
    let offset = Double(result.clock.offset) / 1e9
    var text = ""
    if offset.magnitude > max(0.05, doubt) {
      text = "; the log's clock is \(Decimal.text(offset.magnitude, digits: 1)) s "
      text += offset < 0 ? "behind" : "ahead"
    }
    return text + "; clock uncertainty \(Decimal.text(max(0.1, doubt), digits: 1)) s"
  }
}
