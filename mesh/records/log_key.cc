#include "mesh/records/log_key.h"

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/ed25519_key.h"

namespace psm {
namespace {

std::string VerifierFile(const std::string& file) { return file + ".vkey"; }
// Keys that were prepared, and are true once the log has them.
std::string PreparedFile(const std::string& file) {
  return VerifierFile(file) + ".next";
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rename ", from));
  return SyncFolder(FolderOf(to));
}

// Whether this is the key with which they end; null is not.
bool IsLast(const std::shared_ptr<const tlog::NoteSigner>& key,
            const LogKeys& keys) {
  return key != nullptr && key->verifier().id() == keys.current().id();
}

absl::Status PutNextKeyInPlace(const std::string& file, const LogKeys& keys) {
  PSM_ASSIGN_OR_RETURN(const auto next, ReadNextLogKey(file, keys.origin()));
  if (IsLast(next, keys)) return Rename(NextLogKeyFile(file), file);
  PSM_ASSIGN_OR_RETURN(const auto there, ReadLogKey(file, keys.origin()));
  if (IsLast(there, keys)) return SyncFolder(FolderOf(file));
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "LOG_KEY_UNKNOWN", Party::kGateway,
      absl::StrCat(file, " is not the key with which ", VerifierFile(file),
                   " ends: restore the newest of both"));
}

}  // namespace

std::string LogOrigin(absl::string_view log) {
  return absl::StrCat("psm.test/log/", log);
}

absl::Status CreateLogKey(const std::string& file, absl::string_view origin) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Ed25519Key> key, Ed25519Key::Generate());
  const SecretBytes pem = key->ToPem(SecretBytes());
  PSM_ASSIGN_OR_RETURN(tlog::NoteSigner signer,
                       tlog::NoteSigner::Make(origin, std::move(key)));
  PSM_RETURN_IF_ERROR(CreateWholeFile(file, pem.Reveal(), kPrivate));
  return WriteWholeFile(VerifierFile(file),
                        absl::StrCat(signer.verifier().ToText(), "\n"),
                        kPublic);
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

absl::StatusOr<LogSigning> ReadLogSigning(const std::string& file,
                                          absl::string_view origin) {
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const tlog::NoteSigner> signer,
                       ReadLogKey(file, origin));
  absl::StatusOr<LogKeys> keys = ReadLogKeys(VerifierFile(file));
  if (absl::IsNotFound(keys.status())) {
    keys = LogKeys(signer->verifier());
    PSM_RETURN_IF_ERROR(
        WriteWholeFile(VerifierFile(file), keys->ToText(), kPublic));
  }
  PSM_RETURN_IF_ERROR(keys.status());
  LogSigning signing{std::move(signer), *std::move(keys), nullptr};
  PSM_ASSIGN_OR_RETURN(signing.next, ReadNextLogKey(file, origin));
  if (IsLast(signing.signer, signing.keys)) return signing;
  PSM_RETURN_IF_ERROR(PutNextKeyInPlace(file, signing.keys));
  signing.signer = std::exchange(signing.next, nullptr);
  return signing;
}

std::string NextLogKeyFile(const std::string& file) { return file + ".next"; }

absl::StatusOr<std::shared_ptr<const tlog::NoteSigner>> ReadNextLogKey(
    const std::string& file, absl::string_view origin) {
  auto next = ReadLogKey(NextLogKeyFile(file), origin);
  if (absl::IsNotFound(next.status())) return nullptr;
  return next;
}

absl::Status CreateNextLogKey(const std::string& file,
                              absl::string_view origin) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Ed25519Key> key, Ed25519Key::Generate());
  const SecretBytes pem = key->ToPem(SecretBytes());
  PSM_RETURN_IF_ERROR(tlog::NoteSigner::Make(origin, std::move(key)).status());
  return CreateWholeFile(NextLogKeyFile(file), pem.Reveal(), kPrivate);
}

absl::Status PrepareLogKeys(const std::string& file, const LogKeys& keys) {
  PSM_ASSIGN_OR_RETURN(const auto next, ReadNextLogKey(file, keys.origin()));
  if (!IsLast(next, keys)) {
    return absl::FailedPreconditionError(absl::StrCat(
        NextLogKeyFile(file), " was changed or removed meanwhile"));
  }
  return WriteWholeFile(PreparedFile(file), keys.ToText(), kPublic);
}

absl::Status PutLogKeysInForce(const std::string& file, const LogKeys& keys) {
  const absl::StatusOr<std::string> there = ReadFile(VerifierFile(file));
  if (!there.ok() || *there != keys.ToText()) {
    const absl::StatusOr<std::string> prepared = ReadFile(PreparedFile(file));
    if (!prepared.ok() || *prepared != keys.ToText())
      PSM_RETURN_IF_ERROR(PrepareLogKeys(file, keys));
    PSM_RETURN_IF_ERROR(Rename(PreparedFile(file), VerifierFile(file)));
  }
  return PutNextKeyInPlace(file, keys);
}

absl::StatusOr<LogKeys> ReadLogKeys(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string text, ReadFile(file));
  absl::StatusOr<LogKeys> keys = LogKeys::FromText(text);
  if (keys.ok()) return keys;
  return absl::Status(keys.status().code(),
                      absl::StrCat(file, ": ", keys.status().message()));
}

absl::StatusOr<tlog::VerifierKey> ReadLogVerifier(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(const LogKeys keys, ReadLogKeys(file));
  return keys.all().front();
}

}  // namespace psm
