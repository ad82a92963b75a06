/// What a piece of personal data is: the kinds of the outer contract.
public enum IdentifierKind: UInt8, CaseIterable, Equatable, Sendable {
  case imei, imeisv, meid, imsi, iccid
  case phoneNumber, macAddress, bssid, ssid
  case androidID, advertisingID, serialNumber
  case location, cellID, email
  case nationalIDDenmark, nationalIDNorway, nationalIDSweden, nationalIDFinland
  case paymentCard, iban, credentials, text

  /// The contract's name: what events, watch lists and policies say.
  public var name: StaticString {
    switch self {
    case .imei: "imei"
    case .imeisv: "imeisv"
    case .meid: "meid"
    case .imsi: "imsi"
    case .iccid: "iccid"
    case .phoneNumber: "phone-number"
    case .macAddress: "mac-address"
    case .bssid: "bssid"
    case .ssid: "ssid"
    case .androidID: "android-id"
    case .advertisingID: "advertising-id"
    case .serialNumber: "serial-number"
    case .location: "location"
    case .cellID: "cell-id"
    case .email: "email"
    case .nationalIDDenmark: "national-id.dk"
    case .nationalIDNorway: "national-id.no"
    case .nationalIDSweden: "national-id.se"
    case .nationalIDFinland: "national-id.fi"
    case .paymentCard: "payment-card"
    case .iban: "iban"
    case .credentials: "credentials"
    case .text: "text"
    }
  }
}

/// How sure a finding is. `low` is recorded and never alerted.
public enum Confidence: UInt8, Comparable, Sendable {
  /// The structure only: one in ten random numbers passes a check digit.
  case low
  /// The key name only, or a key name with a structure that many values have.
  case medium
  /// A key name, and a check digit or a structure that few values have.
  case high
  /// A value that the owner has named.
  case certain

  public var name: StaticString {
    switch self {
    case .low: "low"
    case .medium: "medium"
    case .high: "high"
    case .certain: "certain"
    }
  }

  public static func < (left: Confidence, right: Confidence) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// The part of a message that was inspected: offsets of findings count from its first byte.
public enum MessagePart: UInt8, CaseIterable, Sendable {
  case httpURL, httpRequestHeader, httpRequestCookie, httpRequestBody
  case httpResponseHeader, httpResponseBody
  case dnsName, smtpMessage, smtpLogin, udpPayload, tcpPayload, webSocket, coapURI, coapPayload

  /// The name that an event's `where` has.
  public var name: StaticString {
    switch self {
    case .httpURL: "http.url"
    case .httpRequestHeader: "http.request.header"
    case .httpRequestCookie: "http.request.cookie"
    case .httpRequestBody: "http.request.body"
    case .httpResponseHeader: "http.response.header"
    case .httpResponseBody: "http.response.body"
    case .dnsName: "dns.name"
    case .smtpMessage: "smtp.message"
    case .smtpLogin: "smtp.auth"
    case .udpPayload: "udp.payload"
    case .tcpPayload: "tcp.payload"
    case .webSocket: "websocket.message"
    case .coapURI: "coap.uri"
    case .coapPayload: "coap.payload"
    }
  }
}
