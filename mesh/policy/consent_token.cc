#include "mesh/policy/consent_token.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr std::size_t kMaxNameSize = 128;  // of attributes
constexpr std::size_t kMaxMethodSize = 256;

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

CommonClaims CommonOf(const Consent& consent) {
  return {consent.id, consent.subject, consent.consumer, consent.issue_time,
          consent.expire_time};
}

}  // namespace

bool IsMethodName(absl::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != absl::string_view::npos &&
         IsMadeOf(text.substr(0, slash), kMaxMethodSize, "._") &&
         IsMadeOf(text.substr(slash + 1), kMaxMethodSize, "_");
}

absl::Status ConsentInvalid(absl::string_view what) {
  return TokenInvalid(kConsentForm, what);
}

absl::StatusOr<UnverifiedToken> SplitConsentToken(absl::string_view token) {
  return SplitToken(kConsentForm, token);
}

absl::StatusOr<Consent> ReadConsentClaims(absl::string_view payload) {
  Members members{FlatObject()};
  PSM_ASSIGN_OR_RETURN(CommonClaims common,
                       TakeCommonClaims(kConsentForm, payload, &members));
  Consent consent;
  consent.id = std::move(common.id);
  consent.subject = std::move(common.subject);
  consent.consumer = std::move(common.consumer);
  consent.issue_time = common.issue_time;
  consent.expire_time = common.expire_time;
  if (!members.Take("psm_affair", &consent.affair) ||
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
  PSM_RETURN_IF_ERROR(
      CheckCommonClaims(CommonOf(consent), kMaxConsentDuration, "365 days"));
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
  return absl::OkStatus();
}

std::string EncodeConsentPayload(const Consent& consent) {
  const nlohmann::ordered_json claims = {
      {"iss", kTokenIssuer},
      {"aud", kTokenAudience},
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
  return SignToken(kConsentForm, EncodeConsentPayload(whole), key, kid);
}

}  // namespace psm
