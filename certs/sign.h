// Profiles and lists made into signed X.509, over OpenSSL. For authority.cc.
#ifndef PSM_CERTS_SIGN_H_
#define PSM_CERTS_SIGN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/authority.h"
#include "certs/certificate_profile.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::pki {

// `issuer` null: self-signed, `signer` being the private half of `key`. Errors
// as Authority::Issue.
absl::StatusOr<Certificate> SignCertificate(const CertificateProfile& profile,
                                            const VerifyingKey& key,
                                            const X509* issuer,
                                            const SigningKey& signer);

// PEM. Errors as Authority::IssueRevocationList.
absl::StatusOr<std::string> SignRevocationList(
    absl::Span<const Revocation> revoked, std::uint64_t number,
    absl::Time this_update, absl::Time next_update, const X509* issuer,
    const SigningKey& signer);

}  // namespace psm::pki

#endif  // PSM_CERTS_SIGN_H_
