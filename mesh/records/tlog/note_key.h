// Keys that sign notes: each is an Ed25519 key together with a name and a way
// of signing (C2SP signed-note and tlog-cosignature).
#ifndef PSM_MESH_RECORDS_TLOG_NOTE_KEY_H_
#define PSM_MESH_RECORDS_TLOG_NOTE_KEY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/ed25519_key.h"

namespace psm::tlog {

// The ways of signing that exist here, by their assigned bytes.
enum class SignatureType : std::uint8_t {
  kEd25519 = 0x01,      // over the text
  kCosignature = 0x04,  // over the text and a time: a witness's statement
};

// A signature as it stands in a note.
struct NoteSignature {
  std::string name;          // of the key
  std::uint32_t key_id = 0;  // with the name, which key it is
  std::string bytes;         // not empty; the form follows from the key

  friend bool operator==(const NoteSignature& a, const NoteSignature& b) {
    return a.name == b.name && a.key_id == b.key_id && a.bytes == b.bytes;
  }
};

// What verifies the signatures of one key. Copyable, thread-safe.
class VerifierKey {
 public:
  // INVALID_ARGUMENT for a name that is none (IsKeyName).
  static absl::StatusOr<VerifierKey> Make(
      absl::string_view name, SignatureType type,
      std::shared_ptr<const Ed25519PublicKey> key);
  // A vkey, "name+hash+base64". INVALID_ARGUMENT where it does not parse, has a
  // type that does not exist here, or its hash is not that of its key.
  static absl::StatusOr<VerifierKey> FromText(absl::string_view vkey);
  std::string ToText() const;

  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  SignatureType type() const { return type_; }

  // Whether name and id are this key's. Says nothing of the signature itself.
  bool IsOf(const NoteSignature& signature) const {
    return signature.key_id == id_ && signature.name == name_;
  }
  // Whether `signature`, which IsOf this key, is one over `text`.
  bool Verify(absl::string_view text, const NoteSignature& signature) const;

 private:
  VerifierKey() = default;
  std::string name_;
  SignatureType type_ = SignatureType::kEd25519;
  std::shared_ptr<const Ed25519PublicKey> key_;
  std::uint32_t id_ = 0;
};

// When a cosignature says it was made; whole seconds. InfinitePast for bytes
// that are no cosignature. True only once the signature has been verified.
absl::Time CosignatureTime(const NoteSignature& signature);

// Signs as a log does (kEd25519). Copyable, thread-safe.
class NoteSigner {
 public:
  // INVALID_ARGUMENT for a name that is none.
  static absl::StatusOr<NoteSigner> Make(absl::string_view name,
                                         std::shared_ptr<const Ed25519Key> key);
  const VerifierKey& verifier() const { return verifier_; }
  // INVALID_ARGUMENT for a text that no note has: not UTF-8, control
  // characters, no line feed at its end. About 60 us.
  absl::StatusOr<NoteSignature> Sign(absl::string_view text) const;

 private:
  NoteSigner(VerifierKey verifier, std::shared_ptr<const Ed25519Key> key);
  VerifierKey verifier_;
  std::shared_ptr<const Ed25519Key> key_;
};

// Signs as a witness does (kCosignature). Its key is used for nothing else.
// Copyable, thread-safe.
class Cosigner {
 public:
  // INVALID_ARGUMENT for a name that is none.
  static absl::StatusOr<Cosigner> Make(absl::string_view name,
                                       std::shared_ptr<const Ed25519Key> key);
  const VerifierKey& verifier() const { return verifier_; }
  // `text` is a checkpoint's, which the caller has checked; `time`, cut to
  // seconds, is when. INVALID_ARGUMENT as NoteSigner's, and for a time that is
  // not after 1970.
  absl::StatusOr<NoteSignature> Sign(absl::string_view text,
                                     absl::Time time) const;

 private:
  Cosigner(VerifierKey verifier, std::shared_ptr<const Ed25519Key> key);
  VerifierKey verifier_;
  std::shared_ptr<const Ed25519Key> key_;
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_NOTE_KEY_H_
