#include "services/identity/revocation_lists.h"

#include <openssl/pem.h>

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::identity {

absl::StatusOr<std::string> RevocationLists::Current() {
  MutexLock lock(mu_);
  const absl::Time now = clock_->Now();
  // Counted before the list is read: what is revoked in between is on this list
  // and makes another one, never none.
  PSM_ASSIGN_OR_RETURN(const std::int64_t revoked,
                       certificates_->RevokedCount());
  const bool fresh = !list_.empty() && revoked == revoked_ && now >= made_ &&
                     now < made_ + card::kListLifetime / 2;
  if (fresh) return list_;
  PSM_ASSIGN_OR_RETURN(const std::vector<pki::Revocation> entries,
                       certificates_->Revoked(now));
  PSM_ASSIGN_OR_RETURN(const std::uint64_t number,
                       certificates_->NextListNumber());
  PSM_ASSIGN_OR_RETURN(std::string list,
                       authority_->IssueRevocationList(entries, number, now));
  PSM_RETURN_IF_ERROR(WriteWholeFile(file_, list, kPublic, Outlives::kProcess));
  list_ = std::move(list);
  made_ = now;
  revoked_ = revoked;
  return list_;
}

absl::StatusOr<std::string> DerOfPem(absl::string_view pem) {
  const OpenSslPtr<BIO> bio = ReadingBio(pem);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("no PEM: ", TakeOpenSslReason()));
  }
  std::string der(reinterpret_cast<const char*>(data),
                  static_cast<std::size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return der;
}

}  // namespace psm::identity
