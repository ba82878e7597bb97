// Checks a whole log, without any key but the one that verifies: what was
// published against itself and its signature, against the records behind it,
// and against what the log said before.
#ifndef PSM_MESH_RECORDS_AUDIT_H_
#define PSM_MESH_RECORDS_AUDIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/published_tree.h"
#include "mesh/records/tlog/checkpoint.h"

namespace psm {

// A checkpoint that an auditor kept from its last audit, or has from a witness.
struct KeptCheckpoint {
  tlog::SignedCheckpoint checkpoint;
  absl::Time kept;  // when: kept, or cosigned
};

// What a file of KeepCheckpoint's holds; nullopt where there is none.
// FAILED_PRECONDITION where it is not signed by `log`, with the key of its
// size: then the key was changed since otherwise than by a rotation, or it is
// another log's. Else the code of the errno.
absl::StatusOr<std::optional<KeptCheckpoint>> ReadKeptCheckpoint(
    const std::string& file, const LogKeys& log);

struct AuditOptions {
  std::string log;  // folder of tiles
  // Where it is served instead; null: in the folder. Must outlive the audit.
  tlog::TileSource* served = nullptr;
  std::string records;  // folder of records; "": they are not looked at
  // That the log must have grown from: what this auditor saw, and what a
  // witness did. The witness is asked before the log.
  std::optional<KeptCheckpoint> kept;
  std::optional<KeptCheckpoint> witnessed;
  // Every record and root is always checked; of the heads in the records'
  // folder, whose signatures take 0.1 to 0.2 ms each, all of the first 1,024
  // are verified, then every second of the next 2,048, and so on; and the last
  // of each segment. With this, all of them.
  bool every_signature = false;
};

// What an audit has found.
struct AuditReport {
  // The published checkpoint; nullopt where it does not hold by itself.
  std::optional<tlog::SignedCheckpoint> checkpoint;
  // nullopt: everything holds. Its first bad index is the lowest one that can
  // be told.
  std::optional<AuditFinding> finding;

  std::uint64_t entries = 0;  // gone through
  std::uint64_t files = 0;    // tiles and bundles
  bool records_read = false;
  std::uint64_t records = 0;  // that are their entries' own
  // Before these, gone as a record says. Of their entries it is known that they
  // are the signed ones, and no more.
  std::uint64_t expunged = 0;
  absl::Duration youngest_expunged;  // the age that they had, by that record
  std::uint64_t unpublished = 0;     // records behind the checkpoint
  std::uint64_t heads = 0;           // whose root is that of the records so far
  std::uint64_t signatures = 0;      // of heads, verified
  std::uint64_t rotations = 0;       // of keys, that are entries of the log
  // As far as the log led, from those that were trusted.
  std::optional<LogKeys> keys;
  absl::Duration took;
};

// Reads a log that a gateway may be writing: the checkpoint first, then what it
// covers; records behind it are counted only, and checked against their own
// heads. Keys are followed from those in `trusted` on, each of which must be
// named in the log. What is wrong with the log is the report's finding. Errors
// mean that nothing can be said: NOT_FOUND where nothing was ever published or
// there is no such folder; else the code of the errno.
absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options,
                                     const LogKeys& trusted,
                                     const Clock& clock);

// Keeps the checkpoint of an audit for the next one, durably, unless a larger
// one was kept meanwhile; makes the folder where it is missing (0700).
// FAILED_PRECONDITION for a report with a finding. Else as ReadKeptCheckpoint.
// Whoever may write to the file can make the auditor forget, not lie: keep it
// where the log's operator has no access.
absl::Status KeepCheckpoint(const std::string& file, const AuditReport& report);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_AUDIT_H_
