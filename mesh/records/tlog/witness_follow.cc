// What a witness that fetches can tell beyond one that is asked: it makes the
// proof itself, so a proof that fails is not the submitter's mistake. Where the
// tiles that have the shown root begin with another tree than the kept one, the
// log has signed two histories.
//
// And it can follow the log to another key: the file of keys is believed as far
// as each key has signed the next, and as its entries, which must be under the
// very checkpoint that is to be cosigned, name them. So who steals a key and
// names one of his own has to show that to everybody, in the log.
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/witness.h"

namespace psm::tlog {
namespace {

// Whether each of the entries is where it says in the tree.
absl::StatusOr<bool> AreThere(const std::vector<KeyLink>& links,
                              const SignedCheckpoint& tree, TileSource& log) {
  TileReader reader(log, tree.size());
  for (const KeyLink& link : links) {
    PSM_ASSIGN_OR_RETURN(const std::vector<Hash> proof,
                         ProveInclusion(link.index, tree.size(), reader));
    const absl::Status there = VerifyInclusion(
        link.index, tree.size(), LeafHash(link.entry), proof, tree.root());
    if (!there.ok()) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::optional<WitnessAnswer>> Witness::Learn(
    TileSource& log, const std::string& bytes) {
  const absl::StatusOr<std::string> shown = log.Read(kKeysName);
  if (absl::IsNotFound(shown.status())) return std::nullopt;
  PSM_RETURN_IF_ERROR(shown.status());
  PSM_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  PSM_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(note.text));
  std::unique_ptr<LogVerifier> further;
  {
    MutexLock lock(keys_mu_);
    further = log_->Clone();
  }
  WitnessAnswer refused;
  refused.outcome = WitnessOutcome::kNotSigned;
  const auto links = further->FollowUpTo(checkpoint.size, *shown);
  if (!links.ok()) {
    refused.reason =
        absl::StrCat("another key signs, and ", links.status().message());
    return refused;
  }
  const auto tree = further->Open(bytes);
  if (!tree.ok()) return std::nullopt;  // they do not lead to whoever signed
  PSM_ASSIGN_OR_RETURN(const bool there, AreThere(*links, *tree, log));
  if (!there) {
    refused.outcome = WitnessOutcome::kInconsistent;
    refused.reason =
        "another key signs, and no entry of the log names it: the key before "
        "was stolen, or the log changed";
    return refused;
  }
  PSM_ASSIGN_OR_RETURN(const FolderLock folder, FolderLock::Take(folder_));
  MutexLock lock(keys_mu_);
  PSM_RETURN_IF_ERROR(FollowKept());  // another process may be ahead
  PSM_RETURN_IF_ERROR(log_->Follow(further->ToText()).status());
  PSM_RETURN_IF_ERROR(WriteWholeFile(absl::StrCat(folder_, "/", kKeysName),
                                     log_->ToText(), kPublic));
  return std::nullopt;
}

absl::StatusOr<WitnessAnswer> Witness::Follow(TileSource& log) {
  PSM_ASSIGN_OR_RETURN(const std::optional<SignedCheckpoint> kept, Latest());
  WitnessRequest request;
  PSM_ASSIGN_OR_RETURN(request.checkpoint, log.Read("checkpoint"));
  auto shown = OpenKnown(request.checkpoint);
  if (absl::IsPermissionDenied(shown.status())) {
    PSM_ASSIGN_OR_RETURN(const std::optional<WitnessAnswer> refused,
                         Learn(log, request.checkpoint));
    if (refused.has_value()) return *refused;
    shown = OpenKnown(request.checkpoint);
  }
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
