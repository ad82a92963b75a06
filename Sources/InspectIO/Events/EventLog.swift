import InspectCore

/// Where the lines of events go.
public protocol EventDestination: AnyObject {
  func append(_ line: [UInt8])
  /// See `InspectionSink.turn`.
  func turn(to moment: Moment)
}

extension OutputFile: EventDestination {
  /// Lines are written as they come.
  public func turn(to moment: Moment) {}
}

/// The lines of a shard's events, until they are put in the order of all shards'.
final class EventLog: EventDestination {
  /// Lines, and when they were written.
  struct Part: Sendable {
    /// Lines of one moment.
    struct Mark: Sendable {
      let moment: Moment
      /// Where they end in the text.
      var end: Int
    }

    fileprivate(set) var text: [UInt8] = []
    fileprivate(set) var marks: [Mark] = []

    var isEmpty: Bool { marks.isEmpty }
  }

  private var part = Part()
  private var moment = Moment()

  func turn(to moment: Moment) { self.moment = moment }

  func append(_ line: [UInt8]) {
    part.text.append(contentsOf: line)
    if let last = part.marks.indices.last, part.marks[last].moment == moment {
      part.marks[last].end = part.text.count
    } else {
      part.marks.append(Part.Mark(moment: moment, end: part.text.count))
    }
  }

  /// Takes out what was written since it was last taken.
  func take() -> Part {
    var taken = Part()
    swap(&taken, &part)
    return taken
  }
}
