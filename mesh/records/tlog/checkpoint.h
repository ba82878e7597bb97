// Checkpoints: what a log signs, namely how large its tree is and what root it
// has (C2SP tlog-checkpoint). Knows no records.
#ifndef PSM_MESH_RECORDS_TLOG_CHECKPOINT_H_
#define PSM_MESH_RECORDS_TLOG_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/note.h"

namespace psm::tlog {

struct Checkpoint {
  std::string origin;      // which log; here always the name of its key
  std::uint64_t size = 0;  // leaves, at most kMaxTreeSize
  Hash root{};
  std::vector<std::string> extensions;  // further lines, none of them empty

  friend bool operator==(const Checkpoint& a, const Checkpoint& b) {
    return a.origin == b.origin && a.size == b.size && a.root == b.root &&
           a.extensions == b.extensions;
  }
};

// The text of a note: one line each, line feeds at the ends. INVALID_ARGUMENT
// where a line would be empty or not be one line, or the size is over the
// limit.
absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint);

// INVALID_ARGUMENT for any text that FormatCheckpoint would not make.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text);

// A checkpoint that its log has signed, with the cosignatures it has gathered.
// Exists only with a signature that holds and under an origin that is the name
// of the key. Copyable; thread-compatible.
class SignedCheckpoint {
 public:
  // Signs. INVALID_ARGUMENT where FormatCheckpoint's, where the origin is not
  // the signer's name, or the root of an empty tree is not EmptyRoot().
  static absl::StatusOr<SignedCheckpoint> Make(Checkpoint checkpoint,
                                               const NoteSigner& log);
  // Opens a note. INVALID_ARGUMENT where it is no note or its text no
  // checkpoint; NOT_FOUND where its origin is not the name of `log`, so that
  // it is another log's; PERMISSION_DENIED where `log` has not signed it.
  // INVALID_ARGUMENT for a key of another type than kEd25519. Signatures by
  // others are kept, unverified.
  static absl::StatusOr<SignedCheckpoint> Open(absl::string_view bytes,
                                               const VerifierKey& log);
  // The same where the log has had several keys, all of one name: any of them
  // may have signed. `keys` is not empty.
  static absl::StatusOr<SignedCheckpoint> Open(
      absl::string_view bytes, absl::Span<const VerifierKey> keys);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  std::uint64_t size() const { return checkpoint_.size; }
  const Hash& root() const { return checkpoint_.root; }
  const Note& note() const { return note_; }
  std::string ToText() const { return FormatNote(note_); }  // the signed note

  // Adds what a witness answered, in place of an earlier one by the same key.
  // PERMISSION_DENIED where it does not hold, INVALID_ARGUMENT where `witness`
  // is no key for cosignatures, RESOURCE_EXHAUSTED where the note is full.
  absl::Status AddCosignature(const NoteSignature& cosignature,
                              const VerifierKey& witness);
  // Which of `witnesses` have cosigned, and when. PERMISSION_DENIED where a
  // cosignature by one of them does not hold, or there is none.
  absl::StatusOr<std::vector<VerifiedSignature>> Cosignatures(
      absl::Span<const VerifierKey> witnesses) const {
    return VerifySignatures(note_, witnesses);
  }

 private:
  SignedCheckpoint(Checkpoint checkpoint, Note note);
  Checkpoint checkpoint_;
  Note note_;  // its text is FormatCheckpoint(checkpoint_)
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_CHECKPOINT_H_
