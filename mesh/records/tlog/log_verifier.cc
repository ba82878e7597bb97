#include "mesh/records/tlog/log_verifier.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note.h"

namespace psm::tlog {

absl::StatusOr<SignedCheckpoint> LogVerifier::Open(
    absl::string_view bytes) const {
  PSM_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  PSM_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(note.text));
  return SignedCheckpoint::Open(bytes, Of(checkpoint.size));
}

absl::StatusOr<SignedCheckpoint> LogVerifier::Open(absl::string_view bytes,
                                                   TileSource& log) {
  absl::StatusOr<SignedCheckpoint> opened = Open(bytes);
  if (!absl::IsPermissionDenied(opened.status())) return opened;
  const absl::StatusOr<std::string> shown = log.Read(kKeysName);
  if (absl::IsNotFound(shown.status())) return opened;
  PSM_RETURN_IF_ERROR(shown.status());
  if (const auto links = Follow(*shown); !links.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat(opened.status().message(),
                     "; nor do the keys that the log shows help: ",
                     links.status().message()));
  }
  return Open(bytes);
}

absl::StatusOr<std::vector<KeyLink>> OneKey::FollowUpTo(std::uint64_t,
                                                        absl::string_view) {
  return absl::PermissionDeniedError(
      absl::StrCat(origin(), " is known to have one key and no other"));
}

}  // namespace psm::tlog
