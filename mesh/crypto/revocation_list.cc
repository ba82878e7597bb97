#include "mesh/crypto/revocation_list.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "mesh/base/status_macros.h"

namespace psm {

absl::StatusOr<std::vector<OpenSslPtr<X509_CRL>>> ParseRevocationLists(
    absl::string_view pem) {
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  std::vector<OpenSslPtr<X509_CRL>> lists;
  ERR_clear_error();
  while (OpenSslPtr<X509_CRL> list{
      PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
    lists.push_back(std::move(list));
  }
  PSM_RETURN_IF_ERROR(EndOfPem("revocation list"));
  if (lists.empty())
    return absl::InvalidArgumentError("no PEM revocation list is in it");
  return lists;
}

}  // namespace psm
