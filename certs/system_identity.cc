#include "certs/system_identity.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"

namespace psm::pki {
namespace {

constexpr char kIdentity[] = "/identity.pem";
constexpr char kKey[] = "/key.pem";
constexpr char kChain[] = "/chain.pem";
constexpr char kCertificateStart[] = "-----BEGIN CERTIFICATE-----";

// Writes a file that does not already say the same in the same mode.
absl::Status WriteWhereDifferent(const std::string& file,
                                 absl::string_view bytes, mode_t mode) {
  absl::StatusOr<std::string> before =
      mode == kPrivate ? ReadPrivateFile(file) : ReadFile(file);
  const bool same = before.ok() && *before == bytes;
  if (before.ok()) OPENSSL_cleanse(before->data(), before->size());
  return same ? absl::OkStatus() : WriteWholeFile(file, bytes, mode);
}

absl::Status WriteHalves(const std::string& folder,
                         absl::string_view identity) {
  const std::size_t middle =
      std::min(identity.find(kCertificateStart), identity.size());
  PSM_RETURN_IF_ERROR(WriteWhereDifferent(
      absl::StrCat(folder, kKey), identity.substr(0, middle), kPrivate));
  return WriteWhereDifferent(absl::StrCat(folder, kChain),
                             identity.substr(middle), kPublic);
}

std::vector<std::string> FoldersIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error)) {
      names.push_back(entry->path().filename().string());
    }
  }
  return names;
}

}  // namespace

std::string SystemFolder(absl::string_view run, absl::string_view system_id) {
  return absl::StrCat(run, "/pki/systems/", system_id);
}

std::vector<std::string> SystemsOf(absl::string_view run) {
  std::vector<std::string> systems;
  const std::string top = absl::StrCat(run, "/pki/systems");
  for (const std::string& agency : FoldersIn(top)) {
    for (const std::string& system :
         FoldersIn(absl::StrCat(top, "/", agency))) {
      std::string id = absl::StrCat(agency, "/", system);
      if (IsSystemId(id)) systems.push_back(std::move(id));
    }
  }
  std::sort(systems.begin(), systems.end());
  return systems;
}

absl::Status WriteIdentity(const std::string& folder, const SigningKey& key,
                           absl::Span<const Certificate> chain) {
  const SecretBytes key_pem = key.ToPem(SecretBytes());
  std::string chain_pem;
  for (const Certificate& certificate : chain) {
    absl::StrAppend(&chain_pem, certificate.ToPem());
  }
  std::string identity;
  identity.reserve(key_pem.size() + chain_pem.size());  // one place to wipe
  absl::StrAppend(&identity, key_pem.Reveal(), chain_pem);
  const auto wiping = absl::MakeCleanup(
      [&identity] { OPENSSL_cleanse(identity.data(), identity.size()); });
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  PSM_RETURN_IF_ERROR(
      WriteWholeFile(absl::StrCat(folder, kIdentity), identity, kPrivate));
  return WriteHalves(folder, identity);
}

absl::StatusOr<SystemIdentity> ReadIdentity(const std::string& folder) {
  PSM_ASSIGN_OR_RETURN(std::string text,
                       ReadPrivateFile(absl::StrCat(folder, kIdentity)));
  const auto wiping =
      absl::MakeCleanup([&text] { OPENSSL_cleanse(text.data(), text.size()); });
  SystemIdentity identity;
  PSM_ASSIGN_OR_RETURN(identity.key, SigningKey::FromPem(text, SecretBytes()));
  PSM_ASSIGN_OR_RETURN(identity.chain, Certificate::ChainFromPem(text));
  if (identity.chain[0].key()->ToDer() != identity.key->Public()->ToDer()) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, kIdentity, ": key and certificate do not belong together"));
  }
  return identity;
}

absl::Status RepairIdentity(const std::string& folder) {
  PSM_ASSIGN_OR_RETURN(std::string text,
                       ReadPrivateFile(absl::StrCat(folder, kIdentity)));
  const auto wiping =
      absl::MakeCleanup([&text] { OPENSSL_cleanse(text.data(), text.size()); });
  return WriteHalves(folder, text);
}

}  // namespace psm::pki
