// What relying parties' servers see: tokens and claims.
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"
#include "services/openid/provider.h"

namespace psm::openid {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxToken = 256;  // bytes; ours have 43

// RFC 6749, 5.2.
HttpAnswer TokenError(int status, const char* error,
                      absl::string_view description) {
  return Json(status, json({{"error", error},
                            {"error_description", std::string(description)}})
                          .dump())
      .With("Pragma", "no-cache");
}

// Of the store or the agency: nothing that a client could mend.
HttpAnswer Trouble(absl::string_view where, const absl::Status& status) {
  LogError("request_failed", {{"where", std::string(where)},
                              {"code", absl::StatusCodeToString(status.code())},
                              {"reason", ReasonOf(status)}});
  return TokenError(503, "temporarily_unavailable", "try again later");
}

// RFC 6750, 3.
HttpAnswer BearerError(int status, const char* error, const char* description) {
  return Json(status,
              json({{"error", error}, {"error_description", description}})
                  .dump())
      .With("WWW-Authenticate",
            absl::StrCat("Bearer error=\"", error, "\", error_description=\"",
                         description, "\""));
}

// The first half of the token's digest (OpenID Connect Core, 3.1.3.6).
std::string AtHash(absl::string_view access_token) {
  return Base64Url(Sha256(access_token).substr(0, 16));
}

}  // namespace

HttpAnswer Provider::Token(const HttpRequest& request) {
  if (!absl::StartsWith(request.Header("content-type"),
                        "application/x-www-form-urlencoded"))
    return TokenError(400, "invalid_request", "the body is not a form");
  const std::optional<Parameters> form = Parameters::Parse(request.body);
  if (!form.has_value() || form->AnyRepeated())
    return TokenError(400, "invalid_request",
                      "a parameter is malformed or came twice");
  absl::StatusOr<std::shared_ptr<const Client>> client =
      authenticator_.Authenticate(request, *form);
  if (absl::IsUnauthenticated(client.status())) {
    HttpAnswer answer =
        TokenError(401, "invalid_client", client.status().message());
    if (!request.Header("authorization").empty())
      answer.With("WWW-Authenticate", "Basic realm=\"token\"");
    return answer;
  }
  if (!client.ok()) return Trouble("client", client.status());

  const std::string type = form->Get("grant_type");
  absl::StatusOr<IssuedTokens> tokens;
  if (type == "authorization_code") {
    if (!form->Has("code") || !form->Has("redirect_uri"))
      return TokenError(400, "invalid_request",
                        "code or redirect_uri is missing");
    tokens = store_.RedeemCode(form->Get("code"), **client,
                               form->Get("redirect_uri"),
                               form->Get("code_verifier"));
  } else if (type == "refresh_token") {
    if (!form->Has("refresh_token"))
      return TokenError(400, "invalid_request", "refresh_token is missing");
    if (!(*client)->refreshes)
      return TokenError(400, "unauthorized_client",
                        "the client gets no refresh tokens");
    // A narrower scope would have to be kept with each token (RFC 6749, 6).
    if (form->Has("scope"))
      return TokenError(400, "invalid_scope",
                        "the scope of a grant does not change");
    tokens = store_.Refresh(form->Get("refresh_token"), **client);
  } else if (type.empty()) {
    return TokenError(400, "invalid_request", "grant_type is missing");
  } else {
    return TokenError(400, "unsupported_grant_type",
                      "only authorization_code and refresh_token");
  }
  if (absl::IsPermissionDenied(tokens.status())) {
    LogWarning("grant_refused",
               {{"client", (*client)->id},
                {"why", std::string(tokens.status().message())}});
    return TokenError(400, "invalid_grant", tokens.status().message());
  }
  if (!tokens.ok()) return Trouble("tokens", tokens.status());
  return Issue(**client, *tokens);
}

// The id token names the person by the client's own name, and says nothing else
// of the person: claims come from UserInfo, where each is recorded.
HttpAnswer Provider::Issue(const Client& client, const IssuedTokens& tokens) {
  const absl::StatusOr<std::shared_ptr<const JwsKey>> key =
      parts_.keys->Current();
  if (!key.ok()) return Trouble("keys", key.status());
  const Profile& profile = parts_.profile;
  const std::int64_t now = absl::ToUnixSeconds(parts_.clock->Now());
  const std::int64_t life = absl::ToInt64Seconds(profile.token_life);
  json claims = {{"iss", profile.issuer},
                 {"sub", tokens.grant.sub},
                 {"aud", client.id},
                 {"iat", now},
                 {"exp", now + life},
                 {"auth_time", absl::ToUnixSeconds(tokens.grant.auth_time)},
                 {"acr", tokens.grant.acr},
                 {"sid", tokens.grant.id},
                 {"at_hash", AtHash(tokens.access_token)}};
  if (!tokens.nonce.empty()) claims["nonce"] = tokens.nonce;
  json answer = {{"access_token", tokens.access_token},
                 {"token_type", "Bearer"},
                 {"expires_in", life},
                 {"scope", absl::StrJoin(tokens.grant.scopes, " ")},
                 {"id_token", (*key)->Sign("JWT", claims)}};
  if (!tokens.refresh_token.empty())
    answer["refresh_token"] = tokens.refresh_token;
  return Json(200, answer.dump()).With("Pragma", "no-cache");
}

std::variant<Provider::Bearer, HttpAnswer> Provider::BearerOf(
    const HttpRequest& request) {
  const std::string authorization = request.Header("authorization");
  absl::string_view token = authorization;
  if (token.empty()) {
    // Nothing came, so nothing is said about why (RFC 6750, 3.1).
    return Plain(401, "send an access token")
        .With("WWW-Authenticate", "Bearer");
  }
  if (token.size() < 7 ||
      !absl::EqualsIgnoreCase(token.substr(0, 7), "bearer "))
    return BearerError(401, "invalid_token", "it is no bearer token");
  token.remove_prefix(7);
  if (token.size() > kMaxToken)
    return BearerError(401, "invalid_token", "it is none of ours");
  absl::StatusOr<Grant> grant = store_.FindAccess(token);
  if (absl::IsPermissionDenied(grant.status()))
    return BearerError(401, "invalid_token",
                       "it is unknown, has expired or was revoked");
  if (!grant.ok()) return Trouble("bearer", grant.status());
  std::shared_ptr<const Client> client = parts_.clients->Find(grant->client_id);
  if (client == nullptr)
    return BearerError(401, "invalid_token", "the client is gone");
  return Bearer{std::move(client), *std::move(grant)};
}

HttpAnswer Provider::UserInfo(const HttpRequest& request) {
  std::variant<Bearer, HttpAnswer> bearer = BearerOf(request);
  if (auto* answer = std::get_if<HttpAnswer>(&bearer))
    return std::move(*answer);
  const auto& [client, grant] = std::get<Bearer>(bearer);
  absl::StatusOr<json> claims =
      parts_.subjects->Claims(*client, grant.subject, grant.scopes);
  if (absl::IsPermissionDenied(claims.status()) ||
      absl::IsFailedPrecondition(claims.status())) {
    LogWarning("claims_refused",
               {{"client", client->id}, {"reason", ReasonOf(claims.status())}});
    return BearerError(403, "insufficient_scope",
                       "the agreement does not cover these claims");
  }
  if (!claims.ok()) return Trouble("claims", claims.status());
  (*claims)["sub"] = grant.sub;
  return Json(200, claims->dump());
}

}  // namespace psm::openid
