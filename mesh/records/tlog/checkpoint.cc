#include "mesh/records/tlog/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

absl::Status NoCheckpoint(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a checkpoint: ", why));
}

bool IsLine(absl::string_view line) {
  return !line.empty() && IsNoteText(line) &&
         line.find('\n') == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint) {
  if (!IsLine(checkpoint.origin)) return NoCheckpoint("its origin is no line");
  if (checkpoint.size > kMaxTreeSize)
    return NoCheckpoint("no tree is that large");
  std::string text =
      absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n",
                   EncodeBase64(AsBytes(checkpoint.root)), "\n");
  for (const std::string& extension : checkpoint.extensions) {
    if (!IsLine(extension)) return NoCheckpoint("an extension is no line");
    absl::StrAppend(&text, extension, "\n");
  }
  return text;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\n"))
    return NoCheckpoint("its last line does not end");
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() < 3)
    return NoCheckpoint("it has fewer lines than origin, size and root");
  for (absl::string_view line : lines) {
    if (!IsLine(line)) return NoCheckpoint("a line is empty or not text");
  }
  const auto size = ParseDecimal(lines[1]);
  if (!size.has_value()) return NoCheckpoint("its size is no number");
  const auto root = DecodeBase64(lines[2]);
  if (!root.has_value() || root->size() != kHashSize)
    return NoCheckpoint("its root is not base64 of 32 bytes");
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  checkpoint.size = *size;
  PSM_ASSIGN_OR_RETURN(checkpoint.root, HashFromBytes(*root));
  for (std::size_t i = 3; i < lines.size(); ++i)
    checkpoint.extensions.emplace_back(lines[i]);
  return checkpoint;
}

SignedCheckpoint::SignedCheckpoint(Checkpoint checkpoint, Note note)
    : checkpoint_(std::move(checkpoint)), note_(std::move(note)) {}

absl::StatusOr<SignedCheckpoint> SignedCheckpoint::Make(Checkpoint checkpoint,
                                                        const NoteSigner& log) {
  if (checkpoint.origin != log.verifier().name())
    return NoCheckpoint("its origin is not the name of the log's key");
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot())
    return NoCheckpoint("an empty tree has another root");
  Note note;
  PSM_ASSIGN_OR_RETURN(note.text, FormatCheckpoint(checkpoint));
  PSM_ASSIGN_OR_RETURN(NoteSignature signature, log.Sign(note.text));
  note.signatures.push_back(std::move(signature));
  return SignedCheckpoint(std::move(checkpoint), std::move(note));
}

absl::StatusOr<SignedCheckpoint> SignedCheckpoint::Open(
    absl::string_view bytes, const VerifierKey& log) {
  return Open(bytes, absl::Span<const VerifierKey>(&log, 1));
}

absl::StatusOr<SignedCheckpoint> SignedCheckpoint::Open(
    absl::string_view bytes, absl::Span<const VerifierKey> keys) {
  const VerifierKey& log = keys.front();
  for (const VerifierKey& key : keys) {
    if (key.type() != SignatureType::kEd25519 || key.name() != log.name())
      return absl::InvalidArgumentError("a log signs with a key of type 1");
  }
  PSM_ASSIGN_OR_RETURN(Note note, ParseNote(bytes));
  PSM_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(note.text));
  if (checkpoint.origin != log.name()) {
    return absl::NotFoundError(
        absl::StrCat("the checkpoint is not of the log ", log.name()));
  }
  PSM_RETURN_IF_ERROR(VerifySignatures(note, keys).status());
  return SignedCheckpoint(std::move(checkpoint), std::move(note));
}

absl::Status SignedCheckpoint::AddCosignature(const NoteSignature& cosignature,
                                              const VerifierKey& witness) {
  if (witness.type() != SignatureType::kCosignature)
    return absl::InvalidArgumentError("a witness signs with a key of type 4");
  if (!witness.IsOf(cosignature) || !witness.Verify(note_.text, cosignature)) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the cosignature is not one of ", witness.name(), " over this"));
  }
  std::vector<NoteSignature>& all = note_.signatures;
  const auto earlier = std::find_if(
      all.begin(), all.end(),
      [&](const NoteSignature& other) { return witness.IsOf(other); });
  if (earlier != all.end()) {
    *earlier = cosignature;
    return absl::OkStatus();
  }
  if (all.size() == kMaxNoteSignatures)
    return absl::ResourceExhaustedError("the checkpoint is full of signatures");
  all.push_back(cosignature);
  return absl::OkStatus();
}

}  // namespace psm::tlog
