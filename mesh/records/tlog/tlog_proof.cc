#include "mesh/records/tlog/tlog_proof.h"

#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

constexpr absl::string_view kFirstLine = "c2sp.org/tlog-proof@v1\n";

absl::Status NoProof(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a proof of a log: ", why));
}

// Takes a line with its line feed; false where there is none.
bool TakeLine(absl::string_view& text, absl::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == absl::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string FormatTlogProof(const TlogProof& proof) {
  std::string text(kFirstLine);
  if (!proof.extra.empty())
    absl::StrAppend(&text, "extra ", EncodeBase64(proof.extra), "\n");
  absl::StrAppend(&text, "index ", proof.index, "\n");
  for (const Hash& hash : proof.path)
    absl::StrAppend(&text, EncodeBase64(AsBytes(hash)), "\n");
  absl::StrAppend(&text, "\n", proof.checkpoint);
  return text;
}

absl::StatusOr<TlogProof> ParseTlogProof(absl::string_view text) {
  TlogProof proof;
  absl::string_view line;
  if (!absl::ConsumePrefix(&text, kFirstLine) || !TakeLine(text, line))
    return NoProof("its first line is another");
  if (absl::ConsumePrefix(&line, "extra ")) {
    const auto extra = DecodeBase64(line);
    if (!extra.has_value() || extra->empty())
      return NoProof("its extra data is not base64");
    proof.extra = *extra;
    if (!TakeLine(text, line)) return NoProof("it has no index");
  }
  const bool named = absl::ConsumePrefix(&line, "index ");
  const auto index = ParseDecimal(line);
  if (!named || !index.has_value()) return NoProof("it has no index");
  proof.index = *index;
  while (true) {
    if (!TakeLine(text, line))
      return NoProof("no empty line before the checkpoint");
    if (line.empty()) break;
    const auto bytes = DecodeBase64(line);
    if (!bytes.has_value() || bytes->size() != kHashSize ||
        proof.path.size() == kMaxProofHashes) {
      return NoProof("its path is not up to 64 times 32 bytes in base64");
    }
    PSM_ASSIGN_OR_RETURN(const Hash hash, HashFromBytes(*bytes));
    proof.path.push_back(hash);
  }
  proof.checkpoint = std::string(text);
  return proof;
}

absl::StatusOr<SignedCheckpoint> VerifyTlogProof(
    const TlogProof& proof, const Hash& leaf, const VerifierKey& log,
    absl::Span<const VerifierKey> witnesses, std::size_t quorum) {
  PSM_ASSIGN_OR_RETURN(SignedCheckpoint checkpoint,
                       SignedCheckpoint::Open(proof.checkpoint, log));
  // With the log's key, so that having no cosignature is no error by itself.
  std::vector<VerifierKey> keys(witnesses.begin(), witnesses.end());
  keys.push_back(log);
  PSM_ASSIGN_OR_RETURN(const auto verified,
                       VerifySignatures(checkpoint.note(), keys));
  std::set<std::size_t> cosigned;  // a witness counts once
  for (const VerifiedSignature& signature : verified) {
    if (signature.key < witnesses.size() &&
        keys[signature.key].type() == SignatureType::kCosignature) {
      cosigned.insert(signature.key);
    }
  }
  if (cosigned.size() < quorum) {
    return absl::PermissionDeniedError(
        absl::StrCat("the checkpoint has the cosignatures of ", cosigned.size(),
                     " known witnesses, ", quorum, " are needed"));
  }
  PSM_RETURN_IF_ERROR(VerifyInclusion(proof.index, checkpoint.size(), leaf,
                                      proof.path, checkpoint.root()));
  return checkpoint;
}

}  // namespace psm::tlog
