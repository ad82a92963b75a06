import Glibc
import Synchronization

private let requested = Atomic<Bool>(false)

/// Whether the user asked to stop (Ctrl-C, or SIGTERM): what was found by then is written.
public enum Interruption {
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// From now on the first signal asks to stop; a second one ends the program at once.
  public static func catchSignals() {
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { received in
        requested.store(true, ordering: .relaxed)
        signal(received, SIG_DFL)
      }
      // No SA_RESTART: a read that waits must come back.
      sigaction(number, &action, nil)
    }
    // A reader of our output that goes away is a failed write, not a death.
    signal(SIGPIPE, SIG_IGN)
  }
}
