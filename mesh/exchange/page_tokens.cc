#include "mesh/exchange/page_tokens.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

constexpr std::size_t kMasterKeySize = 32;  // bytes
constexpr std::size_t kStep = 64;           // bytes; what a length may tell
constexpr char kPaddingStart = '\x80';      // ISO/IEC 7816-4: then zeros

std::string Context(const Listing& listing) {
  std::string context;
  for (absl::string_view part :
       {listing.consumer, listing.provider, listing.method,
        listing.person.has_value() ? listing.person->RevealForEncoding()
                                   : absl::string_view()}) {
    absl::StrAppend(&context, part.size(), ":", part);
  }
  return context;
}

std::string Pad(absl::string_view token) {
  std::string padded(token);
  padded.push_back(kPaddingStart);
  padded.resize((padded.size() + kStep - 1) / kStep * kStep, '\0');
  return padded;
}

}  // namespace

PageTokens::PageTokens(std::unique_ptr<const Sealer> sealer)
    : sealer_(std::move(sealer)) {}

absl::StatusOr<std::unique_ptr<PageTokens>> PageTokens::Create(
    const SecretBytes& master_key) {
  if (master_key.size() != kMasterKeySize)
    return absl::InvalidArgumentError("the master key has 32 bytes");
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Sealer> sealer,
                       Sealer::Create(HkdfSha256(master_key, "psm page token",
                                                 Sealer::kKeySize)));
  return std::unique_ptr<PageTokens>(new PageTokens(std::move(sealer)));
}

absl::StatusOr<std::string> PageTokens::Seal(const Listing& listing,
                                             absl::string_view token) const {
  if (token.size() > kMaxSize) {
    return MakeError(
        absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED",
        Party::kProvider,
        "the provider's page token is too long; nothing was released");
  }
  return absl::WebSafeBase64Escape(sealer_->Seal(Context(listing), Pad(token)));
}

absl::StatusOr<std::string> PageTokens::Open(const Listing& listing,
                                             absl::string_view sealed) const {
  std::string bytes;
  std::optional<std::string> padded;
  if (absl::WebSafeBase64Unescape(sealed, &bytes))
    padded = sealer_->Open(Context(listing), bytes);
  const std::size_t end =
      padded.has_value() ? padded->rfind(kPaddingStart) : std::string::npos;
  if (end == std::string::npos) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                     Party::kConsumer,
                     "the page token is not one of this listing; use that of "
                     "the previous page, or none");
  }
  return padded->substr(0, end);
}

}  // namespace psm
