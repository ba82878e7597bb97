// Says of the cards' certificates whether they are revoked (OCSP, RFC 6960).
// Knows no HTTP.
#ifndef PSM_SERVICES_IDENTITY_OCSP_RESPONDER_H_
#define PSM_SERVICES_IDENTITY_OCSP_RESPONDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/certificate_register.h"

namespace psm::identity {

// How long an answer may be used; it is made anew for every question.
inline constexpr absl::Duration kStatusLifetime = absl::Hours(1);
// A question may name this many certificates, and be this long.
inline constexpr int kMostQuestions = 16;
inline constexpr std::size_t kMaxOcspRequest = 4096;  // bytes

// Answers with a key of its own that the authority vouches for (RFC 6960,
// 4.2.2.2), so that the authority's key does not answer whoever asks. The key
// is kept in memory, and another one made when half of its week has passed.
// Thread-safe. What it is given must outlive it.
class OcspResponder {
 public:
  OcspResponder(const card::CardAuthority* authority,
                CertificateRegister* certificates, const Clock* clock)
      : authority_(authority), certificates_(certificates), clock_(clock) {}

  // The OCSPResponse, DER, to an OCSPRequest, DER; always one, since errors
  // are answers, too: malformedRequest for what does not parse, names nothing
  // or too much; internalError where the database fails. Of each certificate:
  // good, revoked (when and why), or unknown where this authority issued none
  // such. A nonce comes back as it was sent. A signature of the question is not
  // looked at: anybody may ask.
  std::string Answer(absl::string_view request) PSM_EXCLUDES(mu_);

 private:
  struct Signer {
    std::unique_ptr<SigningKey> key;
    Certificate certificate;
  };
  absl::StatusOr<std::shared_ptr<const Signer>> CurrentSigner(absl::Time now)
      PSM_EXCLUDES(mu_);

  const card::CardAuthority* const authority_;
  CertificateRegister* const certificates_;
  const Clock* const clock_;
  Mutex mu_;
  std::shared_ptr<const Signer> signer_ PSM_GUARDED_BY(mu_);
  absl::Time made_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_OCSP_RESPONDER_H_
