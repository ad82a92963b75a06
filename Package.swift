// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "inspectd",
  products: [
    .library(name: "InspectCore", targets: ["InspectCore"]),
    .library(name: "InspectIO", targets: ["InspectIO"]),
    .executable(name: "inspectd", targets: ["inspectd"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // The engine: no Foundation, no I/O; also compiled as Embedded Swift (.ci/embedded).
    .target(
      name: "InspectCore",
      swiftSettings: house + [.strictMemorySafety(), .enableExperimentalFeature("BuiltinModule")]),
    // All that touches the world: captures, databases, logs, events, reports.
    .target(
      name: "InspectIO",
      dependencies: [
        "InspectCore", "CPcap", "CMaxMindDB", "CZlib", "CBrotli", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["Geo/make-country-distances.py"],
      resources: [
        .embedInCode("Policy/transfer-policy.csv"), .embedInCode("Geo/country-distances.txt"),
      ],
      swiftSettings: house),
    // The command line and nothing else.
    .executableTarget(
      name: "inspectd",
      dependencies: [
        "InspectIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: house),
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(
      name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .testTarget(
      name: "InspectCoreTests", dependencies: ["InspectCore", "InspectIO", "CZlib"],
      exclude: ["Vectors"],
      swiftSettings: house),
    .testTarget(
      name: "InspectIOTests", dependencies: ["InspectIO", "inspectd"], swiftSettings: house),
  ],
  swiftLanguageModes: [.v6]
)
