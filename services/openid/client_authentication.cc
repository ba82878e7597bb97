// The name of an assertion is used up last, when everything else holds: nobody
// but the client can use up its names.
#include "services/openid/client_authentication.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/secret.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/openid/jws.h"

namespace psm::openid {
namespace {

using nlohmann::json;

constexpr char kAssertionType[] =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::size_t kMaxAssertion = 8192;  // bytes
constexpr std::size_t kMaxJti = 256;

absl::Status Refused(absl::string_view why) {
  return absl::UnauthenticatedError(why);
}

std::string TextIn(const json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>()
                                                     : std::string();
}

// A NumericDate (RFC 7519, 2), which may have a fraction.
std::optional<absl::Time> TimeIn(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds < 1e11)) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// Whether `aud`, a text or a list, names one of ours.
bool IsForUs(const json& claims, const Profile& profile) {
  const auto ours = [&](const json& audience) {
    return audience.is_string() &&
           (audience.get<std::string>() == profile.issuer ||
            audience.get<std::string>() == profile.issuer + "/token");
  };
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (!found->is_array()) return ours(*found);
  for (const json& audience : *found) {
    if (ours(audience)) return true;
  }
  return false;
}

std::shared_ptr<const VerifyingKey> KeyFor(const Client& client,
                                           const std::string& kid) {
  if (kid.empty() && client.keys.size() == 1)
    return client.keys.begin()->second;
  const auto found = client.keys.find(kid);
  if (found != client.keys.end()) return found->second;
  // One key that is registered without a name answers to any.
  const auto unnamed = client.keys.find("");
  return unnamed == client.keys.end() ? nullptr : unnamed->second;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Client>> ClientAuthenticator::Authenticate(
    const HttpRequest& request, const Parameters& form) {
  const std::string authorization = request.Header("authorization");
  const bool asserts =
      form.Has("client_assertion") || form.Has("client_assertion_type");
  // In the body a secret ends up in logs; nobody is registered for it.
  if (form.Has("client_secret"))
    return Refused("client_secret does not belong into the body");
  if (asserts && !authorization.empty())
    return Refused("the client authenticates in two ways");
  if (asserts) return ByAssertion(form);
  if (!authorization.empty()) {
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Client> client,
                         ByBasic(authorization));
    if (form.Has("client_id") && form.Get("client_id") != client->id)
      return Refused("client_id is another client's");
    return client;
  }
  return Refused("the client does not authenticate");
}

absl::StatusOr<std::shared_ptr<const Client>> ClientAuthenticator::ByAssertion(
    const Parameters& form) {
  if (form.Get("client_assertion_type") != kAssertionType)
    return Refused("client_assertion_type is not jwt-bearer");
  const std::optional<UnverifiedJws> token =
      SplitJws(form.Get("client_assertion"), kMaxAssertion);
  if (!token.has_value()) return Refused("client_assertion is no JWT");
  const std::string issuer = TextIn(token->claims, "iss");
  const std::shared_ptr<const Client> client = clients_->Find(issuer);
  if (client == nullptr ||
      client->authentication != ClientAuthentication::kPrivateKeyJwt)
    return Refused("client_assertion does not verify");
  const std::shared_ptr<const VerifyingKey> key = KeyFor(*client, token->kid);
  if (token->alg != "ES256" || token->signature.size() != 64 ||
      key == nullptr || !key->VerifyRaw(token->signed_part, token->signature))
    return Refused("client_assertion does not verify");

  const json& claims = token->claims;
  const absl::Time now = clock_->Now();
  if (TextIn(claims, "sub") != client->id ||
      (form.Has("client_id") && form.Get("client_id") != client->id))
    return Refused("client_assertion is of another client");
  if (!IsForUs(claims, *profile_))
    return Refused("aud of client_assertion is not this provider");
  const std::optional<absl::Time> expire = TimeIn(claims, "exp");
  if (!expire.has_value() || *expire <= now)
    return Refused("client_assertion has expired");
  if (*expire > now + kMaxAssertionLife)
    return Refused("client_assertion lives for more than ten minutes");
  for (const char* from : {"nbf", "iat"}) {
    const std::optional<absl::Time> time = TimeIn(claims, from);
    if (claims.contains(from) &&
        (!time.has_value() || *time > now + kClockSkew))
      return Refused("client_assertion is not valid yet");
  }
  const std::string jti = TextIn(claims, "jti");
  if (jti.empty() || jti.size() > kMaxJti)
    return Refused("client_assertion has no jti");
  PSM_ASSIGN_OR_RETURN(const bool fresh,
                       store_->UseAssertion(client->id, jti, *expire));
  if (!fresh) return Refused("client_assertion was used before");
  return client;
}

absl::StatusOr<std::shared_ptr<const Client>> ClientAuthenticator::ByBasic(
    const std::string& authorization) {
  absl::string_view encoded = authorization;
  const absl::Status wrong = Refused("client or secret is wrong");
  std::string pair;
  if (encoded.size() < 6 ||
      !absl::EqualsIgnoreCase(encoded.substr(0, 6), "basic "))
    return wrong;
  encoded.remove_prefix(6);
  if (encoded.size() > kMaxAssertion || !absl::Base64Unescape(encoded, &pair))
    return wrong;
  const std::size_t colon = pair.find(':');
  if (colon == std::string::npos) return wrong;
  // Both are form-encoded before they are joined (RFC 6749, 2.3.1).
  const std::optional<std::string> id =
      FormDecode(absl::string_view(pair).substr(0, colon));
  const std::optional<std::string> secret =
      FormDecode(absl::string_view(pair).substr(colon + 1));
  if (!id.has_value() || !secret.has_value()) return wrong;
  const std::shared_ptr<const Client> client = clients_->Find(*id);
  // Compared with something in either case: that it is quicker to refuse who is
  // unknown would tell who is known.
  const bool basic = client != nullptr &&
                     client->authentication == ClientAuthentication::kBasic;
  const std::string expected =
      basic ? client->secret_sha256 : std::string(32, '\0');
  if (!EqualInConstantTime(Sha256(*secret), expected) || !basic) return wrong;
  return client;
}

}  // namespace psm::openid
