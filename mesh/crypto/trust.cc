#include "mesh/crypto/trust.h"

#include <openssl/x509_vfy.h>

#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/revocation_list.h"

namespace psm {
namespace {

// CRL_CHECK_ALL: intermediates are looked up too. X509_STRICT: RFC 5280's form
// is enforced, key identifiers included.
constexpr unsigned long kFlags =
    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_X509_STRICT;

absl::Status AddLists(X509_STORE* store, absl::string_view pem) {
  PSM_ASSIGN_OR_RETURN(const std::vector<OpenSslPtr<X509_CRL>> lists,
                       ParseRevocationLists(pem));
  for (const OpenSslPtr<X509_CRL>& list : lists) {
    CheckOpenSsl(X509_STORE_add_crl(store, list.get()) == 1,
                 "X509_STORE_add_crl");
  }
  return absl::OkStatus();
}

// The peer is named by its certificate and nothing else, so all reasons are the
// peer's but those about lists, which are ours.
absl::Status ErrorFor(int error) {
  const absl::string_view why = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
      return MakeError(
          absl::StatusCode::kUnavailable, "REVOCATION_STATE_STALE",
          Party::kGateway,
          absl::StrCat("no usable revocation list: ", why, "; renew the lists"),
          {{"cause", why}});
    case X509_V_ERR_CERT_REVOKED:
      return MakeError(absl::StatusCode::kUnauthenticated,
                       "CERTIFICATE_REVOKED", Party::kConsumer,
                       "the certificate is revoked; use a new one",
                       {{"cause", why}});
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return MakeError(absl::StatusCode::kUnauthenticated,
                       "CERTIFICATE_EXPIRED", Party::kConsumer,
                       absl::StrCat("the certificate is not valid now: ", why),
                       {{"cause", why}});
    default:
      return MakeError(
          absl::StatusCode::kUnauthenticated, "CERTIFICATE_NOT_TRUSTED",
          Party::kConsumer,
          absl::StrCat("the certificate is not trusted here: ", why),
          {{"cause", why}});
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Trust>> Trust::CreateWithoutLists(
    absl::string_view trust_pem) {
  PSM_ASSIGN_OR_RETURN(std::vector<Certificate> roots,
                       Certificate::ChainFromPem(trust_pem));
  OpenSslPtr<X509_STORE> store(X509_STORE_new());
  CheckOpenSsl(
      store != nullptr && X509_STORE_set_flags(store.get(), kFlags) == 1,
      "X509_STORE_new");
  for (const Certificate& root : roots) {
    CheckOpenSsl(X509_STORE_add_cert(store.get(), root.get()) == 1,
                 "X509_STORE_add_cert");
  }
  return std::shared_ptr<const Trust>(new Trust(store.release()));
}

absl::StatusOr<std::shared_ptr<const Trust>> Trust::Create(
    absl::string_view trust_pem, absl::string_view crl_pem) {
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Trust> trust,
                       CreateWithoutLists(trust_pem));
  // Nobody else has it yet.
  PSM_RETURN_IF_ERROR(AddLists(trust->store(), crl_pem));
  return trust;
}

Trust::~Trust() { X509_STORE_free(store_); }

absl::Status Trust::Verify(absl::Span<const Certificate> chain, PeerRole role,
                           absl::Time now) const {
  if (chain.empty()) return ErrorFor(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT);
  OpenSslPtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  CheckOpenSsl(context != nullptr && others != nullptr, "X509_STORE_CTX_new");
  for (const Certificate& certificate : chain.subspan(1)) {
    CheckOpenSsl(sk_X509_push(others.get(), certificate.get()) > 0,
                 "sk_X509_push");
  }
  CheckOpenSsl(X509_STORE_CTX_init(context.get(), store_, chain[0].get(),
                                   others.get()) == 1,
               "X509_STORE_CTX_init");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(now));
  const bool server = role == PeerRole::kServer;
  CheckOpenSsl(X509_VERIFY_PARAM_set_purpose(
                   parameters, server ? X509_PURPOSE_SSL_SERVER
                                      : X509_PURPOSE_SSL_CLIENT) == 1,
               "X509_VERIFY_PARAM_set_purpose");
  if (X509_verify_cert(context.get()) == 1) return absl::OkStatus();
  const int error = X509_STORE_CTX_get_error(context.get());
  TakeOpenSslReason();
  return ErrorFor(error);
}

}  // namespace psm
