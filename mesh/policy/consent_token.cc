#include "mesh/policy/consent_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "mesh/policy/flat_json.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr char kAlgorithm[] = "ES256";
constexpr char kType[] = "psm-consent+jwt";
constexpr std::size_t kSignatureSize = 64;  // bytes; r || s, RFC 7518, 3.4
constexpr std::size_t kMaxNameSize = 128;   // of ids, subjects, kids
constexpr std::size_t kMaxMethodSize = 256;
constexpr std::int64_t kMaxUnixSeconds = 253402300799;  // end of the year 9999

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

bool IsMadeOf(absl::string_view text, std::size_t max,
              absl::string_view punctuation) {
  return !text.empty() && text.size() <= max &&
         std::all_of(text.begin(), text.end(), [punctuation](char c) {
           return IsAlphanumeric(c) ||
                  punctuation.find(c) != absl::string_view::npos;
         });
}

// What ids, subjects and kids look like; passes unescaped through JSON.
bool IsName(absl::string_view text) {
  return IsMadeOf(text, kMaxNameSize, "._~-");
}

bool IsMethodName(absl::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != absl::string_view::npos &&
         IsMadeOf(text.substr(0, slash), kMaxMethodSize, "._") &&
         IsMadeOf(text.substr(slash + 1), kMaxMethodSize, "_");
}

// Canonical base64url without padding: what encodes to itself again. That
// excludes padding, white space and set bits after the last byte, all of which
// the decoder takes.
std::optional<std::string> DecodeBase64Url(absl::string_view text) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(text, &bytes) ||
      absl::WebSafeBase64Escape(bytes) != text)
    return std::nullopt;
  return bytes;
}

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

bool IsWholeSecond(absl::Time time) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  return seconds >= 0 && seconds <= kMaxUnixSeconds &&
         absl::FromUnixSeconds(seconds) == time;
}

}  // namespace

absl::Status ConsentInvalid(absl::string_view what) {
  return MakeError(absl::StatusCode::kPermissionDenied, "CONSENT_INVALID",
                   Party::kConsumer,
                   absl::StrCat("the consent token ", what,
                                "; send one as identity issued it"));
}

absl::StatusOr<UnverifiedToken> SplitConsentToken(absl::string_view token) {
  if (token.size() > kMaxConsentTokenSize)
    return ConsentInvalid("is longer than 8192 bytes");
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3)
    return ConsentInvalid("is not header.payload.signature");
  std::optional<std::string> header = DecodeBase64Url(parts[0]);
  std::optional<std::string> payload = DecodeBase64Url(parts[1]);
  std::optional<std::string> signature = DecodeBase64Url(parts[2]);
  if (!header.has_value() || !payload.has_value() || !signature.has_value())
    return ConsentInvalid("is not canonical base64url without padding");
  std::optional<FlatObject> object = ParseFlatObject(*header);
  if (!object.has_value())
    return ConsentInvalid(
        "has a header that is not a JSON object of strings, each once");
  Members members(*std::move(object));
  UnverifiedToken result;
  std::string alg;
  std::string typ;
  if (!members.Take("alg", &alg) || alg != kAlgorithm)
    return ConsentInvalid("is not signed with ES256");
  if (!members.Take("typ", &typ) || typ != kType)
    return ConsentInvalid("is not of type psm-consent+jwt");
  if (!members.Take("kid", &result.kid) || !IsName(result.kid))
    return ConsentInvalid("names no key");
  // jku, jwk, x5c, x5u, crit, b64, zip, ...: all ask for trust or for a reading
  // that identity never asks for.
  if (!members.empty())
    return ConsentInvalid("has a header member other than alg, typ and kid");
  if (signature->size() != kSignatureSize)
    return ConsentInvalid("has a signature that is not 64 bytes");
  result.signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  result.payload = *std::move(payload);
  result.signature = *std::move(signature);
  return result;
}

