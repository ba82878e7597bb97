// A request for a certificate of a new key (PKCS #10, RFC 2986): what a card's
// holder brings to the counter in place of the key itself. Knows no names: the
// counter says whose card it is.
#ifndef PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_REQUEST_H_
#define PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_REQUEST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/crypto/signing_key.h"

namespace psm::card {

inline constexpr std::size_t kMaxRequestSize = 2048;  // bytes

// A request that the key itself signs, DER, with an empty subject.
std::string MakeCertificateRequest(const SigningKey& key);

// The key of a request, where its signature proves that who made it has the
// private half. INVALID_ARGUMENT for anything but exactly one request of a
// P-256 key, correctly signed, of at most kMaxRequestSize. Subject and
// attributes are not looked at.
absl::StatusOr<std::shared_ptr<const VerifyingKey>> KeyOfRequest(
    absl::string_view der);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_REQUEST_H_
