#include "mesh/records/audit.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/expunging.h"
#include "mesh/records/head_audit.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/published_checkpoint.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

using In = AuditFinding::In;
using tlog::SignedCheckpoint;

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// Whether a record holds bytes that no leaf commits to, its times' included.
bool HasMoreThanItsLeaf(const records::v1::Record& record) {
  return HasUnknownFields(record) || HasUnknownFields(record.ask_time()) ||
         HasUnknownFields(record.provide_time()) ||
         HasUnknownFields(record.record_time()) ||
         HasUnknownFields(record.expunged_before());
}

// A record may wait for its publication, and a checkpoint for being kept; an
// operator may mend a clock. More than this nobody explains.
constexpr absl::Duration kPublishedWithin = absl::Hours(24);
constexpr absl::Duration kClockTurnedBack = absl::Hours(24);

class Audit {
 public:
  Audit(const AuditOptions& options, const SignedCheckpoint& published,
        AuditReport& report)
      : options_(options),
        log_(*report.keys),
        published_(published),
        folder_(options.log),
        tree_(options.served != nullptr ? *options.served : folder_,
              published.size()),
        report_(report),
        heads_(log_, options.every_signature) {}

  absl::Status Run() {
    if (!options_.records.empty()) PSM_RETURN_IF_ERROR(ReadRecords());
    bool more = true;
    while (more) {
      PSM_ASSIGN_OR_RETURN(more, NextEntry());
    }
    report_.entries = tree_.done();
    const bool whole = tree_.done() == published_.size();
    const bool holds = whole && tree_.frontier().Root() == published_.root();
    if (whole && !holds) {
      Find({In::kRoot, std::nullopt, std::nullopt, kCheckpointFile,
            "the root it signs is not that of the entries"});
    }
    // Whoever serves a log need not keep what is left of smaller trees.
    if (holds && options_.served == nullptr) {
      PSM_RETURN_IF_ERROR(tree_.CheckLeftovers());
      TakeFindingOfTree();
    }
    report_.files = tree_.files();
    if (report_.finding.has_value()) SayWhichIsWrong(whole, holds);
    return absl::OkStatus();
  }

 private:
  void Find(AuditFinding finding) {
    if (!report_.finding.has_value()) report_.finding = std::move(finding);
  }
  void TakeFindingOfTree() {
    if (tree_.finding().has_value()) Find(*tree_.finding());
  }

  // False at the end of what can be walked through.
  absl::StatusOr<bool> NextEntry() {
    absl::StatusOr<bool> more = tree_.Next();
    TakeFindingOfTree();
    if (!more.ok() || !*more) return more;
    CheckRotation();
    CheckHistory(options_.kept, "that was kept");
    CheckHistory(options_.witnessed, "that the witness has cosigned");
    return true;
  }

  void CheckHistory(const std::optional<KeptCheckpoint>& known,
                    absl::string_view which) {
    if (!known.has_value() || tree_.done() != known->checkpoint.size() ||
        tree_.frontier().Root() == known->checkpoint.root())
      return;
    Find({In::kHistory, 0, tree_.done() - 1, kCheckpointFile,
          absl::StrCat("these entries are not those of the checkpoint ", which,
                       ": the log shows two histories")});
  }

  // What the keys were followed by must be in the log, where it says.
  void CheckRotation() {
    const std::vector<LogKeys::Rotation>& rotations = log_.rotations();
    if (report_.rotations == rotations.size()) return;
    const LogKeys::Rotation& next = rotations[report_.rotations];
    if (tree_.done() != next.index + 1) return;
    ++report_.rotations;
    if (tree_.entry() == next.leaf) return;
    Find({In::kKeys, next.index, next.index, tlog::kKeysName,
          "the entry does not name the key that signs what follows it"});
  }

  // The log may have changed its key behind what was read of its keys.
  absl::Status FollowRecord(std::uint64_t index, absl::string_view seed) {
    const std::vector<LogKeys::Rotation>& rotations = log_.rotations();
    if (!rotations.empty() && index <= rotations.back().index)
      return absl::OkStatus();
    if (const absl::Status followed = log_.Follow(record_, seed);
        !followed.ok() || rotations.back().index != index) {
      return Bad(index, index,
                 followed.ok()
                     ? "the record changes the log's key at another index"
                     : absl::StrCat("the record does not change the log's "
                                    "key: ",
                                    followed.message()));
    }
    return absl::OkStatus();
  }

