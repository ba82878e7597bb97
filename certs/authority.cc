#include "certs/authority.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/sign.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

absl::Status NotTogether() {
  return absl::InvalidArgumentError(
      "the authority's key and certificate do not belong together");
}

}  // namespace

Authority::Authority(std::unique_ptr<SigningKey> key, Certificate certificate)
    : key_(std::move(key)), certificate_(std::move(certificate)) {}

absl::StatusOr<std::unique_ptr<Authority>> Authority::CreateRoot(
    absl::string_view name, absl::Time now, absl::Duration life) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  PSM_ASSIGN_OR_RETURN(Certificate certificate,
                       SelfSign(RootProfile(name, now, life), *key));
  return std::unique_ptr<Authority>(
      new Authority(std::move(key), std::move(certificate)));
}

absl::StatusOr<std::unique_ptr<Authority>> Authority::CreateIntermediate(
    absl::string_view name, absl::Time now, absl::Duration life) const {
  if (now + life > certificate_.not_after()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " would outlive its issuer, which expires ",
                     absl::FormatTime(certificate_.not_after())));
  }
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  PSM_ASSIGN_OR_RETURN(
      Certificate certificate,
      Issue(IntermediateProfile(name, now, life), *key->Public()));
  return std::unique_ptr<Authority>(
      new Authority(std::move(key), std::move(certificate)));
}

absl::StatusOr<std::unique_ptr<Authority>> Authority::Create(
    std::unique_ptr<SigningKey> key, Certificate certificate) {
  if (certificate.key()->ToDer() != key->Public()->ToDer())
    return NotTogether();
  // 1: an X.509 v3 certificate whose basic constraints say so.
  if (X509_check_ca(certificate.get()) != 1) {
    return absl::InvalidArgumentError("the certificate is not an authority's");
  }
  return std::unique_ptr<Authority>(
      new Authority(std::move(key), std::move(certificate)));
}

absl::StatusOr<std::unique_ptr<Authority>> Authority::FromPem(
    absl::string_view pem) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key,
                       SigningKey::FromPem(pem, SecretBytes()));
  PSM_ASSIGN_OR_RETURN(std::vector<Certificate> chain,
                       Certificate::ChainFromPem(pem));
  if (chain.size() != 1) return NotTogether();
  return Create(std::move(key), std::move(chain[0]));
}

SecretBytes Authority::ToPem() const {
  const SecretBytes key = key_->ToPem(SecretBytes());
  const std::string certificate = certificate_.ToPem();
  std::string both;
  both.reserve(key.size() + certificate.size());  // one allocation to wipe
  absl::StrAppend(&both, key.Reveal(), certificate);
  SecretBytes pem(both);
  OPENSSL_cleanse(both.data(), both.size());
  return pem;
}

absl::StatusOr<Certificate> Authority::Issue(const CertificateProfile& profile,
                                             const VerifyingKey& key) const {
  return SignCertificate(profile, key, certificate_.get(), *key_);
}

absl::StatusOr<std::string> Authority::IssueRevocationList(
    absl::Span<const Revocation> revoked, std::uint64_t number, absl::Time now,
    absl::Duration life) const {
  return SignRevocationList(revoked, number, now - kBackdating, now + life,
                            certificate_.get(), *key_);
}

absl::StatusOr<Certificate> SelfSign(const CertificateProfile& profile,
                                     const SigningKey& key) {
  return SignCertificate(profile, *key.Public(), nullptr, key);
}

}  // namespace psm::pki
