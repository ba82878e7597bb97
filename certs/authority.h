// A certificate authority: a key and a certificate that may sign others. Knows
// no files and keeps no list of what it issued.
#ifndef PSM_CERTS_AUTHORITY_H_
#define PSM_CERTS_AUTHORITY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/certificate_profile.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::pki {

// One entry of a revocation list.
struct Revocation {
  std::string serial;  // lower-case hexadecimal, as Certificate::serial()
  absl::Time time;
  // Why, as RFC 5280, 5.3.1, numbers it; 0: not said.
  int reason = 0;
};

// Whoever may read its key can name himself any system. Immutable, thread-safe.
class Authority {
 public:
  // A new root: signs its own certificate.
  static absl::StatusOr<std::unique_ptr<Authority>> CreateRoot(
      absl::string_view name, absl::Time now, absl::Duration life);

  // A new authority under this one. INVALID_ARGUMENT where it would outlive it.
  absl::StatusOr<std::unique_ptr<Authority>> CreateIntermediate(
      absl::string_view name, absl::Time now, absl::Duration life) const;

  // Of a key and its certificate. INVALID_ARGUMENT where they do not belong
  // together or the certificate is not an authority's.
  static absl::StatusOr<std::unique_ptr<Authority>> Create(
      std::unique_ptr<SigningKey> key, Certificate certificate);

  // The reverse of ToPem. Errors as Create, and INVALID_ARGUMENT where they
  // do not open.
  static absl::StatusOr<std::unique_ptr<Authority>> FromPem(
      absl::string_view pem);

  // Key and certificate in one text, to be kept in one file: half an authority
  // is none.
  SecretBytes ToPem() const;

  // A certificate for the owner of `key`, with a fresh random serial.
  // INVALID_ARGUMENT for a profile that no certificate can hold: a name of more
  // than 64 characters or not UTF-8, a name and a serial in one subject, an
  // address or an object identifier that does not parse, an unknown purpose.
  // Whatever else the profile says is issued, wise or not.
  absl::StatusOr<Certificate> Issue(const CertificateProfile& profile,
                                    const VerifyingKey& key) const;

  // A revocation list, PEM (RFC 5280, 5). `number` must grow from list to list.
  // Valid from `now` less kBackdating until `now` + `life`. INVALID_ARGUMENT
  // for a serial that does not parse.
  absl::StatusOr<std::string> IssueRevocationList(
      absl::Span<const Revocation> revoked, std::uint64_t number,
      absl::Time now, absl::Duration life) const;

  const Certificate& certificate() const { return certificate_; }

 private:
  Authority(std::unique_ptr<SigningKey> key, Certificate certificate);
  const std::unique_ptr<SigningKey> key_;
  const Certificate certificate_;
};

// A certificate that its own key signs: a root's, or one that nobody vouches
// for. Errors as Authority::Issue.
absl::StatusOr<Certificate> SelfSign(const CertificateProfile& profile,
                                     const SigningKey& key);

}  // namespace psm::pki

#endif  // PSM_CERTS_AUTHORITY_H_
