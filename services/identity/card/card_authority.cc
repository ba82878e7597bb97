#include "services/identity/card/card_authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/secret.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

constexpr char kAuthorityName[] = "PSM demo card authority (unofficial)";
constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 3652);

void AddName(X509_NAME* name, int nid, absl::string_view value) {
  CheckOpenSsl(
      X509_NAME_add_entry_by_NID(name, nid, MBSTRING_ASC, Bytes(value),
                                 static_cast<int>(value.size()), -1, 0) == 1,
      "X509_NAME_add_entry_by_NID");
}

// `value` is the text form of openssl's x509v3_config(5).
void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  OpenSslPtr<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  CheckOpenSsl(extension != nullptr, "X509V3_EXT_conf_nid");
  CheckOpenSsl(X509_add_ext(certificate, extension.get(), -1) == 1,
               "X509_add_ext");
}

// Everything but names, extensions and signature.
OpenSslPtr<X509> NewCertificate(const SigningKey& key, absl::Time from,
                                absl::Time until, Random& random) {
  OpenSslPtr<X509> certificate(X509_new());
  CheckOpenSsl(certificate != nullptr, "X509_new");
  // 128 random bits, positive and not zero: RFC 5280, 4.1.2.2.
  const std::string number = absl::StrCat("\x01", random.Bytes(16));
  OpenSslPtr<BIGNUM> serial(
      BN_bin2bn(Bytes(number), static_cast<int>(number.size()), nullptr));
  CheckOpenSsl(
      serial != nullptr && X509_set_version(certificate.get(), 2) == 1 &&
          BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(
                                               certificate.get())) != nullptr &&
          ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                        absl::ToTimeT(from)) != nullptr &&
          ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                        absl::ToTimeT(until)) != nullptr &&
          X509_set_pubkey(certificate.get(), key.get()) == 1,
      "a certificate's fields");
  return certificate;
}

std::string Sign(X509* certificate, const SigningKey& key) {
  CheckOpenSsl(X509_sign(certificate, key.get(), EVP_sha256()) > 0,
               "X509_sign");
  OpenSslPtr<BIO> bio = WritingBio();
  CheckOpenSsl(PEM_write_bio_X509(bio.get(), certificate) == 1,
               "PEM_write_bio_X509");
  return std::string(BioContents(bio.get()));
}

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

std::string SelfSigned(const SigningKey& key, absl::Time now, Random& random) {
  OpenSslPtr<X509> made = NewCertificate(key, now - absl::Hours(24),
                                         now + kAuthorityLifetime, random);
  AddName(X509_get_subject_name(made.get()), NID_commonName, kAuthorityName);
  AddName(X509_get_issuer_name(made.get()), NID_commonName, kAuthorityName);
  AddExtension(made.get(), made.get(), NID_basic_constraints,
               "critical,CA:TRUE,pathlen:0");
  AddExtension(made.get(), made.get(), NID_key_usage,
               "critical,keyCertSign,cRLSign");
  AddExtension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  return Sign(made.get(), key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CardAuthority>> CardAuthority::OpenOrCreate(
    const std::string& folder, absl::Time now, Random& random) {
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
    pem = SelfSigned(*key, now, random);
    PSM_RETURN_IF_ERROR(WriteWholeFile(certificate_file, *pem, kPrivate));
  } else if (!pem.ok()) {
    return pem.status();
  }
  absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(*pem);
  if (!chain.ok() || chain->front().key()->ToDer() != key->Public()->ToDer()) {
    return absl::FailedPreconditionError(
        absl::StrCat(certificate_file, " is not the certificate of ", key_file,
                     ": remove the folder and issue all cards again"));
  }
  return std::unique_ptr<CardAuthority>(
      new CardAuthority(std::move(key), std::move(chain->front())));
}

absl::StatusOr<std::string> CardAuthority::Issue(absl::string_view card_serial,
                                                 const SigningKey& key,
                                                 absl::Time now,
                                                 absl::Duration lifetime,
                                                 Random& random) const {
  if (!IsCardSerial(card_serial))
    return absl::InvalidArgumentError(
        "a card serial is 1 to 64 letters, digits and hyphens");
  OpenSslPtr<X509> made =
      NewCertificate(key, now - absl::Hours(24), now + lifetime, random);
  AddName(X509_get_subject_name(made.get()), NID_serialNumber, card_serial);
  CheckOpenSsl(X509_set_issuer_name(
                   made.get(), X509_get_subject_name(certificate_.get())) == 1,
               "X509_set_issuer_name");
  AddExtension(made.get(), certificate_.get(), NID_basic_constraints,
               "critical,CA:FALSE");
  AddExtension(made.get(), certificate_.get(), NID_key_usage,
               "critical,digitalSignature");
  AddExtension(made.get(), certificate_.get(), NID_ext_key_usage, "clientAuth");
  AddExtension(made.get(), certificate_.get(), NID_subject_key_identifier,
               "hash");
  AddExtension(made.get(), certificate_.get(), NID_authority_key_identifier,
               "keyid:always");
  return Sign(made.get(), *key_);
}

}  // namespace psm::card
