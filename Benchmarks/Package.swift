// swift-tools-version: 6.2
import PackageDescription

// A package of its own: who builds or uses inspectd needs nothing of this.
let package = Package(
  name: "inspectd-benchmarks",
  dependencies: [
    .package(name: "inspectd", path: ".."),
    // Without its traits: they replace malloc and the runtime's reference counting, to count them.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "InspectCoreBenchmarks",
      dependencies: [
        .product(name: "InspectCore", package: "inspectd"),
        .product(name: "InspectIO", package: "inspectd"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/InspectCoreBenchmarks",
      swiftSettings: [
        .treatAllWarnings(as: .error),
        .enableExperimentalFeature("Lifetimes"),
      ],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
