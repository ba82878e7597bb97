// The issuer of the virtual cards' user authentication certificates: a small
// certificate authority in the manner of JPKI, apart from the mesh's own. Knows
// card serials; knows no names.
#ifndef PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_
#define PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/authority.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::card {

// Files of an authority in its folder.
inline constexpr char kAuthorityCertificate[] = "ca.pem";
inline constexpr char kAuthorityKey[] = "ca-key.pem";  // mode 0600

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

  // The authority's own certificate.
  const Certificate& certificate() const { return authority_->certificate(); }

 private:
  explicit CardAuthority(std::unique_ptr<pki::Authority> authority)
      : authority_(std::move(authority)) {}
  const std::unique_ptr<const pki::Authority> authority_;
};

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CARD_AUTHORITY_H_
