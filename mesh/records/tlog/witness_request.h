// What a log sends a witness, as bytes (C2SP tlog-witness, add-checkpoint).
#ifndef PSM_MESH_RECORDS_TLOG_WITNESS_REQUEST_H_
#define PSM_MESH_RECORDS_TLOG_WITNESS_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/merkle.h"

namespace psm::tlog {

inline constexpr std::size_t kMaxWitnessProof = 63;  // hashes

struct WitnessRequest {
  std::uint64_t old_size = 0;  // of the checkpoint that the witness has
  std::vector<Hash> proof;     // of consistency, from old_size
  std::string checkpoint;      // a signed note
};

// The body of the request: "old N", the proof's hashes in base64, an empty
// line, the note.
std::string FormatWitnessRequest(const WitnessRequest& request);

// INVALID_ARGUMENT for a body that FormatWitnessRequest would not make, or with
// more hashes than kMaxWitnessProof. The note is not looked into.
absl::StatusOr<WitnessRequest> ParseWitnessRequest(absl::string_view body);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_WITNESS_REQUEST_H_
