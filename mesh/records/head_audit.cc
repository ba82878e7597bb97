#include "mesh/records/head_audit.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_head.h"
#include "mesh/records/tlog/checkpoint.h"

namespace psm {
namespace {

constexpr std::uint64_t kEachStride = 1024;  // signatures verified

}  // namespace

absl::StatusOr<std::optional<HeadAudit::Fault>> HeadAudit::Take(
    std::uint64_t size, absl::string_view payload,
    const tlog::Frontier& frontier) {
  const std::uint64_t first = std::exchange(end_, size);
  // The root must be that of the records so far, whoever signed it.
  tlog::Checkpoint checkpoint;
  checkpoint.origin = log_.origin();
  checkpoint.size = frontier.size();
  checkpoint.root = frontier.Root();
  PSM_ASSIGN_OR_RETURN(std::string text, tlog::FormatCheckpoint(checkpoint));
  text += "\n";  // before the signatures
  const std::optional<HeadParts> parts = SplitHead(payload);
  std::string edge;
  for (const tlog::Hash& hash : frontier.hashes()) {
    absl::StrAppend(&edge, tlog::AsBytes(hash));
  }
  if (!parts.has_value() || !absl::StartsWith(parts->note, text) ||
      parts->edge != edge) {
    return Fault{first, size == 0 ? 0 : size - 1,
                 "the head behind these records is not of their tree"};
  }
  note_.assign(parts->note.data(), parts->note.size());
  first_ = first;
  verified_ = false;
  const bool due = every_signature_ || heads_ % stride_ == 0;
  ++heads_;
  if (!due) return std::nullopt;
  if (!every_signature_ && ++of_this_stride_ == kEachStride) {
    stride_ *= 2;
    of_this_stride_ = 0;
  }
  return VerifyLast();
}

std::optional<HeadAudit::Fault> HeadAudit::VerifyLast() {
  if (note_.empty() || std::exchange(verified_, true)) return std::nullopt;
  if (!log_.Open(note_).ok()) {
    return Fault{first_, end_ - 1,
                 "the head behind these records is not signed by the log"};
  }
  ++signatures_;
  return std::nullopt;
}

}  // namespace psm
