// The issuer of the virtual cards' certificates: a small certificate authority
// in the manner of JPKI, apart from the mesh's own. Keeps no list of what it
// issued (issued_file.h, and identity's database).
#ifndef PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_
#define PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/authority.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"
#include "services/identity/card/card_items.h"

namespace psm::card {

// Files of an authority in its folder.
inline constexpr char kAuthorityCertificate[] = "ca.pem";
inline constexpr char kAuthorityKey[] = "ca-key.pem";  // mode 0600

// How long a card's certificates are valid: five years.
inline constexpr absl::Duration kCardLifetime = absl::Hours(24 * 1826);
// How long a revocation list is: a day.
inline constexpr absl::Duration kListLifetime = absl::Hours(24);

// Who may have a signature certificate: from fifteen years on, as with JPKI.
inline constexpr int kSignatureAge = 15;

// Issues certificates. Whoever may read its key can sign in as anybody who has
// a card. Immutable, thread-safe.
class CardAuthority {
 public:
  // Opens the authority in `folder`, or makes a new one (P-256, self-signed,
  // ten years from `now`) where there is none. FAILED_PRECONDITION where key
  // and certificate do not belong together or others may read the key.
  static absl::StatusOr<std::unique_ptr<CardAuthority>> OpenOrCreate(
      const std::string& folder, absl::Time now);

  // A user authentication certificate, PEM: subject serialNumber=`card_serial`
  // and nothing else (as JPKI's carries neither name nor address), key usage
  // digitalSignature, extended key usage clientAuth. Valid from a day before
  // `now`, so that clocks may differ, until `now` + `lifetime`.
  // INVALID_ARGUMENT for a malformed serial.
  absl::StatusOr<std::string> Issue(absl::string_view card_serial,
                                    const SigningKey& key, absl::Time now,
                                    absl::Duration lifetime) const;

  // A signature certificate, PEM: the same subject, the four basic items as
  // alternative names (card_items.h), key usage digitalSignature and
  // nonRepudiation, no extended key usage: it signs documents and opens no
  // door. INVALID_ARGUMENT also for items that NamesOf refuses.
  absl::StatusOr<std::string> IssueSignature(absl::string_view card_serial,
                                             const CardItems& items,
                                             const VerifyingKey& key,
                                             absl::Time now,
                                             absl::Duration lifetime) const;

  // As Issue, for a key of which only the public half is here.
  absl::StatusOr<std::string> IssueAuthentication(
      absl::string_view card_serial, const VerifyingKey& key, absl::Time now,
      absl::Duration lifetime) const;

  // For who answers in the authority's name whether a certificate is revoked
  // (RFC 6960, 4.2.2.2): extended key usage OCSPSigning, and nobody need ask
  // about this one itself.
  absl::StatusOr<Certificate> IssueResponder(const VerifyingKey& key,
                                             absl::Time now,
                                             absl::Duration lifetime) const;

  // A revocation list, PEM, of kListLifetime. `number` must grow. Errors as
  // pki::Authority's.
  absl::StatusOr<std::string> IssueRevocationList(
      absl::Span<const pki::Revocation> revoked, std::uint64_t number,
      absl::Time now) const;

  // The authority's own certificate.
  const Certificate& certificate() const { return authority_->certificate(); }

 private:
  explicit CardAuthority(std::unique_ptr<pki::Authority> authority)
      : authority_(std::move(authority)) {}
  const std::unique_ptr<const pki::Authority> authority_;
};

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_
