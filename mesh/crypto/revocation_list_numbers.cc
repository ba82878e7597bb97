#include "mesh/crypto/revocation_list_numbers.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/revocation_list.h"

namespace psm {
namespace {

std::uint64_t NumberOf(const X509_CRL* list) {
  const OpenSslPtr<ASN1_INTEGER> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  std::uint64_t value = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&value, number.get()) != 1)
    return 0;
  return value;
}

const Certificate* SignerOf(X509_CRL* list,
                            absl::Span<const Certificate> issuers) {
  for (const Certificate& issuer : issuers) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(list),
                      X509_get_subject_name(issuer.get())) == 0 &&
        X509_CRL_verify(list, issuer.key()->get()) == 1)
      return &issuer;
  }
  return nullptr;
}

}  // namespace

absl::Status RevocationListNumbers::Take(
    absl::string_view pem, absl::Span<const Certificate> issuers) {
  PSM_ASSIGN_OR_RETURN(const std::vector<OpenSslPtr<X509_CRL>> lists,
                       ParseRevocationLists(pem));
  MutexLock lock(mu_);
  std::map<std::string, std::uint64_t> seen = seen_;
  for (const OpenSslPtr<X509_CRL>& list : lists) {
    const Certificate* issuer = SignerOf(list.get(), issuers);
    if (issuer == nullptr) continue;
    std::uint64_t& highest =
        seen[DerOf(X509_CRL_get_issuer(list.get())) + issuer->key()->ToDer()];
    const std::uint64_t number = NumberOf(list.get());
    if (number < highest) {
      TakeOpenSslReason();
      return MakeError(
          absl::StatusCode::kFailedPrecondition, "CRL_OLDER", Party::kGateway,
          absl::StrCat("revocation list no. ", number, " of ",
                       issuer->CommonName(), " is older than no. ", highest,
                       ", which was in force; put a newer one there"));
    }
    highest = number;
  }
  TakeOpenSslReason();
  seen_ = std::move(seen);
  return absl::OkStatus();
}

std::uint64_t RevocationListNumbers::highest() const {
  MutexLock lock(mu_);
  std::uint64_t highest = 0;
  for (const auto& [issuer, number] : seen_)
    highest = std::max(highest, number);
  return highest;
}

}  // namespace psm
