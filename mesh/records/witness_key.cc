#include "mesh/records/witness_key.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/ed25519_key.h"
#include "mesh/records/log_key.h"

namespace psm {
namespace {

absl::StatusOr<tlog::Cosigner> ReadWitnessKey(const std::string& file,
                                              absl::string_view name) {
  PSM_ASSIGN_OR_RETURN(const std::string pem, ReadPrivateFile(file));
  absl::StatusOr<std::unique_ptr<Ed25519Key>> key =
      Ed25519Key::FromPem(pem, SecretBytes());
  if (!key.ok()) {
    return absl::Status(key.status().code(),
                        absl::StrCat(file, ": ", key.status().message()));
  }
  return tlog::Cosigner::Make(name, *std::move(key));
}

}  // namespace

absl::StatusOr<tlog::Cosigner> OpenWitnessKey(const std::string& file,
                                              absl::string_view name) {
  const std::string vkey = file + ".vkey";
  absl::StatusOr<tlog::Cosigner> found = ReadWitnessKey(file, name);
  if (absl::IsNotFound(found.status())) {
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<Ed25519Key> key,
                         Ed25519Key::Generate());
    const SecretBytes pem = key->ToPem(SecretBytes());
    // A name that is none leaves no file behind.
    PSM_RETURN_IF_ERROR(tlog::Cosigner::Make(name, std::move(key)).status());
    PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(file)));
    PSM_RETURN_IF_ERROR(CreateWholeFile(file, pem.Reveal(), kPrivate));
    found = ReadWitnessKey(file, name);
  }
  PSM_RETURN_IF_ERROR(found.status());
  const absl::StatusOr<tlog::VerifierKey> said = ReadLogVerifier(vkey);
  if (absl::IsNotFound(said.status())) {
    PSM_RETURN_IF_ERROR(WriteWholeFile(
        vkey, absl::StrCat(found->verifier().ToText(), "\n"), kPublic));
  } else if (!said.ok() || said->ToText() != found->verifier().ToText()) {
    return absl::FailedPreconditionError(
        absl::StrCat(vkey, " is of another key or name than ", file, " as ",
                     std::string(name)));
  }
  return found;
}

}  // namespace psm
