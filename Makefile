# make demo   sets up everything, builds, and shows the finding in the 2019 case's capture
# make test   sets up what the tests need and runs them
SWIFT ?= swift
PROGRAM = .build/release/inspectd
# The Swift runtime is linked in where the toolchain has it in that form: the program then starts
# faster, takes less memory, and runs where there is no Swift.
STATIC_RUNTIME = $(dir $(realpath $(shell command -v $(SWIFT))))../lib/swift_static/linux/libswiftCore.a
RUNTIME = $(if $(wildcard $(STATIC_RUNTIME)),--static-swift-stdlib)

.PHONY: demo test setup build lint embedded captures clean

demo: build
	@$(PROGRAM) geo lookup 192.0.2.1 >/dev/null 2>&1 || $(PROGRAM) geo build || \
	  echo "demo: no geolocation database could be made: countries stay unknown" >&2
	@$(PROGRAM) analyze captures/nokia-7-plus.pcapng --unlocks captures/nokia-7-plus-unlocks.csv

test: setup
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

setup:
	@./.ci/setup

build: setup
	$(SWIFT) build -c release --product inspectd $(RUNTIME)

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift \
	  Benchmarks/Benchmarks Benchmarks/Package.swift Fuzz

embedded:
	./.ci/embedded

# The captures are in the repository; this checks that they can be made again, byte for byte.
captures:
	python3 captures/make/compose.py --check

clean:
	rm -rf .build .build-embedded
