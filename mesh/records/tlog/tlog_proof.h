// A proof that an entry is in a log, as one text that is verified without a
// network (C2SP tlog-proof).
#ifndef PSM_MESH_RECORDS_TLOG_TLOG_PROOF_H_
#define PSM_MESH_RECORDS_TLOG_TLOG_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/proof.h"

namespace psm::tlog {

struct TlogProof {
  std::uint64_t index = 0;  // of the entry, zero-based
  std::vector<Hash> path;   // of inclusion, from the leaf upwards
  std::string extra;        // bytes that nothing vouches for; "" for none
  std::string checkpoint;   // a signed note
};

std::string FormatTlogProof(const TlogProof& proof);

// INVALID_ARGUMENT for a text that FormatTlogProof would not make, or with more
// than kMaxProofHashes. The note is not looked into and nothing is verified.
absl::StatusOr<TlogProof> ParseTlogProof(absl::string_view text);

// OK, with the checkpoint, where the log has signed one, at least `quorum` of
// `witnesses` have cosigned it, and the entry with the leaf hash `leaf` is at
// the proof's index in its tree. INVALID_ARGUMENT where the path or the note is
// bad, NOT_FOUND for another log, PERMISSION_DENIED where a signature by a
// known key does not hold or too few have cosigned.
absl::StatusOr<SignedCheckpoint> VerifyTlogProof(
    const TlogProof& proof, const Hash& leaf, const VerifierKey& log,
    absl::Span<const VerifierKey> witnesses, std::size_t quorum);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_TLOG_PROOF_H_