absl::StatusOr<Consent> ReadConsentClaims(absl::string_view payload) {
  std::optional<FlatObject> object = ParseFlatObject(payload);
  if (!object.has_value())
    return ConsentInvalid(
        "has claims that are not a flat JSON object, each once");
  Members members(*std::move(object));
  std::string issuer;
  std::string audience;
  if (!members.Take("iss", &issuer) || issuer != kConsentIssuer)
    return ConsentInvalid("was not issued by identity");
  if (!members.Take("aud", &audience) || audience != kConsentAudience)
    return ConsentInvalid("is not meant for this mesh");
  Consent consent;
  std::int64_t issued = 0;
  std::int64_t expires = 0;
  if (!members.Take("iat", &issued) || issued < 0 || issued > kMaxUnixSeconds)
    return ConsentInvalid("has no iat in whole seconds");
  if (!members.Take("exp", &expires) || expires < 0 ||
      expires > kMaxUnixSeconds)
    return ConsentInvalid("has no exp in whole seconds");
  consent.issue_time = absl::FromUnixSeconds(issued);
  consent.expire_time = absl::FromUnixSeconds(expires);
  if (!members.Take("jti", &consent.id) ||
      !members.Take("sub", &consent.subject) ||
      !members.Take("psm_consumer", &consent.consumer) ||
      !members.Take("psm_affair", &consent.affair) ||
      !members.Take("psm_method", &consent.method) ||
      !members.Take("psm_attributes", &consent.attributes))
    return ConsentInvalid("lacks a claim, or has one of another type");
  if (!members.empty())
    return ConsentInvalid("has a claim that this mesh does not know");
  if (absl::Status status = CheckConsent(consent); !status.ok())
    return ConsentInvalid(absl::StrCat("is malformed: ", status.message()));
  return consent;
}

absl::Status CheckConsent(const Consent& consent) {
  if (!IsName(consent.id))
    return absl::InvalidArgumentError("its id is not a name");
  if (!IsName(consent.subject))
    return absl::InvalidArgumentError("its subject is not a name");
  if (!IsSystemId(consent.consumer))
    return absl::InvalidArgumentError("its consumer is not a system id");
  if (!IsAffairId(consent.affair))
    return absl::InvalidArgumentError("its affair is not an affair id");
  if (!IsMethodName(consent.method))
    return absl::InvalidArgumentError("its method is not a method's name");
  if (consent.attributes.empty() || consent.attributes.size() > kMaxAttributes)
    return absl::InvalidArgumentError("it names no attribute, or too many");
  std::set<absl::string_view> attributes;
  for (const std::string& attribute : consent.attributes)
    if (!IsMadeOf(attribute, kMaxNameSize, "_") ||
        !attributes.insert(attribute).second)
      return absl::InvalidArgumentError(
          "an attribute is not a name, or named twice");
  if (!IsWholeSecond(consent.issue_time) || !IsWholeSecond(consent.expire_time))
    return absl::InvalidArgumentError("its times are not whole seconds");
  if (consent.expire_time <= consent.issue_time)
    return absl::InvalidArgumentError("it ends before it begins");
  if (consent.expire_time - consent.issue_time > kMaxConsentDuration)
    return absl::InvalidArgumentError("it holds for more than 365 days");
  return absl::OkStatus();
}

std::string EncodeConsentPayload(const Consent& consent) {
  const nlohmann::ordered_json claims = {
      {"iss", kConsentIssuer},
      {"aud", kConsentAudience},
      {"sub", consent.subject},
      {"jti", consent.id},
      {"iat", absl::ToUnixSeconds(consent.issue_time)},
      {"exp", absl::ToUnixSeconds(consent.expire_time)},
      {"psm_consumer", consent.consumer},
      {"psm_affair", consent.affair},
      {"psm_method", consent.method},
      {"psm_attributes", consent.attributes}};
  return claims.dump();
}

absl::StatusOr<std::string> SignConsent(const Consent& consent,
                                        const SigningKey& key,
                                        absl::string_view kid) {
  Consent whole = consent;
  whole.issue_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(consent.issue_time));
  whole.expire_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(consent.expire_time));
  PSM_RETURN_IF_ERROR(CheckConsent(whole));
  if (!IsName(kid)) return absl::InvalidArgumentError("kid is not a name");
  const nlohmann::ordered_json header = {
      {"alg", kAlgorithm}, {"typ", kType}, {"kid", std::string(kid)}};
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".",
                   absl::WebSafeBase64Escape(EncodeConsentPayload(whole)));
  std::string token = absl::StrCat(
      signed_part, ".", absl::WebSafeBase64Escape(key.SignRaw(signed_part)));
  if (token.size() > kMaxConsentTokenSize)
    return absl::InvalidArgumentError(
        "the consent does not fit into a token of 8192 bytes; name fewer or "
        "shorter attributes");
  return token;
}

}  // namespace psm
