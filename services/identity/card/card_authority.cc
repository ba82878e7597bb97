#include "services/identity/card/card_authority.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/certificate_profile.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/secret.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

constexpr char kAuthorityName[] = "PSM demo card authority (unofficial)";
constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 3652);
constexpr absl::Duration kBackdating = absl::Hours(24);  // clocks may differ

absl::StatusOr<std::unique_ptr<SigningKey>> OpenOrCreateKey(
    const std::string& file) {
  absl::StatusOr<std::string> pem = ReadPrivateFile(file);
  if (pem.ok()) return SigningKey::FromPem(*pem, SecretBytes());
  if (!absl::IsNotFound(pem.status())) return pem.status();
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  PSM_RETURN_IF_ERROR(
      WriteWholeFile(file, key->ToPem(SecretBytes()).Reveal(), kPrivate));
  return key;
}

// Issues to cards only.
absl::StatusOr<Certificate> SelfSigned(const SigningKey& key, absl::Time now) {
  pki::CertificateProfile profile;
  profile.common_name = kAuthorityName;
  profile.not_before = now - kBackdating;
  profile.not_after = now + kAuthorityLifetime;
  profile.authority = true;
  profile.path_length = 0;
  return pki::SelfSign(profile, key);
}

// What both kinds of certificate have in common.
absl::StatusOr<pki::CertificateProfile> ProfileOf(absl::string_view card_serial,
                                                  absl::Time now,
                                                  absl::Duration lifetime) {
  if (!IsCardSerial(card_serial)) {
    return absl::InvalidArgumentError(
        "a card serial is 1 to 64 letters, digits and hyphens");
  }
  pki::CertificateProfile profile;
  profile.subject_serial = std::string(card_serial);
  profile.not_before = now - kBackdating;
  profile.not_after = now + lifetime;
  return profile;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CardAuthority>> CardAuthority::OpenOrCreate(
    const std::string& folder, absl::Time now) {
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(folder));
  const std::string key_file = absl::StrCat(folder, "/", kAuthorityKey);
  const std::string certificate_file =
      absl::StrCat(folder, "/", kAuthorityCertificate);
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key,
                       OpenOrCreateKey(key_file));

  absl::StatusOr<std::string> pem = ReadPrivateFile(certificate_file);
  if (absl::IsNotFound(pem.status())) {
    // First start, or a crash between the two files: the key makes a
    // certificate again.
    PSM_ASSIGN_OR_RETURN(const Certificate made, SelfSigned(*key, now));
    pem = made.ToPem();
    PSM_RETURN_IF_ERROR(WriteWholeFile(certificate_file, *pem, kPrivate));
  } else if (!pem.ok()) {
    return pem.status();
  }
  absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(*pem);
  absl::StatusOr<std::unique_ptr<pki::Authority>> authority =
      chain.ok()
          ? pki::Authority::Create(std::move(key), std::move(chain->front()))
          : chain.status();
  if (!authority.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(certificate_file, " is not the certificate of ", key_file,
                     ": remove the folder and issue all cards again"));
  }
  return std::unique_ptr<CardAuthority>(
      new CardAuthority(*std::move(authority)));
}

absl::StatusOr<std::string> CardAuthority::Issue(
    absl::string_view card_serial, const SigningKey& key, absl::Time now,
    absl::Duration lifetime) const {
  return IssueAuthentication(card_serial, *key.Public(), now, lifetime);
}

absl::StatusOr<std::string> CardAuthority::IssueAuthentication(
    absl::string_view card_serial, const VerifyingKey& key, absl::Time now,
    absl::Duration lifetime) const {
  PSM_ASSIGN_OR_RETURN(pki::CertificateProfile profile,
                       ProfileOf(card_serial, now, lifetime));
  profile.purposes = {"clientAuth"};
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       authority_->Issue(profile, key));
  return certificate.ToPem();
}

absl::StatusOr<std::string> CardAuthority::IssueSignature(
    absl::string_view card_serial, const CardItems& items,
    const VerifyingKey& key, absl::Time now, absl::Duration lifetime) const {
  PSM_ASSIGN_OR_RETURN(pki::CertificateProfile profile,
                       ProfileOf(card_serial, now, lifetime));
  profile.commits = true;
  PSM_ASSIGN_OR_RETURN(profile.other_names, NamesOf(items));
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       authority_->Issue(profile, key));
  return certificate.ToPem();
}

absl::StatusOr<Certificate> CardAuthority::IssueResponder(
    const VerifyingKey& key, absl::Time now, absl::Duration lifetime) const {
  pki::CertificateProfile profile;
  profile.common_name = "PSM demo card status (unofficial)";
  profile.not_before = now - kBackdating;
  profile.not_after = now + lifetime;
  profile.purposes = {"OCSPSigning"};
  profile.unasked = true;
  return authority_->Issue(profile, key);
}

absl::StatusOr<std::string> CardAuthority::IssueRevocationList(
    absl::Span<const pki::Revocation> revoked, std::uint64_t number,
    absl::Time now) const {
  return authority_->IssueRevocationList(revoked, number, now, kListLifetime);
}

}  // namespace psm::card
