// What a log shows as its head, and the keys that it shows with it: judged
// before anything is read of its tree.
#ifndef PSM_MESH_RECORDS_PUBLISHED_CHECKPOINT_H_
#define PSM_MESH_RECORDS_PUBLISHED_CHECKPOINT_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/published_tree.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/tile_folder.h"

namespace psm {

// The file of a log that holds it (C2SP tlog-tiles).
inline constexpr char kCheckpointFile[] = "checkpoint";

// What is wrong with a checkpoint that `log` has opened with `status`.
AuditFinding NotTheLogs(const absl::Status& status, const LogKeys& log);

// Follows the keys that the log shows to whoever trusts an earlier one, which
// `keys` does. They are read behind `checkpoint`, a signed note: a key is shown
// before anything is published that it has signed. A finding where they cannot
// be followed, or one that `keys` knows is not shown. Errors are the source's.
absl::StatusOr<std::optional<AuditFinding>> FollowKeys(
    tlog::TileSource& source, absl::string_view checkpoint, LogKeys& keys);

// The published checkpoint beside one that is known. A finding where the log
// has shrunk, or has two roots for one size. `when` says how it became known:
// "it had 3 entries when <when>".
std::optional<AuditFinding> Compare(const tlog::SignedCheckpoint& published,
                                    const tlog::SignedCheckpoint& kept,
                                    absl::string_view when);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_PUBLISHED_CHECKPOINT_H_