  absl::Status ReadRecords() {
    report_.records_read = true;
    const std::unique_ptr<PosixSegmentFolder> folder =
        PosixSegmentFolder::OpenToRead(options_.records);
    PSM_RETURN_IF_ERROR(folder->List().status());
    absl::Status status =
        ReadFrames(*folder, 0, [this](const FrameView& frame) -> absl::Status {
          if (frame.header.generation != segment_) {
            PSM_RETURN_IF_ERROR(OfHead(heads_.VerifyLast()));
            segment_ = frame.header.generation;
          }
          return frame.header.kind == FrameKind::kHead ? TakeHead(frame)
                                                       : TakeRecords(frame);
        });
    if (status.ok()) status = OfHead(heads_.VerifyLast());
    report_.heads = heads_.heads();
    report_.signatures = heads_.signatures();
    const std::uint64_t read = Read();
    if (absl::IsDataLoss(status) || absl::IsFailedPrecondition(status)) {
      Find({In::kRecord, read, read, Where(DetailOf(status)),
            std::string(status.message())});
    } else if (!status.ok() && !absl::IsCancelled(status)) {
      return status;
    }
    if (read < published_.size()) {
      Find({In::kRecord, read, published_.size() - 1, Segment(),
            "the records end before this one, which was published"});
    }
    CheckExpunged();
    return absl::OkStatus();
  }

  // Index after the last record that was read, or is known to be gone.
  std::uint64_t Read() const {
    return report_.expunged + report_.records + report_.unpublished;
  }

  // Goes through the entries of records that are gone, up to `end`.
  absl::Status PassExpunged(std::uint64_t end) {
    if (end > published_.size()) {
      return Bad(0, end - 1, "these records are gone, and were not published");
    }
    while (report_.expunged < end) {
      PSM_ASSIGN_OR_RETURN(const bool more, NextEntry());
      if (!more || report_.finding.has_value()) return Enough();
      ++report_.expunged;
    }
    return absl::OkStatus();
  }

  // What a record says that expunges others.
  absl::Status TakeExpunging(const Expunging& says) {
    if (says.begin >= says.end || says.end > says.index) {
      return Bad(says.index, says.index,
                 "the record says that records were expunged that were not "
                 "there");
    }
    if (says.time - says.before < kShortestRetention) {
      return Bad(says.index, says.index,
                 "the record says that records were expunged sooner than any "
                 "log may");
    }
    for (const auto& known : {options_.kept, options_.witnessed}) {
      // What came after a checkpoint is no older than that.
      if (known.has_value() && says.end > known->checkpoint.size() &&
          says.before < known->kept - kPublishedWithin) {
        return Bad(known->checkpoint.size(), says.end - 1,
                   "these records were expunged, and were too young: they were "
                   "not there yet when a checkpoint was signed that is known");
      }
    }
    expunging_ = says;
    return absl::OkStatus();
  }

  void CheckExpunged() {
    if (report_.expunged == 0 || report_.finding.has_value()) return;
    if (!expunging_.has_value() || expunging_->end < report_.expunged) {
      Find({In::kRecord, expunging_.has_value() ? expunging_->end : 0,
            report_.expunged - 1, "records",
            "these records are gone, and no record says that they were "
            "expunged"});
      return;
    }
    report_.youngest_expunged = expunging_->time - expunging_->before;
  }

  absl::Status TakeRecords(const FrameView& frame) {
    const auto items = SplitPayload(frame.payload, frame.header.record_count);
    std::uint64_t index = frame.header.first_index;
    if (Read() == 0) PSM_RETURN_IF_ERROR(PassExpunged(index));
    if (index != Read()) {
      return Bad(Read(), index - 1, "these records are missing");
    }
    if (!items.has_value()) return Bad(index, index, "the frame is malformed");
    for (const PayloadItem& item : *items) {
      record_.Clear();
      // Bytes that no leaf commits to could say anything.
      if (!record_.ParseFromArray(item.record.data(),
                                  static_cast<int>(item.record.size())) ||
          HasMoreThanItsLeaf(record_) ||
          record_.ByteSizeLong() != item.record.size()) {
        return Bad(index, index, "the record is not as it is written");
      }
      const RecordSeal seal(record_, item.seed);
      if (index < published_.size()) {
        PSM_ASSIGN_OR_RETURN(const bool more, NextEntry());
        if (!more) return Enough();
        if (seal.leaf() != tree_.entry()) {
          return Bad(index, index, "the record is not the one of its entry");
        }
        if (report_.finding.has_value()) return Enough();
        ++report_.records;
      } else {
        if (report_.unpublished == 0) beyond_ = tree_.frontier();
        beyond_.Append(tlog::LeafHash(seal.leaf()));
        ++report_.unpublished;
        if (record_.kind() == records::v1::Record::KEY_ROTATION)
          PSM_RETURN_IF_ERROR(FollowRecord(index, item.seed));
      }
      PSM_RETURN_IF_ERROR(TakeTime(index));
      ++index;
    }
    return absl::OkStatus();
  }

  absl::Status TakeHead(const FrameView& frame) {
    PSM_ASSIGN_OR_RETURN(
        const std::optional<HeadAudit::Fault> fault,
        heads_.Take(frame.header.first_index, frame.payload,
                    report_.unpublished == 0 ? tree_.frontier() : beyond_));
    return OfHead(fault);
  }

