#include "services/openid/provider.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"
#include "services/openid/pages.h"

namespace psm::openid {

Provider::Provider(Parts parts)
    : parts_(std::move(parts)),
      store_(parts_.database, parts_.clock, parts_.random, &parts_.profile),
      authenticator_(parts_.clients, &store_, parts_.clock, &parts_.profile),
      interactions_(parts_.clock, parts_.random) {}

HttpAnswer Provider::Answer(const HttpRequest& request) {
  HttpAnswer answer = Route(request);
  bool cached = false;
  for (const auto& [name, value] : answer.headers)
    cached |= name == "Cache-Control";
  if (!cached) answer.With("Cache-Control", "no-store");
  answer.With("X-Content-Type-Options", "nosniff");
  // Not no-referrer, by which browsers call a form's own origin "null".
  answer.With("Referrer-Policy", "same-origin");
  return answer;
}

HttpAnswer Provider::Route(const HttpRequest& request) {
  const std::string& path = request.path;
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (path == "/.well-known/openid-configuration")
    return get ? Discovery() : MethodNotAllowed("GET");
  if (path == "/jwks") return get ? Keys() : MethodNotAllowed("GET");
  if (path == kStylePath) return get ? StyleSheet() : MethodNotAllowed("GET");
  if (path == "/authorize")
    return get || post ? Authorize(request) : MethodNotAllowed("GET, POST");
  if (absl::StartsWith(path, "/interaction/"))
    return get || post ? Interact(request) : MethodNotAllowed("GET, POST");
  if (path == "/token") return post ? Token(request) : MethodNotAllowed("POST");
  if (path == "/userinfo")
    return get || post ? UserInfo(request) : MethodNotAllowed("GET, POST");
  if (path == "/logout")
    return get || post ? Logout(request) : MethodNotAllowed("GET, POST");
  return Plain(404, "there is nothing here");
}

HttpAnswer Provider::Discovery() const {
  const Profile& profile = parts_.profile;
  const std::string& issuer = profile.issuer;
  nlohmann::json scopes = nlohmann::json::array();
  nlohmann::json claims = {"iss",       "sub",   "aud", "exp", "iat",
                           "auth_time", "nonce", "acr", "sid"};
  for (const Scope& scope : profile.scopes) {
    scopes.push_back(scope.id);
    for (const std::string& claim : scope.claims) {
      if (std::find(claims.begin(), claims.end(), claim) == claims.end())
        claims.push_back(claim);
    }
  }
  const nlohmann::json document = {
      {"issuer", issuer},
      {"authorization_endpoint", issuer + "/authorize"},
      {"token_endpoint", issuer + "/token"},
      {"userinfo_endpoint", issuer + "/userinfo"},
      {"end_session_endpoint", issuer + "/logout"},
      {"jwks_uri", issuer + "/jwks"},
      {"scopes_supported", scopes},
      {"response_types_supported", {"code"}},
      {"response_modes_supported", {"query"}},
      {"grant_types_supported", {"authorization_code", "refresh_token"}},
      {"acr_values_supported", profile.acr_values},
      {"subject_types_supported", {profile.pairwise ? "pairwise" : "public"}},
      {"id_token_signing_alg_values_supported",
       {NameOf(profile.id_token_algorithm)}},
      {"token_endpoint_auth_methods_supported",
       {NameOf(profile.authentication)}},
      {"token_endpoint_auth_signing_alg_values_supported", {"ES256"}},
      {"claim_types_supported", {"normal"}},
      {"claims_supported", claims},
      {"claims_parameter_supported", false},
      {"request_parameter_supported", false},
      {"request_uri_parameter_supported", false},
      {"ui_locales_supported", {"ja", "en"}},
      {"code_challenge_methods_supported", {"S256"}},
      {"authorization_response_iss_parameter_supported", true}};
  return Json(200, document.dump()).With("Cache-Control", "max-age=300");
}

HttpAnswer Provider::Keys() {
  const absl::StatusOr<nlohmann::json> set = parts_.keys->PublicSet();
  if (!set.ok()) {
    LogError("signing_keys_unavailable",
             {{"error", std::string(set.status().message())}});
    return Plain(503, "the keys cannot be read now");
  }
  return Json(200, set->dump()).With("Cache-Control", "max-age=300");
}

}  // namespace psm::openid
