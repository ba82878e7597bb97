// Signed notes (C2SP signed-note): a text and who signed it. Parsed strictly,
// so that what is parsed and written again is the same to the byte. Knows
// nothing of what the text says.
#ifndef PSM_MESH_RECORDS_TLOG_NOTE_H_
#define PSM_MESH_RECORDS_TLOG_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/note_key.h"

namespace psm::tlog {

// Room for 64 signatures of any kind that is defined, ML-DSA-44 the largest.
inline constexpr std::size_t kMaxNoteSize = 256 * 1024;  // bytes
inline constexpr std::size_t kMaxNoteSignatures = 64;

struct Note {
  std::string text;  // ends with a line feed
  std::vector<NoteSignature> signatures;
};

// The note in `bytes`. INVALID_ARGUMENT, which says why, for what is not one:
// not UTF-8, control characters, no signature, a signature line of another
// form, base64 in another spelling, more than the limits allow. Verifies
// nothing.
absl::StatusOr<Note> ParseNote(absl::string_view bytes);

// The bytes of a note whose parts are valid.
std::string FormatNote(const Note& note);

// One signature line with its line feed, as a witness answers it.
std::string FormatSignature(const NoteSignature& signature);
// INVALID_ARGUMENT for another form; `line` is without its line feed.
absl::StatusOr<NoteSignature> ParseSignature(absl::string_view line);

// A signature that holds.
struct VerifiedSignature {
  std::size_t key = 0;  // index of the key among those asked for
  absl::Time time = absl::InfinitePast();  // of a cosignature
};

// Verifies each signature by one of `keys`; those of other keys are ignored.
// PERMISSION_DENIED where one by a known key does not hold, which spoils the
// note, and where there is none by a known key. Each takes about 100 us.
absl::StatusOr<std::vector<VerifiedSignature>> VerifySignatures(
    const Note& note, absl::Span<const VerifierKey> keys);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_NOTE_H_
