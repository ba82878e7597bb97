#include "services/gbizid/token_key.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"

namespace psm::gbizid {
namespace {

// Lengths stand before the parts, so that no two pairs read alike.
std::string Label(absl::string_view use, absl::string_view a,
                  absl::string_view b) {
  return absl::StrCat("psm gbizid ", use, " ", a.size(), " ", a, " ", b.size(),
                      " ", b);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenKey>> TokenKey::OpenOrCreate(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(FolderOf(file)));
  absl::StatusOr<std::string> text = ReadPrivateFile(file);
  if (absl::IsNotFound(text.status())) {
    text = absl::BytesToHexString(SystemRandom().Bytes(kSize));
    // Durable before the first password: without the key nobody signs in.
    PSM_RETURN_IF_ERROR(WriteWholeFile(file, *text, kPrivate));
  }
  if (!text.ok()) return text.status();
  const bool is_hex =
      text->size() == 2 * kSize &&
      text->find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex)
    return absl::InvalidArgumentError(absl::StrCat(file, " holds no key"));
  return std::make_unique<TokenKey>(SecretBytes(absl::HexStringToBytes(*text)));
}

SecretBytes TokenKey::Derive(absl::string_view purpose,
                             std::size_t size) const {
  return HkdfSha256(key_, Label("derive", purpose, ""), size);
}

std::string TokenKey::Token(absl::string_view kind,
                            absl::string_view id) const {
  return absl::StrCat(id, ".",
                      Base32Encode(HmacSha256(key_, Label("token", kind, id))));
}

std::optional<std::string> TokenKey::IdIn(absl::string_view kind,
                                          absl::string_view token) const {
  // Ids are UUIDs; what is longer than a token can be is not looked at.
  if (token.size() > 256) return std::nullopt;
  const absl::string_view id = token.substr(0, token.find('.'));
  if (!EqualInConstantTime(Token(kind, id), token)) return std::nullopt;
  return std::string(id);
}

}  // namespace psm::gbizid
