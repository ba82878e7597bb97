// What a witness that fetches can tell beyond one that is asked: it makes the
// proof itself, so a proof that fails is not the submitter's mistake. Where the
// tiles that have the shown root begin with another tree than the kept one, the
// log has signed two histories.
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/witness.h"

namespace psm::tlog {

absl::StatusOr<WitnessAnswer> Witness::Follow(TileSource& log) {
  PSM_ASSIGN_OR_RETURN(const std::optional<SignedCheckpoint> kept, Latest());
  WitnessRequest request;
  PSM_ASSIGN_OR_RETURN(request.checkpoint, log.Read("checkpoint"));
  const auto shown = SignedCheckpoint::Open(request.checkpoint, log_);
  if (!kept.has_value() || !shown.ok()) return AddCheckpoint(request);
  request.old_size = kept->size();
  if (shown->size() < kept->size()) {
    WitnessAnswer answer;
    answer.outcome = WitnessOutcome::kConflict;
    answer.size = kept->size();
    answer.rolled_back = true;
    answer.reason =
        absl::StrCat("the log was rolled back: it had ", kept->size(),
                     " entries and now shows ", shown->size());
    return answer;
  }
  if (kept->size() == 0 || shown->size() == kept->size())
    return AddCheckpoint(request);

  TileReader reader(log, shown->size());
  PSM_ASSIGN_OR_RETURN(request.proof,
                       ProveConsistency(kept->size(), shown->size(), reader));
  PSM_ASSIGN_OR_RETURN(const Frontier edge, ReadFrontier(kept->size(), reader));
  const Hash beginning = edge.Root();
  if (!VerifyConsistency(kept->size(), shown->size(), beginning, shown->root(),
                         request.proof)
           .ok()) {
    return absl::DataLossError(
        "the log's tiles are not those of its checkpoint");
  }
  PSM_ASSIGN_OR_RETURN(WitnessAnswer answer, AddCheckpoint(request));
  if (beginning != kept->root() &&
      answer.outcome == WitnessOutcome::kInconsistent) {
    PSM_RETURN_IF_ERROR(KeepEvidence(*kept, *shown));
    answer.split_view = true;
    answer.reason =
        absl::StrCat("split view: the ", shown->size(),
                     " entries that the log shows begin with other ",
                     kept->size(), " than it has shown before");
  }
  return answer;
}

}  // namespace psm::tlog