  absl::Status OfHead(const std::optional<HeadAudit::Fault>& fault) {
    if (!fault.has_value()) return absl::OkStatus();
    return Bad(fault->first, fault->last, fault->what, In::kHead);
  }

  // A record that expunges is not of a later time than the one behind it: else
  // records could be made old enough by a clock that is turned back afterwards.
  absl::Status TakeTime(std::uint64_t index) {
    const absl::Time time = FromTimestamp(record_.record_time());
    if (expunging_.has_value() && expunging_->index + 1 == index &&
        expunging_->time > time + kClockTurnedBack) {
      return Bad(expunging_->index, expunging_->index,
                 "the record expunges others at a later time than that of the "
                 "record behind it");
    }
    const std::optional<Expunging> says = ExpungingOf(index, record_);
    return says.has_value() ? TakeExpunging(*says) : absl::OkStatus();
  }

  absl::Status Bad(std::uint64_t first, std::uint64_t last,
                   absl::string_view what, In in = In::kRecord) {
    Find({in, first, last, Segment(), std::string(what)});
    return Enough();
  }
  std::string Segment() const {
    return segment_ == 0 ? std::string("records")
                         : absl::StrFormat("segment-%012d", segment_);
  }
  static std::string Where(const std::optional<ErrorDetail>& detail) {
    if (!detail.has_value()) return "records";
    const auto segment = detail->metadata.find("segment");
    std::uint64_t number = 0;
    return segment != detail->metadata.end() &&
                   absl::SimpleAtoi(segment->second, &number)
               ? absl::StrFormat("segment-%012d", number)
               : std::string("records");
  }

  // Of two that differ, the checkpoint tells which one is signed.
  void SayWhichIsWrong(bool whole, bool holds) {
    if (!whole) return;
    AuditFinding& finding = *report_.finding;
    absl::string_view which;
    switch (finding.in) {
      case In::kEntry:
        which = holds ? "the checkpoint signs the entry: the tile was changed"
                      : "the checkpoint does not sign the entry";
        break;
      case In::kTile:
        which = holds ? "the checkpoint signs the entries: the tile was changed"
                      : "the checkpoint does not sign these entries";
        break;
      case In::kRecord:
      case In::kHead:
        which = holds ? "the checkpoint signs what was published: the records' "
                        "folder was changed"
                      : "the checkpoint does not sign what was published "
                        "either";
        break;
      default:
        return;
    }
    absl::StrAppend(&finding.what, "; ", which);
  }

  const AuditOptions& options_;
  LogKeys& log_;  // the report's
  const SignedCheckpoint& published_;
  tlog::FolderSource folder_;
  PublishedTree tree_;
  AuditReport& report_;

  records::v1::Record record_;          // its memory is used again
  std::optional<Expunging> expunging_;  // the last record that says so
  tlog::Frontier beyond_;  // with the records that are not published yet
  HeadAudit heads_;
  std::uint64_t segment_ = 0;  // number of the one being read; 0: none yet
};

}  // namespace

absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options,
                                     const LogKeys& trusted,
                                     const Clock& clock) {
  const absl::Duration start = clock.Monotonic();
  AuditReport report;
  LogKeys& log = report.keys.emplace(trusted);
  tlog::FolderSource folder(options.log);
  tlog::TileSource& source =
      options.served != nullptr ? *options.served : folder;
  absl::StatusOr<std::string> bytes = source.Read(kCheckpointFile);
  if (absl::IsNotFound(bytes.status()) && options.kept.has_value()) {
    report.finding =
        AuditFinding{In::kHistory, 0, std::nullopt, kCheckpointFile,
                     absl::StrCat("the log is gone: it had ",
                                  options.kept->checkpoint.size(), " entries")};
  } else {
    PSM_RETURN_IF_ERROR(bytes.status());
    PSM_ASSIGN_OR_RETURN(report.finding, FollowKeys(source, *bytes, log));
    absl::StatusOr<SignedCheckpoint> published = log.Open(*bytes);
    if (report.finding.has_value()) {
      // Whoever trusts an earlier key would be led astray.
    } else if (!published.ok()) {
      report.finding = NotTheLogs(published.status(), log);
    } else {
      if (options.kept.has_value()) {
        report.finding = Compare(*published, options.kept->checkpoint,
                                 "its checkpoint was kept");
      }
      if (options.witnessed.has_value() && !report.finding.has_value()) {
        report.finding = Compare(*published, options.witnessed->checkpoint,
                                 "the witness cosigned its checkpoint");
      }
      report.checkpoint = *published;
      if (!report.finding.has_value()) {
        PSM_RETURN_IF_ERROR(Audit(options, *published, report).Run());
      }
    }
  }
  report.took = clock.Monotonic() - start;
  return report;
}

}  // namespace psm
