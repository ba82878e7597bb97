#include "services/openid/web_identity.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/authority.h"
#include "certs/certificate_profile.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::openid {
namespace {

absl::StatusOr<std::string> Create(const std::string& file,
                                   absl::string_view name, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key,
                       SigningKey::Generate());
  pki::CertificateProfile profile;
  profile.common_name = std::string(name);
  profile.not_before = now - pki::kBackdating;
  profile.not_after = now + kWebCertificateLife;
  profile.purposes = {"serverAuth"};
  profile.dns_names = {"localhost"};
  profile.ip_addresses = {"127.0.0.1", "::1"};
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       pki::SelfSign(profile, *key));
  std::string both =
      absl::StrCat(key->ToPem(SecretBytes()).Reveal(), certificate.ToPem());
  PSM_RETURN_IF_ERROR(WriteWholeFile(file, both, kPrivate));
  return both;
}

}  // namespace

absl::StatusOr<WebIdentity> OpenOrCreateWebIdentity(const std::string& file,
                                                    absl::string_view name,
                                                    absl::Time now) {
  absl::StatusOr<std::string> both = ReadPrivateFile(file);
  if (absl::IsNotFound(both.status())) both = Create(file, name, now);
  for (int attempt = 0; both.ok(); ++attempt) {
    absl::StatusOr<std::unique_ptr<SigningKey>> key =
        SigningKey::FromPem(*both, SecretBytes());
    absl::StatusOr<std::vector<Certificate>> chain =
        Certificate::ChainFromPem(*both);
    if (!key.ok() || !chain.ok() ||
        (*key)->Public()->ToDer() != chain->front().key()->ToDer()) {
      return absl::InvalidArgumentError(absl::StrCat(
          file,
          " holds no key and certificate: remove it, and who trusted it "
          "must trust the next one"));
    }
    const Certificate& certificate = chain->front();
    const bool due = now >= certificate.not_after() - kWebCertificateLife / 2 ||
                     now < certificate.not_before();
    if (!due || attempt > 0)
      return WebIdentity{(*key)->ToPem(SecretBytes()), certificate.ToPem()};
    both = Create(file, name, now);
  }
  return both.status();
}

}  // namespace psm::openid
