// The head of a log: its tree's right edge and the checkpoint that signs it.
// One stands behind the records of every commit, so that what is released is
// under a signature, and a start need not read the log to sign on.
#ifndef PSM_MESH_RECORDS_LOG_HEAD_H_
#define PSM_MESH_RECORDS_LOG_HEAD_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/note_key.h"

namespace psm {

struct LogHead {
  tlog::Frontier frontier;
  tlog::SignedCheckpoint checkpoint;  // of the frontier's size and root
};

// Most bytes that EncodeHead makes: origins are at most kMaxOriginBytes.
inline constexpr std::size_t kMaxOriginBytes = 200;
inline constexpr std::size_t kMaxHeadBytes = 2720;

// Signs the head of a log whose tree ends in `frontier`; the origin is the
// signer's name. Errors as SignedCheckpoint::Make. About 60 us.
absl::StatusOr<LogHead> SignHead(const tlog::Frontier& frontier,
                                 const tlog::NoteSigner& signer);

// The payload of a frame of kind kCheckpoint (FORMAT.md).
std::string EncodeHead(const LogHead& head);

// The parts of a head's payload; nothing of them is looked at.
struct HeadParts {
  absl::string_view note;  // the signed checkpoint
  absl::string_view edge;  // hashes of the frontier, one behind the other
};
// nullopt where the bytes end too soon.
std::optional<HeadParts> SplitHead(absl::string_view payload);

// DATA_LOSS, reason RECORDS_DAMAGED, where the bytes are none that EncodeHead
// makes, or the frontier is not the signed one; reason LOG_KEY_UNKNOWN,
// FAILED_PRECONDITION, where it is signed by none of `log`'s keys, or by one at
// another's time. About 100 us.
absl::StatusOr<LogHead> DecodeHead(absl::string_view payload,
                                   const LogKeys& log);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_HEAD_H_
