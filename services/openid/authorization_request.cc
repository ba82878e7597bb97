// The order is the security argument: client and redirect URI first, compared
// letter by letter with what is registered; until both are known to belong
// together no error leaves by way of the browser. What comes after may.
#include "services/openid/authorization_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_split.h"

namespace psm::openid {
namespace {

constexpr std::size_t kMaxState = 2048;
constexpr std::size_t kMaxNonce = 512;
constexpr std::size_t kChallenge = 43;  // SHA-256 in base64url

AuthorizationError Shown(const char* description) {
  return {"invalid_request", description, "", ""};
}

// The rest of a request whose client and redirect URI are known.
class Reader {
 public:
  Reader(const Parameters& from, const Profile& profile,
         AuthorizationRequest* request)
      : from_(from), profile_(profile), request_(request) {}

  std::optional<AuthorizationError> Read() {
    if (from_.AnyRepeated())
      return Error("invalid_request", "a parameter came twice");
    if (from_.Has("request"))
      return Error("request_not_supported", "request objects are not offered");
    if (from_.Has("request_uri"))
      return Error("request_uri_not_supported", "request_uri is not offered");
    if (from_.Has("registration"))
      return Error("registration_not_supported",
                   "clients are registered beforehand");
    if (!from_.Has("response_type"))
      return Error("invalid_request", "response_type is missing");
    if (from_.Get("response_type") != "code")
      return Error("unsupported_response_type", "only code is offered");
    if (from_.Has("response_mode") && from_.Get("response_mode") != "query")
      return Error("invalid_request", "only response_mode query is offered");
    if (auto error = TakeScopes()) return error;
    if (auto error = TakeStateAndNonce()) return error;
    if (auto error = TakeChallenge()) return error;
    if (auto error = CheckContext()) return error;
    return CheckPrompt();
  }

 private:
  AuthorizationError Error(const char* error, const char* description) const {
    return {error, description, request_->redirect_uri, from_.Get("state")};
  }

  std::optional<AuthorizationError> TakeScopes() {
    std::vector<std::string> scopes =
        absl::StrSplit(from_.Get("scope"), ' ', absl::SkipEmpty());
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    if (!std::binary_search(scopes.begin(), scopes.end(), "openid"))
      return Error("invalid_scope", "scope is without openid");
    const std::vector<std::string>& allowed = request_->client->scopes;
    for (const std::string& scope : scopes) {
      if (profile_.FindScope(scope) == nullptr ||
          std::count(allowed.begin(), allowed.end(), scope) == 0)
        return Error("invalid_scope",
                     "a scope is not one that the client may ask for");
    }
    request_->scopes = std::move(scopes);
    return std::nullopt;
  }

  std::optional<AuthorizationError> TakeStateAndNonce() {
    request_->state = from_.Get("state");
    request_->nonce = from_.Get("nonce");
    if (profile_.requires_state && request_->state.empty())
      return Error("invalid_request", "state is missing");
    if (profile_.requires_nonce && request_->nonce.empty())
      return Error("invalid_request", "nonce is missing");
    if (request_->nonce.size() > kMaxNonce)
      return Error("invalid_request", "nonce is too long");
    return std::nullopt;
  }

  std::optional<AuthorizationError> TakeChallenge() {
    request_->code_challenge = from_.Get("code_challenge");
    if (request_->code_challenge.empty()) {
      if (profile_.requires_pkce || from_.Has("code_challenge_method"))
        return Error("invalid_request", "code_challenge is missing");
      return std::nullopt;
    }
    // Left out it would mean `plain` (RFC 7636, 4.3).
    if (from_.Get("code_challenge_method") != "S256")
      return Error("invalid_request", "code_challenge_method is not S256");
    if (request_->code_challenge.size() != kChallenge ||
        !FromBase64Url(request_->code_challenge).has_value())
      return Error("invalid_request", "code_challenge is not a SHA-256");
    return std::nullopt;
  }

  // Who asks for a way of signing in that is not offered is told so, and does
  // not take another for it (OpenID Connect Core Error Code
  // unmet_authentication_requirements 1.0).
  std::optional<AuthorizationError> CheckContext() const {
    const std::vector<std::string> wanted =
        absl::StrSplit(from_.Get("acr_values"), ' ', absl::SkipEmpty());
    const std::vector<std::string>& offered = profile_.acr_values;
    if (wanted.empty() ||
        std::find_first_of(wanted.begin(), wanted.end(), offered.begin(),
                           offered.end()) != wanted.end())
      return std::nullopt;
    return Error("unmet_authentication_requirements",
                 "none of acr_values is offered");
  }

  // Everybody signs in anew each time, so `login` and `max_age` hold anyway.
  std::optional<AuthorizationError> CheckPrompt() const {
    const std::vector<std::string> prompts =
        absl::StrSplit(from_.Get("prompt"), ' ', absl::SkipEmpty());
    for (const std::string& prompt : prompts) {
      if (prompt == "none") {
        if (prompts.size() > 1)
          return Error("invalid_request", "prompt none stands alone");
        return Error("login_required", "nobody stays signed in here");
      }
      if (prompt != "login" && prompt != "consent" &&
          prompt != "select_account")
        return Error("invalid_request", "prompt is unknown");
    }
    return std::nullopt;
  }

  const Parameters& from_;
  const Profile& profile_;
  AuthorizationRequest* const request_;
};

}  // namespace

std::variant<AuthorizationRequest, AuthorizationError> ReadAuthorizationRequest(
    const Parameters& parameters, Clients& clients, const Profile& profile) {
  if (parameters.Repeated("client_id") || parameters.Repeated("redirect_uri"))
    return Shown("client_id or redirect_uri came twice");
  AuthorizationRequest request;
  request.client = clients.Find(parameters.Get("client_id"));
  if (request.client == nullptr) return Shown("the client is not registered");
  request.redirect_uri = parameters.Get("redirect_uri");
  const std::vector<std::string>& registered = request.client->redirect_uris;
  if (std::count(registered.begin(), registered.end(), request.redirect_uri) ==
      0)
    return Shown("redirect_uri is not one that the client registered");
  // What is sent back is bounded, too.
  if (parameters.Get("state").size() > kMaxState)
    return Shown("state is too long");
  if (auto error = Reader(parameters, profile, &request).Read())
    return *std::move(error);
  return request;
}

std::string RedirectOf(const AuthorizationError& error,
                       const Profile& profile) {
  return WithParameters(error.redirect_uri,
                        {{"error", error.error},
                         {"error_description", error.description},
                         {"state", error.state},
                         {"iss", profile.issuer}});
}

std::string RedirectOf(const AuthorizationRequest& request,
                       const std::string& code, const Profile& profile) {
  return WithParameters(
      request.redirect_uri,
      {{"code", code}, {"state", request.state}, {"iss", profile.issuer}});
}

}  // namespace psm::openid
