import ArgumentParser
import InspectIO

/// `inspectd live -i IFACE`
struct Live: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "live",
    abstract: "Inspect an interface until stopped (Ctrl-C).",
    discussion: """
      Examples:
        inspectd live -i br-lan
        inspectd live -i wlan0 --device phone=02:00:00:00:00:10 --eve eve.jsonl
        inspectd live -i eth0 --filter 'host 192.168.7.20'
      """)

  @Option(name: [.customShort("i"), .long], help: "The interface.")
  var interface: String

  @OptionGroup var shared: SharedOptions

  /// Unlock logs may grow; where there is no pause they are looked at once in so many packets.
  private static let packetsPerLook = 4096

  func run() throws {
    Interruption.catchSignals()
    var capture: LiveCapture
    var inspection: Inspection
    do throws(LiveCapture.Failure) {
      capture = try LiveCapture(interface: interface, filter: shared.filter)
    } catch {
      throw fail(error)
    }
    do throws(Inspection.Failure) {
      var options = try shared.optionsOrFail()
      // The kernel filters.
      options.filter = nil
      inspection = try Inspection(
        options, files: [], captured: nil, raisesAtOnce: true, logger: shared.logger())
    } catch {
      throw fail(error)
    }
    var evidence = try shared.evidenceRecorder()
    var ending: String?
    var told = 0
    var packets = 0
    loop: while !Interruption.isRequested {
      do throws(LiveCapture.Failure) {
        switch try capture.next() {
        case .packet:
          inspection.inspect(capture.packet, source: 0)
          packets &+= 1
          if packets % Live.packetsPerLook == 0 { inspection.refreshUnlocks() }
          if evidence != nil {
            do throws(EvidenceBundle.Failure) {
              try evidence!.add(capture.packet, of: inspection)
            } catch {
              ending = "\(error)"
              break loop
            }
          }
          // Who waits for alerts gets them at once; other events may gather.
          if inspection.alerts.count > told {
            told = inspection.alerts.count
            inspection.output?.flush()
          }
        case .idle:
          inspection.refreshUnlocks()
          inspection.output?.flush()
        case .end: break loop
        }
      } catch {
        // What was found is written all the same.
        ending = "\(error)"
        break
      }
      if inspection.output?.failure != nil { break }
    }
    let drops = capture.drops
    inspection.finish(drops: drops)
    if evidence != nil {
      try orFail { () throws(EvidenceBundle.Failure) in try evidence!.finish(inspection) }
    }
    try shared.end(inspection, damages: ending.map { [$0] } ?? [], drops: drops)
  }
}
