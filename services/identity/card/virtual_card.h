// A synthetic card as a file: a user authentication certificate, its key under
// a PIN of four digits, and a counter of tries. Client side only: file and key
// never leave the machine of who holds the card. Knows no transport, no
// identity agency. Not a My Number card, and not compatible with one.
#ifndef PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_
#define PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/signing_key.h"

namespace psm::card {

// Wrong PINs in a row after which the user authentication key locks, as on the
// real card.
inline constexpr int kMaxTries = 3;

// Whether a text can be the serial of a card: 1 to 64 of A-Z, a-z, 0-9 and `-`
// (a subset of X.520 serialNumber's PrintableString).
bool IsCardSerial(absl::string_view serial);

// Whether a text can be a PIN: four ASCII digits.
bool IsPin(absl::string_view pin);

// A card whose PIN was given: it can sign. Immutable, thread-safe.
class VirtualCard {
 public:
  // Opens the card in `file` with its PIN. Right: the tries are kMaxTries
  // again. Errors, with what to do in their messages:
  //   INVALID_ARGUMENT PIN_MALFORMED: not four digits; costs no try.
  //   PERMISSION_DENIED PIN_WRONG: one try less, durably, before this returns;
  //     metadata `tries_left`.
  //   FAILED_PRECONDITION CARD_LOCKED: no tries left; the PIN is not looked at.
  //   NOT_FOUND CARD_MISSING; FAILED_PRECONDITION CARD_UNREADABLE: not a card
  //     file, or one that others may read.
  static absl::StatusOr<std::unique_ptr<VirtualCard>> Open(
      const std::string& file, const SecretBytes& pin);

  const std::string& serial() const { return serial_; }
  const std::string& certificate_der() const { return certificate_der_; }

  // ECDSA P-256 with SHA-256 over `challenge`, DER.
  std::string Sign(absl::string_view challenge) const;

 private:
  VirtualCard() = default;
  std::string serial_;
  std::string certificate_der_;
  std::unique_ptr<SigningKey> key_;
};

// Writes a new card to `file`, mode 0600, durably. ALREADY_EXISTS where there
// is a file: a card in somebody's hands is not replaced by mistake.
// INVALID_ARGUMENT for a malformed serial or PIN.
absl::Status CreateCard(const std::string& file, absl::string_view serial,
                        absl::string_view certificate_pem,
                        const SigningKey& key, const SecretBytes& pin);

// How many tries the card in `file` has left: 0 to kMaxTries. Errors as Open's
// for the file.
absl::StatusOr<int> TriesLeft(const std::string& file);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_
