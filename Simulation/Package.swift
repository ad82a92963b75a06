// swift-tools-version: 6.2
import PackageDescription

// Simulated phones, on which the correlation with unlocks is measured (docs/unlock-evaluation.md).
// The core's sources are linked in, so that nothing has to be fetched.
let package = Package(
  name: "simulation",
  targets: [
    .target(
      name: "InspectCore",
      swiftSettings: [
        .enableExperimentalFeature("Lifetimes"), .enableExperimentalFeature("BuiltinModule"),
      ]),
    .executableTarget(name: "simulate", dependencies: ["InspectCore"]),
  ],
  swiftLanguageModes: [.v6]
)
