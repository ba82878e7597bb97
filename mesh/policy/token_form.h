// The form that identity's tokens share: JWS compact serialisation (RFC 7515,
// 3.1) with a JWT claims set (RFC 7519), read far more strictly than those
// allow. Knows no keys, and of no token what it means.
#ifndef PSM_MESH_POLICY_TOKEN_FORM_H_
#define PSM_MESH_POLICY_TOKEN_FORM_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/policy/flat_json.h"

namespace psm {

// What one kind of token is called, where it is refused.
struct TokenForm {
  const char* type;     // typ of the header: "psm-consent+jwt"
  const char* name;     // "consent"
  const char* invalid;  // reasons: CONSENT_INVALID
  const char* expired;  // CONSENT_EXPIRED
  const char* renew;    // what to do about the latter
};

// iss and aud of all of them.
inline constexpr char kTokenIssuer[] =
    "spiffe://psm.test/agency/identity/system/identity";
inline constexpr char kTokenAudience[] = "psm-mesh";
inline constexpr std::size_t kMaxTokenSize = 8192;  // bytes

// PERMISSION_DENIED `form.invalid`: "the consent token <what>; ...". `what`
// holds nothing from the token.
absl::Status TokenInvalid(const TokenForm& form, absl::string_view what);

// FAILED_PRECONDITION `form.expired` where `expire_time` has come, or
// `issue_time` lies more than a minute ahead: clocks may differ by that.
absl::Status CheckTokenTimes(const TokenForm& form, absl::Time issue_time,
                             absl::Time expire_time, absl::Time now);

// A token taken apart. Nothing in it may be believed before its signature has
// been verified, `kid` included: it only says which key to try.
struct UnverifiedToken {
  std::string kid;
  absl::string_view signed_part;  // header.payload, into the token
  std::string payload;            // decoded
  std::string signature;          // decoded, 64 bytes
};

// Takes a token apart. TokenInvalid for more than kMaxTokenSize bytes; anything
// but three parts of canonical base64url without padding (RFC 4648, 5); a
// header that is not a JSON object of exactly alg ES256, typ `form.type` and
// kid, each once; a signature that is not 64 bytes.
absl::StatusOr<UnverifiedToken> SplitToken(const TokenForm& form,
                                           absl::string_view token);

// Takes members out of an object, so that what is left is unknown.
class Members {
 public:
  explicit Members(FlatObject object) : object_(std::move(object)) {}

  // False where the member is missing or of another type.
  template <typename T>
  bool Take(const char* name, T* value) {
    auto found = object_.find(name);
    if (found == object_.end() || !std::holds_alternative<T>(found->second))
      return false;
    *value = std::get<T>(std::move(found->second));
    object_.erase(found);
    return true;
  }
  bool empty() const { return object_.empty(); }

 private:
  FlatObject object_;
};

// The claims that every token of identity's has.
struct CommonClaims {
  std::string id;        // jti
  std::string subject;   // sub
  std::string consumer;  // psm_consumer
  absl::Time issue_time;
  absl::Time expire_time;
};

// Reads the claims of a payload whose signature was verified, but for those
// that are left in `rest`. TokenInvalid for anything but a flat JSON object,
// each member once; another iss or aud; a common claim that is missing or of
// another type, or times that are no whole seconds up to the year 9999.
absl::StatusOr<CommonClaims> TakeCommonClaims(const TokenForm& form,
                                              absl::string_view payload,
                                              Members* rest);

// Whether the values of common claims are well-formed: id and subject names,
// consumer a system's id, times in whole seconds, an end after the beginning
// and at most `longest` later. INVALID_ARGUMENT, saying which is not.
absl::Status CheckCommonClaims(const CommonClaims& claims,
                               absl::Duration longest,
                               absl::string_view longest_in_words);

// Whether `text` is what ids, subjects and kids look like: 1 to 128 letters,
// digits and `._~-`, which pass unescaped through JSON.
bool IsTokenName(absl::string_view text);

// Signs a payload. INVALID_ARGUMENT for a kid that is no name, and where the
// token would be longer than kMaxTokenSize.
absl::StatusOr<std::string> SignToken(const TokenForm& form,
                                      const std::string& payload,
                                      const SigningKey& key,
                                      absl::string_view kid);

}  // namespace psm

#endif  // PSM_MESH_POLICY_TOKEN_FORM_H_
