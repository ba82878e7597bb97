#include "mesh/records/tlog/note.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

constexpr absl::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t kIdBytes = 4;

absl::Status NoNote(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a signed note: ", why));
}

}  // namespace

absl::StatusOr<NoteSignature> ParseSignature(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kDash))
    return NoNote("a signature line begins with an em dash and a space");
  const std::size_t space = line.find(' ');
  if (space == absl::string_view::npos || !IsKeyName(line.substr(0, space)))
    return NoNote("a signature line names a key");
  const auto bytes = DecodeBase64(line.substr(space + 1));
  if (!bytes.has_value() || bytes->size() <= kIdBytes)
    return NoNote("a signature is base64 of a key id and more");
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  for (std::size_t i = 0; i < kIdBytes; ++i) {
    signature.key_id =
        signature.key_id << 8 | static_cast<unsigned char>((*bytes)[i]);
  }
  signature.bytes = bytes->substr(kIdBytes);
  return signature;
}

std::string FormatSignature(const NoteSignature& signature) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(signature.key_id >> shift & 0xff));
  absl::StrAppend(&bytes, signature.bytes);
  return absl::StrCat(kDash, signature.name, " ", EncodeBase64(bytes), "\n");
}

absl::StatusOr<Note> ParseNote(absl::string_view bytes) {
  if (bytes.size() > kMaxNoteSize) return NoNote("it is over 256 KiB");
  if (!IsNoteText(bytes))
    return NoNote("it is not UTF-8, or has control characters");
  // The last empty line ends the text, which may have others.
  const std::size_t end = bytes.rfind("\n\n");
  if (end == absl::string_view::npos)
    return NoNote("no empty line ends its text");
  absl::string_view lines = bytes.substr(end + 2);
  if (!absl::ConsumeSuffix(&lines, "\n"))
    return NoNote("its last line is not a whole signature");
  Note note;
  note.text = std::string(bytes.substr(0, end + 1));
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    if (note.signatures.size() == kMaxNoteSignatures)
      return NoNote("it has more than 64 signatures");
    PSM_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignature(line));
    note.signatures.push_back(std::move(signature));
  }
  return note;
}

std::string FormatNote(const Note& note) {
  std::string bytes = absl::StrCat(note.text, "\n");
  for (const NoteSignature& signature : note.signatures)
    absl::StrAppend(&bytes, FormatSignature(signature));
  return bytes;
}

absl::StatusOr<std::vector<VerifiedSignature>> VerifySignatures(
    const Note& note, absl::Span<const VerifierKey> keys) {
  std::vector<VerifiedSignature> verified;
  for (const NoteSignature& signature : note.signatures) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i].IsOf(signature)) continue;
      if (!keys[i].Verify(note.text, signature)) {
        return absl::PermissionDeniedError(absl::StrCat(
            "the signature of ", signature.name, " does not hold"));
      }
      VerifiedSignature good{i, absl::InfinitePast()};
      if (keys[i].type() == SignatureType::kCosignature)
        good.time = CosignatureTime(signature);
      verified.push_back(good);
    }
  }
  if (verified.empty())
    return absl::PermissionDeniedError("no known key has signed the note");
  return verified;
}

}  // namespace psm::tlog
