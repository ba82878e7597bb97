#include "services/identity/card_trust.h"

#include <openssl/x509v3.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/identity/card/card_items.h"

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

}  // namespace

CardTrust::CardTrust(std::string authority_file)
    : authority_file_(std::move(authority_file)) {}

CardTrust::~CardTrust() { X509_STORE_free(store_); }

absl::Status CardTrust::Load() {
  MutexLock lock(mu_);
  if (store_ != nullptr) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(const std::string pem, ReadPrivateFile(authority_file_));
  const absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(pem);
  if (!chain.ok() || chain->size() != 1 ||
      X509_check_ca(chain->front().get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(authority_file_, " holds no certificate of an authority"));
  }
  OpenSslPtr<X509_STORE> store(X509_STORE_new());
  CheckOpenSsl(store != nullptr &&
                   X509_STORE_add_cert(store.get(), chain->front().get()) == 1,
               "X509_STORE_add_cert");
  store_ = store.release();
  return absl::OkStatus();
}

absl::StatusOr<AcceptedCard> CardTrust::Verify(
    absl::string_view certificate_der, absl::Time now) {
  if (!Load().ok()) return NotAccepted("no card authority is known here yet");
  if (certificate_der.size() > kMaxCertificateSize)
    return NotAccepted("it is too large");
  const absl::StatusOr<Certificate> certificate =
      Certificate::FromDer(certificate_der);
  if (!certificate.ok()) return NotAccepted("it is no certificate of P-256");

  OpenSslPtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  CheckOpenSsl(context != nullptr, "X509_STORE_CTX_new");
  {
    MutexLock lock(mu_);  // the store itself is thread-safe and never replaced
    CheckOpenSsl(X509_STORE_CTX_init(context.get(), store_, certificate->get(),
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
  const std::uint32_t flags = X509_get_extension_flags(certificate->get());
  if ((flags & EXFLAG_CA) != 0) return NotAccepted("it is an authority's");
  if ((flags & EXFLAG_KUSAGE) == 0 ||
      (X509_get_key_usage(certificate->get()) & KU_DIGITAL_SIGNATURE) == 0)
    return NotAccepted("it is not for digital signatures");
  if ((flags & EXFLAG_XKUSAGE) == 0)
    return NotAccepted("it is not for client authentication");

  AcceptedCard card;
  card.serial = card::CardSerialOf(*certificate);
  if (card.serial.empty())
    return NotAccepted("its subject is not a card serial");
  card.certificate_serial = certificate->serial();
  card.key = certificate->key();
  return card;
}

}  // namespace psm::identity
