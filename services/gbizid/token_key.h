// The one secret of a system's own, in a file beside its database, and what is
// derived from it. Tokens carry their proof, so the database holds none of
// them. Knows no accounts.
#ifndef PSM_SERVICES_GBIZID_TOKEN_KEY_H_
#define PSM_SERVICES_GBIZID_TOKEN_KEY_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

namespace psm::gbizid {

// Immutable, thread-safe.
class TokenKey {
 public:
  static constexpr std::size_t kSize = 32;  // bytes

  // Reads the key in `file`, or makes a random one there, mode 0600, durably.
  // FAILED_PRECONDITION where others may read it; INVALID_ARGUMENT where it is
  // not a key; else the disk's errors.
  static absl::StatusOr<std::unique_ptr<TokenKey>> OpenOrCreate(
      const std::string& file);

  explicit TokenKey(SecretBytes key) : key_(std::move(key)) {}

  // `size` bytes for a purpose: HKDF-SHA256. Others for every other purpose.
  SecretBytes Derive(absl::string_view purpose, std::size_t size) const;

  // A bearer token for something that is named by `id`, without a dot:
  // "id.proof". The same for the same `kind` and `id`; nobody without the key
  // makes one (HMAC-SHA256).
  std::string Token(absl::string_view kind, absl::string_view id) const;

  // The id in a token of this kind; nullopt where Token did not make it.
  std::optional<std::string> IdIn(absl::string_view kind,
                                  absl::string_view token) const;

 private:
  const SecretBytes key_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_TOKEN_KEY_H_
