/// Destinations that belong together but are each called too rarely to be tested: hosts below one
/// registrable domain, else addresses without a name in one autonomous system.
///
/// Who is called often enough is tested alone and stays out: the sends of several applications of
/// one company, taken together, follow unlocks more steadily than any of them does.
struct DestinationGroups {
  struct Group {
    var name: [UInt8]
    var members: [Int]
  }

  /// Fewer members are no group.
  private static let fewest = 3
  private static let limit = 64

  private var named: [(name: [UInt8], number: Int)] = []

  mutating func add(_ number: Int, host: [UInt8]) {
    named.append((DestinationGroups.registrableDomain(host), number))
  }

  mutating func add(_ number: Int, autonomousSystem: UInt32) {
    var name: [UInt8] = []
    var rest = autonomousSystem
    repeat {
      name.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
      rest /= 10
    } while rest > 0
    named.append(([0x41, 0x53] + name.reversed(), number))
  }

  /// The groups, by name; what is beyond the limit is left out.
  mutating func groups() -> [Group] {
    named.sort { ($0.name.lexicographicallyPrecedes($1.name)) }
    var groups: [Group] = []
    for (name, number) in named {
      if let last = groups.indices.last, groups[last].name == name {
        groups[last].members.append(number)
      } else {
        groups.append(Group(name: name, members: [number]))
      }
    }
    groups.removeAll { $0.members.count < DestinationGroups.fewest }
    return Array(groups.prefix(DestinationGroups.limit))
  }

  /// The last two labels, or three below a country's `co`, `com`, ... An approximation of the
  /// Public Suffix List, which would be larger than the rest of the core.
  static func registrableDomain(_ host: [UInt8]) -> [UInt8] {
    let dot = UInt8(ascii: ".")
    var dots: [Int] = []
    for index in host.indices.reversed() where host[index] == dot && dots.count < 3 {
      dots.append(index)
    }
    guard dots.count >= 2 else { return host }
    let second = host[(dots[1] + 1)..<dots[0]]
    let isCountry = host.count - dots[0] == 3
    let isSuffix = isCountry && second.count <= 3
    guard isSuffix else { return Array(host[(dots[1] + 1)...]) }
    return dots.count == 3 ? Array(host[(dots[2] + 1)...]) : host
  }
}
