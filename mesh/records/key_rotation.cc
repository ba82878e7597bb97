#include "mesh/records/key_rotation.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/timestamp.h"
#include "mesh/records/tlog/note.h"
#include "mesh/records/tlog/note_text.h"

namespace psm {
namespace {

// No checkpoint begins like this: its first line would be an origin and its
// second a number.
constexpr char kFirstLine[] = "psm-log-key-rotation/1";

absl::Status NoRotation(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a rotation of keys: ", why));
}

std::string TextOf(std::uint64_t index, const tlog::VerifierKey& next) {
  return absl::StrCat(kFirstLine, "\n", next.name(), "\n", index, "\n",
                      next.ToText(), "\n");
}

bool AreOfOneLog(const tlog::VerifierKey& old_key,
                 const tlog::VerifierKey& next) {
  return old_key.name() == next.name() && old_key.id() != next.id() &&
         next.type() == tlog::SignatureType::kEd25519;
}

}  // namespace

absl::StatusOr<std::string> SignRotation(std::uint64_t index,
                                         const tlog::NoteSigner& old_key,
                                         const tlog::NoteSigner& next) {
  if (!AreOfOneLog(old_key.verifier(), next.verifier()))
    return NoRotation("it needs two keys of one log");
  tlog::Note note;
  note.text = TextOf(index, next.verifier());
  for (const tlog::NoteSigner* key : {&old_key, &next}) {
    PSM_ASSIGN_OR_RETURN(tlog::NoteSignature signature, key->Sign(note.text));
    note.signatures.push_back(std::move(signature));
  }
  return tlog::FormatNote(note);
}

absl::StatusOr<KeyRotation> OpenRotation(absl::string_view note,
                                         const tlog::VerifierKey& old_key) {
  PSM_ASSIGN_OR_RETURN(const tlog::Note parsed, tlog::ParseNote(note));
  const std::vector<absl::string_view> lines =
      absl::StrSplit(parsed.text, '\n');
  constexpr std::size_t kLines = 5;  // the last one empty
  if (lines.size() != kLines) return NoRotation("it has other lines");
  const std::optional<std::uint64_t> index = tlog::ParseDecimal(lines[2]);
  if (!index.has_value()) return NoRotation("its index is no number");
  PSM_ASSIGN_OR_RETURN(tlog::VerifierKey next,
                       tlog::VerifierKey::FromText(lines[3]));
  if (!AreOfOneLog(old_key, next))
    return NoRotation("the key that it names is not the log's next");
  // One spelling, so that one statement is one record.
  if (parsed.text != TextOf(*index, next))
    return NoRotation("it has other lines");
  PSM_RETURN_IF_ERROR(tlog::VerifySignatures(parsed, {&old_key, 1}).status());
  PSM_RETURN_IF_ERROR(tlog::VerifySignatures(parsed, {&next, 1}).status());
  return KeyRotation{*index, std::move(next)};
}

records::v1::Record RotationRecord(const std::string& note, absl::Time now) {
  records::v1::Record record;
  record.set_kind(records::v1::Record::KEY_ROTATION);
  record.set_key_rotation(note);
  SetTimestamp(now, record.mutable_record_time());
  *record.mutable_ask_time() = record.record_time();
  return record;
}

}  // namespace psm
