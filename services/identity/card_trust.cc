#include "services/identity/card_trust.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/identity/card/private_file.h"
#include "services/identity/card/virtual_card.h"

namespace psm::identity {
namespace {

// A card's certificate has about 450 bytes.
constexpr std::size_t kMaxCertificateSize = 4096;

absl::Status NotAccepted(absl::string_view why) {
  return MakeError(
      absl::StatusCode::kPermissionDenied, "CERTIFICATE_NOT_ACCEPTED",
      Party::kProvider,
      absl::StrCat("the card's certificate is not accepted: ", why));
}

OpenSslPtr<X509> ParseDer(absl::string_view der) {
  if (der.empty() || der.size() > kMaxCertificateSize) return nullptr;
  const unsigned char* at = Bytes(der);
  OpenSslPtr<X509> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr) TakeOpenSslReason();
  if (at != Bytes(der) + der.size()) return nullptr;  // nothing may follow
  return certificate;
}

// The one serialNumber of a subject that has nothing else; "" for any other.
std::string SerialOf(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  if (X509_NAME_entry_count(subject) != 1) return "";
  const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, 0);
  if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_serialNumber)
    return "";
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
  std::string serial(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
      static_cast<std::size_t>(ASN1_STRING_length(value)));
  // Also refuses NUL and everything that is not one byte a character.
  return card::IsCardSerial(serial) ? serial : "";
}

absl::StatusOr<std::shared_ptr<const VerifyingKey>> KeyOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);
  if (size <= 0) {
    TakeOpenSslReason();
    return absl::InvalidArgumentError("no public key");
  }
  const std::string bytes(reinterpret_cast<char*>(der),
                          static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return VerifyingKey::FromDer(bytes);
}

}  // namespace

CardTrust::CardTrust(std::string authority_file)
    : authority_file_(std::move(authority_file)) {}

CardTrust::~CardTrust() { X509_STORE_free(store_); }

absl::Status CardTrust::Load() {
  MutexLock lock(mu_);
  if (store_ != nullptr) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(const std::string pem,
                       card::ReadPrivateFile(authority_file_));
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  OpenSslPtr<X509> authority(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (authority == nullptr || X509_check_ca(authority.get()) != 1) {
    TakeOpenSslReason();
    return absl::InvalidArgumentError(
        absl::StrCat(authority_file_, " holds no certificate of an authority"));
  }
  OpenSslPtr<X509_STORE> store(X509_STORE_new());
  CheckOpenSsl(store != nullptr &&
                   X509_STORE_add_cert(store.get(), authority.get()) == 1,
               "X509_STORE_add_cert");
  store_ = store.release();
  return absl::OkStatus();
}

absl::StatusOr<AcceptedCard> CardTrust::Verify(
    absl::string_view certificate_der, absl::Time now) {
  if (!Load().ok()) return NotAccepted("no card authority is known here yet");
  OpenSslPtr<X509> certificate = ParseDer(certificate_der);
  if (certificate == nullptr) return NotAccepted("it does not parse");

  OpenSslPtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  CheckOpenSsl(context != nullptr, "X509_STORE_CTX_new");
  {
    MutexLock lock(mu_);  // the store itself is thread-safe and never replaced
    CheckOpenSsl(X509_STORE_CTX_init(context.get(), store_, certificate.get(),
                                     nullptr) == 1,
                 "X509_STORE_CTX_init");
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  CheckOpenSsl(
      X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1,
      "X509_VERIFY_PARAM_set_purpose");
  if (X509_verify_cert(context.get()) != 1) {
    TakeOpenSslReason();
    return NotAccepted(
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }

  // The profile. X509_get_key_usage and X509_get_extended_key_usage give all
  // bits where the extension is absent: the certificate must have both.
  const std::uint32_t flags = X509_get_extension_flags(certificate.get());
  if ((flags & EXFLAG_CA) != 0) return NotAccepted("it is an authority's");
  if ((flags & EXFLAG_KUSAGE) == 0 ||
      (X509_get_key_usage(certificate.get()) & KU_DIGITAL_SIGNATURE) == 0)
    return NotAccepted("it is not for digital signatures");
  if ((flags & EXFLAG_XKUSAGE) == 0)
    return NotAccepted("it is not for client authentication");

  AcceptedCard card;
  card.serial = SerialOf(certificate.get());
  if (card.serial.empty())
    return NotAccepted("its subject is not a card serial");
  absl::StatusOr<std::shared_ptr<const VerifyingKey>> key =
      KeyOf(certificate.get());
  if (!key.ok()) return NotAccepted("its key is not a P-256 key");
  card.key = *std::move(key);
  return card;
}

}  // namespace psm::identity
