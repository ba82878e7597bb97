// The id of a key names it among those that one verifier knows and is no hash
// to rely on: 32 bits are found in minutes. What cannot be forged is the
// signature (C2SP signed-note, Signatures).
#include "mesh/records/tlog/note_key.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

constexpr std::size_t kTimeBytes = 8;

std::uint64_t FromBigEndian(absl::string_view bytes) {
  std::uint64_t number = 0;
  for (char byte : bytes)
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string BigEndian64(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  return bytes;
}

std::string TypeAndKey(SignatureType type, const Ed25519PublicKey& key) {
  return absl::StrCat(std::string(1, static_cast<char>(type)), key.raw());
}

// What a cosignature signs. Its first line keeps it from being a signature over
// any note (C2SP tlog-cosignature, Ed25519 signed message).
std::string CosignedMessage(absl::string_view text, std::uint64_t seconds) {
  return absl::StrCat("cosignature/v1\ntime ", seconds, "\n", text);
}

absl::Status NoVerifierKey(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a verifier key: ", why));
}

absl::Status CheckText(absl::string_view text) {
  if (IsNoteText(text) && absl::EndsWith(text, "\n")) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a note's text is UTF-8 lines without control characters");
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Make(
    absl::string_view name, SignatureType type,
    std::shared_ptr<const Ed25519PublicKey> key) {
  if (!IsKeyName(name))
    return NoVerifierKey("a name has no spaces, no plus and no control codes");
  VerifierKey made;
  made.name_ = std::string(name);
  made.type_ = type;
  made.key_ = std::move(key);
  const std::string digest =
      Sha256(absl::StrCat(name, "\n", TypeAndKey(type, *made.key_)));
  made.id_ = static_cast<std::uint32_t>(FromBigEndian(digest.substr(0, 4)));
  return made;
}

absl::StatusOr<VerifierKey> VerifierKey::FromText(absl::string_view vkey) {
  // A name has no plus, so that the first two are the separators.
  const std::size_t first = vkey.find('+');
  const std::size_t second =
      first == absl::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == absl::string_view::npos)
    return NoVerifierKey("it has the form name+hash+base64");
  const auto bytes = DecodeBase64(vkey.substr(second + 1));
  if (!bytes.has_value() || bytes->size() != 1 + kEd25519PublicKeySize)
    return NoVerifierKey("it holds a type and 32 bytes in base64");
  const auto type = static_cast<SignatureType>((*bytes)[0]);
  if (type != SignatureType::kEd25519 && type != SignatureType::kCosignature)
    return NoVerifierKey("its type is neither 1 (Ed25519) nor 4 (cosignature)");
  PSM_ASSIGN_OR_RETURN(auto key, Ed25519PublicKey::FromRaw(bytes->substr(1)));
  PSM_ASSIGN_OR_RETURN(VerifierKey made,
                       Make(vkey.substr(0, first), type, std::move(key)));
  if (made.ToText() != vkey) return NoVerifierKey("its hash is another key's");
  return made;
}

std::string VerifierKey::ToText() const {
  return absl::StrCat(name_, "+", absl::StrFormat("%08x", id_), "+",
                      EncodeBase64(TypeAndKey(type_, *key_)));
}

bool VerifierKey::Verify(absl::string_view text,
                         const NoteSignature& signature) const {
  if (type_ == SignatureType::kEd25519)
    return key_->Verify(text, signature.bytes);
  const absl::string_view bytes = signature.bytes;
  if (bytes.size() != kTimeBytes + kEd25519SignatureSize) return false;
  const std::uint64_t seconds = FromBigEndian(bytes.substr(0, kTimeBytes));
  // 0 would be a statement without a time, which this form has not.
  if (seconds == 0 || seconds >> 63 != 0) return false;
  return key_->Verify(CosignedMessage(text, seconds), bytes.substr(kTimeBytes));
}

absl::Time CosignatureTime(const NoteSignature& signature) {
  if (signature.bytes.size() != kTimeBytes + kEd25519SignatureSize)
    return absl::InfinitePast();
  const std::uint64_t seconds =
      FromBigEndian(signature.bytes.substr(0, kTimeBytes));
  if (seconds >> 63 != 0) return absl::InfinitePast();
  return absl::FromUnixSeconds(static_cast<std::int64_t>(seconds));
}

NoteSigner::NoteSigner(VerifierKey verifier,
                       std::shared_ptr<const Ed25519Key> key)
    : verifier_(std::move(verifier)), key_(std::move(key)) {}

absl::StatusOr<NoteSigner> NoteSigner::Make(
    absl::string_view name, std::shared_ptr<const Ed25519Key> key) {
  PSM_ASSIGN_OR_RETURN(
      VerifierKey verifier,
      VerifierKey::Make(name, SignatureType::kEd25519, key->Public()));
  return NoteSigner(std::move(verifier), std::move(key));
}

absl::StatusOr<NoteSignature> NoteSigner::Sign(absl::string_view text) const {
  PSM_RETURN_IF_ERROR(CheckText(text));
  return NoteSignature{verifier_.name(), verifier_.id(), key_->Sign(text)};
}

Cosigner::Cosigner(VerifierKey verifier, std::shared_ptr<const Ed25519Key> key)
    : verifier_(std::move(verifier)), key_(std::move(key)) {}

absl::StatusOr<Cosigner> Cosigner::Make(absl::string_view name,
                                        std::shared_ptr<const Ed25519Key> key) {
  PSM_ASSIGN_OR_RETURN(
      VerifierKey verifier,
      VerifierKey::Make(name, SignatureType::kCosignature, key->Public()));
  return Cosigner(std::move(verifier), std::move(key));
}

absl::StatusOr<NoteSignature> Cosigner::Sign(absl::string_view text,
                                             absl::Time time) const {
  PSM_RETURN_IF_ERROR(CheckText(text));
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds <= 0 || time == absl::InfiniteFuture())
    return absl::InvalidArgumentError("a cosignature needs a time after 1970");
  const auto count = static_cast<std::uint64_t>(seconds);
  return NoteSignature{
      verifier_.name(), verifier_.id(),
      BigEndian64(count) + key_->Sign(CosignedMessage(text, count))};
}

}  // namespace psm::tlog
