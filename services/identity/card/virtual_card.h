// A synthetic card as a file: two certificates, each with its key under a PIN
// of its own and a counter of tries. Client side only: file and keys never
// leave the machine of who holds the card. Knows no transport, no identity
// agency. Not a My Number card, and not compatible with one.
#ifndef PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_
#define PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/signing_key.h"
#include "services/identity/card/certificate_kind.h"

namespace psm::card {

// Tries of the authentication PIN: MaxTriesOf(kAuthentication).
inline constexpr int kMaxTries = 3;

// Whether a text can be the serial of a card: 1 to 64 of A-Z, a-z, 0-9 and `-`
// (a subset of X.520 serialNumber's PrintableString).
bool IsCardSerial(absl::string_view serial);

// A card whose PIN was given: it can sign with one of its keys. Immutable,
// thread-safe.
class VirtualCard {
 public:
  // Opens one key of the card in `file` with its PIN. Right: that key's tries
  // are all there again. The other key's tries are not touched. Errors, with
  // what to do in their messages:
  //   INVALID_ARGUMENT PIN_MALFORMED: not of the kind's form; costs no try.
  //   PERMISSION_DENIED PIN_WRONG: one try less, durably, before this returns;
  //     metadata `tries_left`.
  //   FAILED_PRECONDITION CARD_LOCKED: no tries left; the PIN is not looked at.
  //   FAILED_PRECONDITION CERTIFICATE_MISSING: the card has none of this kind.
  //   NOT_FOUND CARD_MISSING; FAILED_PRECONDITION CARD_UNREADABLE: not a card
  //     file, or one that others may read.
  static absl::StatusOr<std::unique_ptr<VirtualCard>> Open(
      const std::string& file, const SecretBytes& pin,
      CertificateKind kind = CertificateKind::kAuthentication);

  const std::string& serial() const { return serial_; }
  const std::string& certificate_der() const { return certificate_der_; }
  const SigningKey& key() const { return *key_; }

  // ECDSA P-256 with SHA-256 over `challenge`, DER.
  std::string Sign(absl::string_view challenge) const;

 private:
  VirtualCard() = default;
  std::string serial_;
  std::string certificate_der_;
  std::unique_ptr<SigningKey> key_;
};

// A key that is to go into a card, and its certificate.
struct CardKey {
  CertificateKind kind = CertificateKind::kAuthentication;
  std::string certificate_pem;
  const SigningKey* key = nullptr;   // never null, as `pin`; both must outlive
  const SecretBytes* pin = nullptr;  // the call
};

// Writes a new card to `file`, mode 0600, durably. ALREADY_EXISTS where there
// is a file: a card in somebody's hands is not replaced by mistake.
// INVALID_ARGUMENT for a malformed serial or PIN, without an authentication
// key, and for a kind that occurs twice.
absl::Status CreateCard(const std::string& file, absl::string_view serial,
                        const std::vector<CardKey>& keys);

// The same with an authentication key alone.
absl::Status CreateCard(const std::string& file, absl::string_view serial,
                        absl::string_view certificate_pem,
                        const SigningKey& key, const SecretBytes& pin);

// Makes a new key of a kind for the card in `file`, under a PIN of the holder's
// choice, and gives the request for its certificate (PKCS #10, DER) to take to
// the counter. Until InstallCertificate the card is as it was; the key waits in
// the file, and an earlier one that waits is forgotten. This is how a card is
// renewed, and how a forgotten or locked PIN is replaced: the old key stays
// locked for good, and its certificate is revoked with the new one's issue.
// Errors as Open's for the file and the form of the PIN.
absl::StatusOr<std::string> RequestCertificate(const std::string& file,
                                               CertificateKind kind,
                                               const SecretBytes& new_pin);

// Takes a certificate (DER) for the key that waits: from now on it and its PIN
// are the card's, with all tries. Says of which kind it was.
// FAILED_PRECONDITION CERTIFICATE_UNEXPECTED where no key of the card waits for
// it, which also refuses another card's. Errors as Open's for the file.
absl::StatusOr<CertificateKind> InstallCertificate(
    const std::string& file, absl::string_view certificate_der);

// What can be read without a PIN, of one kind.
struct CardFace {
  CertificateKind kind = CertificateKind::kAuthentication;
  std::string certificate_pem;
  int tries_left = 0;
};

// The card's serial and what it holds, authentication first. Errors as Open's
// for the file.
struct CardView {
  std::string serial;
  std::vector<CardFace> faces;
};
absl::StatusOr<CardView> LookAt(const std::string& file);

// How many tries a PIN of the card in `file` has left. Errors as Open's.
absl::StatusOr<int> TriesLeft(
    const std::string& file,
    CertificateKind kind = CertificateKind::kAuthentication);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_VIRTUAL_CARD_H_
