// Page tokens as consumers see them: sealed, so that a provider cannot tell a
// consumer anything in one, nor a consumer change one or use it for another
// listing (design section 5).
#ifndef PSM_MESH_EXCHANGE_PAGE_TOKENS_H_
#define PSM_MESH_EXCHANGE_PAGE_TOKENS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/sealer.h"
#include "mesh/subjects/subject_code.h"

namespace psm {

// The listing a token belongs to.
struct Listing {
  absl::string_view consumer;  // system ids
  absl::string_view provider;
  absl::string_view method;
  std::optional<PersonNumber> person;
};

// Immutable, thread-safe.
class PageTokens {
 public:
  // Bytes of a provider's token.
  static constexpr std::size_t kMaxSize = 1023;

  // `master_key`: 32 bytes, else INVALID_ARGUMENT.
  static absl::StatusOr<std::unique_ptr<PageTokens>> Create(
      const SecretBytes& master_key);

  // A provider's token as its consumer gets it: base64url, the same for the
  // same token, of a length that tells the token's in steps of 64 bytes only.
  // INTERNAL PROVIDER_ANSWER_MALFORMED where it is longer than kMaxSize.
  absl::StatusOr<std::string> Seal(const Listing& listing,
                                   absl::string_view token) const;

  // The provider's token again. INVALID_ARGUMENT PAGE_TOKEN_INVALID for
  // anything that was not sealed for this listing.
  absl::StatusOr<std::string> Open(const Listing& listing,
                                   absl::string_view sealed) const;

 private:
  explicit PageTokens(std::unique_ptr<const Sealer> sealer);
  const std::unique_ptr<const Sealer> sealer_;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_PAGE_TOKENS_H_
