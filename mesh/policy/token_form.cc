#include "mesh/policy/token_form.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/directory/directory.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr char kAlgorithm[] = "ES256";
constexpr std::size_t kSignatureSize = 64;  // bytes; r || s, RFC 7518, 3.4
constexpr std::size_t kMaxNameSize = 128;   // of ids, subjects, kids
constexpr std::int64_t kMaxUnixSeconds = 253402300799;  // end of the year 9999

// Clocks of identity and gateway may differ by this much.
constexpr absl::Duration kMaxSkew = absl::Minutes(1);

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

bool IsWholeSecond(absl::Time time) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  return seconds >= 0 && seconds <= kMaxUnixSeconds &&
         absl::FromUnixSeconds(seconds) == time;
}

}  // namespace

absl::Status TokenInvalid(const TokenForm& form, absl::string_view what) {
  return MakeError(absl::StatusCode::kPermissionDenied, form.invalid,
                   Party::kConsumer,
                   absl::StrCat("the ", form.name, " token ", what,
                                "; send one as identity issued it"));
}

absl::Status CheckTokenTimes(const TokenForm& form, absl::Time issue_time,
                             absl::Time expire_time, absl::Time now) {
  if (now >= expire_time)
    return MakeError(
        absl::StatusCode::kFailedPrecondition, form.expired, Party::kConsumer,
        absl::StrCat("the ", form.name, " has expired; ", form.renew));
  if (issue_time > now + kMaxSkew)
    return MakeError(
        absl::StatusCode::kFailedPrecondition, form.expired, Party::kConsumer,
        absl::StrCat("the ", form.name,
                     " was issued in the future; correct the clock "
                     "of identity or of the gateway"));
  return absl::OkStatus();
}

bool IsTokenName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameSize &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '~' ||
                  c == '-';
         });
}

absl::StatusOr<UnverifiedToken> SplitToken(const TokenForm& form,
                                           absl::string_view token) {
  if (token.size() > kMaxTokenSize)
    return TokenInvalid(form, "is longer than 8192 bytes");
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3)
    return TokenInvalid(form, "is not header.payload.signature");
  std::optional<std::string> header = DecodeBase64Url(parts[0]);
  std::optional<std::string> payload = DecodeBase64Url(parts[1]);
  std::optional<std::string> signature = DecodeBase64Url(parts[2]);
  if (!header.has_value() || !payload.has_value() || !signature.has_value())
    return TokenInvalid(form, "is not canonical base64url without padding");
  std::optional<FlatObject> object = ParseFlatObject(*header);
  if (!object.has_value())
    return TokenInvalid(
        form, "has a header that is not a JSON object of strings, each once");
  Members members(*std::move(object));
  UnverifiedToken result;
  std::string alg;
  std::string typ;
  if (!members.Take("alg", &alg) || alg != kAlgorithm)
    return TokenInvalid(form, "is not signed with ES256");
  if (!members.Take("typ", &typ) || typ != form.type)
    return TokenInvalid(form, absl::StrCat("is not of type ", form.type));
  if (!members.Take("kid", &result.kid) || !IsTokenName(result.kid))
    return TokenInvalid(form, "names no key");
  // jku, jwk, x5c, x5u, crit, b64, zip, ...: all ask for trust or for a reading
  // that identity never asks for.
  if (!members.empty())
    return TokenInvalid(form,
                        "has a header member other than alg, typ and kid");
  if (signature->size() != kSignatureSize)
    return TokenInvalid(form, "has a signature that is not 64 bytes");
  result.signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  result.payload = *std::move(payload);
  result.signature = *std::move(signature);
  return result;
}

absl::StatusOr<CommonClaims> TakeCommonClaims(const TokenForm& form,
                                              absl::string_view payload,
                                              Members* rest) {
  std::optional<FlatObject> object = ParseFlatObject(payload);
  if (!object.has_value())
    return TokenInvalid(
        form, "has claims that are not a flat JSON object, each once");
  *rest = Members(*std::move(object));
  std::string issuer;
  std::string audience;
  if (!rest->Take("iss", &issuer) || issuer != kTokenIssuer)
    return TokenInvalid(form, "was not issued by identity");
  if (!rest->Take("aud", &audience) || audience != kTokenAudience)
    return TokenInvalid(form, "is not meant for this mesh");
  CommonClaims claims;
  std::int64_t issued = 0;
  std::int64_t expires = 0;
  if (!rest->Take("iat", &issued) || issued < 0 || issued > kMaxUnixSeconds)
    return TokenInvalid(form, "has no iat in whole seconds");
  if (!rest->Take("exp", &expires) || expires < 0 || expires > kMaxUnixSeconds)
    return TokenInvalid(form, "has no exp in whole seconds");
  claims.issue_time = absl::FromUnixSeconds(issued);
  claims.expire_time = absl::FromUnixSeconds(expires);
  if (!rest->Take("jti", &claims.id) || !rest->Take("sub", &claims.subject) ||
      !rest->Take("psm_consumer", &claims.consumer))
    return TokenInvalid(form, "lacks a claim, or has one of another type");
  return claims;
}

absl::Status CheckCommonClaims(const CommonClaims& claims,
                               absl::Duration longest,
                               absl::string_view longest_in_words) {
  if (!IsTokenName(claims.id))
    return absl::InvalidArgumentError("its id is not a name");
  if (!IsTokenName(claims.subject))
    return absl::InvalidArgumentError("its subject is not a name");
  if (!IsSystemId(claims.consumer))
    return absl::InvalidArgumentError("its consumer is not a system id");
  if (!IsWholeSecond(claims.issue_time) || !IsWholeSecond(claims.expire_time))
    return absl::InvalidArgumentError("its times are not whole seconds");
  if (claims.expire_time <= claims.issue_time)
    return absl::InvalidArgumentError("it ends before it begins");
  if (claims.expire_time - claims.issue_time > longest)
    return absl::InvalidArgumentError(
        absl::StrCat("it holds for more than ", longest_in_words));
  return absl::OkStatus();
}

absl::StatusOr<std::string> SignToken(const TokenForm& form,
                                      const std::string& payload,
                                      const SigningKey& key,
                                      absl::string_view kid) {
  if (!IsTokenName(kid)) return absl::InvalidArgumentError("kid is not a name");
  const nlohmann::ordered_json header = {
      {"alg", kAlgorithm}, {"typ", form.type}, {"kid", std::string(kid)}};
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".",
                   absl::WebSafeBase64Escape(payload));
  std::string token = absl::StrCat(
      signed_part, ".", absl::WebSafeBase64Escape(key.SignRaw(signed_part)));
  if (token.size() > kMaxTokenSize)
    return absl::InvalidArgumentError(absl::StrCat(
        "the ", form.name, " does not fit into a token of 8192 bytes"));
  return token;
}

}  // namespace psm
