// The certificate that a provider shows to browsers. Not one of the mesh's PKI:
// that vouches for systems to one another, and no browser is part of it. A
// certificate of a mesh's authority with the name `localhost` would pass for
// the gateway with every client that looks at host names alone.
#ifndef PSM_SERVICES_OPENID_WEB_IDENTITY_H_
#define PSM_SERVICES_OPENID_WEB_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/secret.h"

namespace psm::openid {

inline constexpr absl::Duration kWebCertificateLife = absl::Hours(24 * 90);

struct WebIdentity {
  SecretBytes key_pem;
  // Signed by its own key, for localhost, 127.0.0.1 and ::1, and unable to
  // sign others: whoever trusts it trusts this one provider.
  std::string certificate_pem;
};

// What lies in `file` (0600), or a new one where there is none or half of its
// life has passed. INVALID_ARGUMENT where the file holds something else.
absl::StatusOr<WebIdentity> OpenOrCreateWebIdentity(const std::string& file,
                                                    absl::string_view name,
                                                    absl::Time now);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_WEB_IDENTITY_H_
