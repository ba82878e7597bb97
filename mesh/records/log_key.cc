#include "mesh/records/log_key.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/ed25519_key.h"

namespace psm {

std::string LogOrigin(absl::string_view log) {
  return absl::StrCat("psm.test/log/", log);
}

absl::Status CreateLogKey(const std::string& file, absl::string_view origin) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Ed25519Key> key, Ed25519Key::Generate());
  const SecretBytes pem = key->ToPem(SecretBytes());
  PSM_ASSIGN_OR_RETURN(tlog::NoteSigner signer,
                       tlog::NoteSigner::Make(origin, std::move(key)));
  PSM_RETURN_IF_ERROR(CreateWholeFile(file, pem.Reveal(), kPrivate));
  return WriteWholeFile(
      file + ".vkey", absl::StrCat(signer.verifier().ToText(), "\n"), kPublic);
}

absl::StatusOr<std::shared_ptr<const tlog::NoteSigner>> ReadLogKey(
    const std::string& file, absl::string_view origin) {
  PSM_ASSIGN_OR_RETURN(std::string pem, ReadPrivateFile(file));
  absl::StatusOr<std::unique_ptr<Ed25519Key>> key =
      Ed25519Key::FromPem(pem, SecretBytes());
  if (!key.ok()) {
    return absl::Status(key.status().code(),
                        absl::StrCat(file, ": ", key.status().message()));
  }
  PSM_ASSIGN_OR_RETURN(tlog::NoteSigner signer,
                       tlog::NoteSigner::Make(origin, *std::move(key)));
  return std::make_shared<const tlog::NoteSigner>(std::move(signer));
}

absl::StatusOr<tlog::VerifierKey> ReadLogVerifier(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string text, ReadFile(file));
  absl::StatusOr<tlog::VerifierKey> key =
      tlog::VerifierKey::FromText(absl::StripAsciiWhitespace(text));
  if (key.ok()) return key;
  return absl::Status(key.status().code(),
                      absl::StrCat(file, ": ", key.status().message()));
}

}  // namespace psm
