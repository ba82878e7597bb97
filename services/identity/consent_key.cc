#include "services/identity/consent_key.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/secret.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

ConsentKey::ConsentKey(std::unique_ptr<SigningKey> key)
    : key_(std::move(key)),
      public_der_(key_->Public()->ToDer()),
      kid_(absl::BytesToHexString(Sha256(public_der_)).substr(0, 16)) {}

absl::StatusOr<std::unique_ptr<ConsentKey>> ConsentKey::OpenOrCreate(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(FolderOf(file)));
  absl::StatusOr<std::string> pem = ReadPrivateFile(file);
  std::unique_ptr<SigningKey> key;
  if (pem.ok()) {
    absl::StatusOr<std::unique_ptr<SigningKey>> read =
        SigningKey::FromPem(*pem, SecretBytes());
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          file, " holds no signing key: ", read.status().message()));
    }
    key = *std::move(read);
  } else if (absl::IsNotFound(pem.status())) {
    PSM_ASSIGN_OR_RETURN(key, SigningKey::Generate());
    // Durable before the first token: a token whose key is lost cannot be
    // verified by anyone.
    PSM_RETURN_IF_ERROR(
        WriteWholeFile(file, key->ToPem(SecretBytes()).Reveal(), kPrivate));
  } else {
    return pem.status();
  }
  return std::unique_ptr<ConsentKey>(new ConsentKey(std::move(key)));
}

}  // namespace psm::identity
