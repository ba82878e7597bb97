// What anybody may hand to a reader of the log: signed notes, checkpoints,
// verifier keys, requests to a witness, proofs, paths of tiles, bundles.
// Whatever is taken is written again as the same bytes.
#include <string>

#include "mesh/contracts/utf8.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/note.h"
#include "mesh/records/tlog/note_text.h"
#include "mesh/records/tlog/tile.h"
#include "mesh/records/tlog/tlog_proof.h"
#include "mesh/records/tlog/witness_request.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Require;

// The key of the corpus' checkpoint; 32 bytes of 1.
const psm::tlog::VerifierKey& LogKey() {
  static const auto& key = *new psm::tlog::VerifierKey(
      psm::tlog::NoteSigner::Make(
          "psm.test/gateway",
          *psm::Ed25519Key::FromRaw(psm::SecretBytes(std::string(32, '\1'))))
          ->verifier());
  return key;
}

void ReadNote(absl::string_view text) {
  const auto note = psm::tlog::ParseNote(text);
  if (note.ok()) {
    Require(psm::tlog::FormatNote(*note) == text, "a note has one spelling");
    Require(!note->signatures.empty(), "a note is signed");
    Require(psm::tlog::IsNoteText(note->text), "a note is text");
    for (const auto& signature : note->signatures)
      Require(psm::tlog::IsKeyName(signature.name), "keys have names");
  }
  const auto opened = psm::tlog::SignedCheckpoint::Open(text, LogKey());
  if (opened.ok()) {
    Require(note.ok(), "what opens is a note");
    Require(opened->ToText() == text, "it is kept as it was");
    Require(opened->checkpoint().origin == LogKey().name(), "of its log");
  }
}

void ReadCheckpoint(absl::string_view text) {
  const auto checkpoint = psm::tlog::ParseCheckpoint(text);
  if (!checkpoint.ok()) return;
  Require(*psm::tlog::FormatCheckpoint(*checkpoint) == text,
          "a checkpoint has one spelling");
  Require(checkpoint->size <= psm::tlog::kMaxTreeSize, "sizes are bounded");
}

void ReadPath(absl::string_view text) {
  const auto tile = psm::tlog::ParseTilePath(text);
  if (!tile.ok()) return;
  Require(psm::tlog::TilePath(*tile) == text, "a tile has one path");
  Require(tile->width >= 1 && tile->width <= psm::tlog::kTileWidth,
          "tiles have 1 to 256 hashes");
}

void ReadBundle(absl::string_view text) {
  if (text.empty()) return;
  const int width = static_cast<unsigned char>(text[0]) + 1;
  const absl::string_view bytes = text.substr(1);
  const auto entries = psm::tlog::DecodeBundle(bytes, width);
  if (entries.ok()) {
    std::string again;
    for (absl::string_view entry : *entries)
      Require(psm::tlog::AppendEntry(again, entry).ok(), "entries fit");
    Require(again == bytes, "a bundle has one spelling");
  }
  const auto hashes = psm::tlog::DecodeTile(bytes, width);
  if (hashes.ok())
    Require(psm::tlog::EncodeTile(*hashes) == bytes, "so has a tile");
}

void ReadRest(absl::string_view text) {
  const auto key = psm::tlog::VerifierKey::FromText(text);
  if (key.ok()) Require(key->ToText() == text, "a key has one spelling");
  const auto request = psm::tlog::ParseWitnessRequest(text);
  if (request.ok()) {
    Require(psm::tlog::FormatWitnessRequest(*request) == text,
            "a request has one spelling");
  }
  const auto proof = psm::tlog::ParseTlogProof(text);
  if (proof.ok()) {
    Require(psm::tlog::FormatTlogProof(*proof) == text,
            "a proof has one spelling");
  }
  const auto number = psm::tlog::ParseDecimal(text);
  if (number.has_value())
    Require(std::to_string(*number) == text, "a number has one spelling");
  const bool controls = [&text] {
    for (char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return true;
    }
    return false;
  }();
  Require(psm::tlog::IsNoteText(text) == (psm::IsUtf8(text) && !controls),
          "text is what the other reader of UTF-8 takes for it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const absl::string_view text = psm::AsText(data, size);
  ReadNote(text);
  ReadCheckpoint(text);
  ReadPath(text);
  ReadBundle(text);
  ReadRest(text);
  return 0;
}
