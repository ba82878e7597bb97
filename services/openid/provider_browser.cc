// What browsers see. An answer to a form is believed only where its three parts
// fit: the id in the address, the cookie (which no other site's request
// carries: SameSite=Strict), and the secret inside the form. A person who signs
// in gets a new cookie and a new secret.
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "services/openid/pages.h"
#include "services/openid/provider.h"

namespace psm::openid {
namespace {

constexpr std::size_t kMaxHint = 8192;  // bytes
const BothTexts kBadRequest = {
    "サービスからの依頼に誤りがあるため、続けられません。サービスに戻ってやり直"
    "して"
    "ください。",
    "The service's request is wrong. Go back to the service and try again."};
const BothTexts kOver = {
    "このサインインは終わったか、時間切れです。サービスに戻ってやり直してくださ"
    "い。",
    "This sign-in has ended or timed out. Go back to the service and try "
    "again."};

bool IsForm(const HttpRequest& request) {
  return absl::StartsWith(request.Header("content-type"),
                          "application/x-www-form-urlencoded");
}

// The parameters of a GET's query or of a POST's form.
std::optional<Parameters> ParametersOf(const HttpRequest& request) {
  if (request.method == "GET") return Parameters::Parse(request.query);
  if (!IsForm(request)) return std::nullopt;
  return Parameters::Parse(request.body);
}

Language LanguageOf(const HttpRequest& request, const Parameters& parameters) {
  return ChooseLanguage(parameters.Get("ui_locales"),
                        request.Header("accept-language"));
}

// The prefix makes browsers insist on Secure, on this host alone and on the
// whole of it, so that no neighbour can plant one (RFC 6265bis, 4.1.3.2).
std::string CookieName(const std::string& id) {
  return absl::StrCat("__Host-psm-", id);
}

void SetCookie(HttpAnswer& answer, const std::string& id,
               const std::string& value, absl::Duration life) {
  answer.With("Set-Cookie",
              absl::StrCat(CookieName(id), "=", value,
                           "; Path=/; Secure; HttpOnly; SameSite=Strict; "
                           "Max-Age=",
                           absl::ToInt64Seconds(life)));
}

HttpAnswer WithTicket(HttpAnswer answer, const Ticket& ticket) {
  SetCookie(answer, ticket.id, ticket.cookie, kInteractionLife);
  return answer;
}

HttpAnswer Ended(HttpAnswer answer, const std::string& id) {
  SetCookie(answer, id, "", absl::ZeroDuration());
  return answer;
}

}  // namespace

HttpAnswer Provider::Authorize(const HttpRequest& request) {
  const std::optional<Parameters> parameters = ParametersOf(request);
  if (!parameters.has_value()) {
    return ErrorPage(400, parts_.profile, LanguageOf(request, Parameters()),
                     kBadRequest, "invalid_request: malformed parameters");
  }
  const Language language = LanguageOf(request, *parameters);
  auto read =
      ReadAuthorizationRequest(*parameters, *parts_.clients, parts_.profile);
  if (const auto* error = std::get_if<AuthorizationError>(&read)) {
    if (!error->redirect_uri.empty())
      return SeeOther(RedirectOf(*error, parts_.profile));
    return ErrorPage(400, parts_.profile, language, kBadRequest,
                     absl::StrCat(error->error, ": ", error->description));
  }
  const SignInForm form = parts_.sign_in->Begin(language);
  Interaction interaction;
  interaction.request = std::get<AuthorizationRequest>(std::move(read));
  interaction.language = language;
  interaction.sign_in_state = form.state;
  const Ticket ticket = interactions_.Begin(interaction);
  return WithTicket(SignInPage(parts_.profile, interaction, ticket, form),
                    ticket);
}

HttpAnswer Provider::Interact(const HttpRequest& request) {
  absl::string_view rest = request.path;
  absl::ConsumePrefix(&rest, "/interaction/");
  const std::string id(rest.substr(0, rest.find('/')));
  rest.remove_prefix(id.size());
  if (request.method == "GET") {
    return rest.empty() ? ShowAgain(request, id)
                        : Plain(404, "there is nothing here");
  }
  const std::optional<Parameters> form = ParametersOf(request);
  std::optional<Interaction> interaction;
  if (form.has_value() && !form->AnyRepeated()) {
    interaction = interactions_.Take(
        {id, request.Cookie(CookieName(id)), form->Get("form")});
  }
  if (!interaction.has_value()) {
    return ErrorPage(403, parts_.profile, LanguageOf(request, Parameters()),
                     kOver, "");
  }
  if (rest == "/sign-in" && !interaction->person.has_value())
    return SignIn(request, id, *std::move(interaction), *form);
  if (rest == "/consent" && interaction->person.has_value())
    return Consent(id, *std::move(interaction), *form);
  const AuthorizationRequest& asked = interaction->request;
  if (rest == "/cancel") {
    return Ended(SeeOther(RedirectOf({"access_denied", "the person declined",
                                      asked.redirect_uri, asked.state},
                                     parts_.profile)),
                 id);
  }
  return Ended(ErrorPage(403, parts_.profile, interaction->language, kOver, ""),
               id);
}

// A page that is loaded again, or in the other language.
HttpAnswer Provider::ShowAgain(const HttpRequest& request,
                               const std::string& id) {
  const std::string cookie = request.Cookie(CookieName(id));
  const std::optional<Parameters> query = Parameters::Parse(request.query);
  if (query.has_value() && query->Has("lang")) {
    interactions_.SetLanguage(id, cookie,
                              ChooseLanguage(query->Get("lang"), ""));
  }
  const std::optional<Interactions::Seen> seen = interactions_.Look(id, cookie);
  if (!seen.has_value()) {
    return ErrorPage(403, parts_.profile, LanguageOf(request, Parameters()),
                     kOver, "");
  }
  const Ticket ticket{id, cookie, seen->form};
  const Interaction& interaction = seen->interaction;
  if (interaction.person.has_value())
    return ConsentPage(parts_.profile, interaction, ticket);
  return SignInPage(
      parts_.profile, interaction, ticket,
      parts_.sign_in->Again(interaction.sign_in_state, interaction.language));
}

HttpAnswer Provider::SignIn(const HttpRequest&, const std::string& id,
                            Interaction interaction, const Parameters& form) {
  auto step = parts_.sign_in->Continue(interaction.sign_in_state, form,
                                       interaction.language);
  const AuthorizationRequest asked = interaction.request;
  if (!step.ok()) {
    LogWarning("sign_in_failed",
               {{"code", absl::StatusCodeToString(step.status().code())},
                {"reason", ReasonOf(step.status())}});
    return Ended(SeeOther(RedirectOf(
                     {"temporarily_unavailable", "nobody can sign in now",
                      asked.redirect_uri, asked.state},
                     parts_.profile)),
                 id);
  }
  SignInForm next;
  if (auto* person = std::get_if<SignedIn>(&*step)) {
    interaction.person = std::move(*person);
    interaction.auth_time = parts_.clock->Now();
    interaction.sign_in_state.clear();
  } else {
    next = std::get<SignInForm>(std::move(*step));
    interaction.sign_in_state = next.state;
  }
  const std::optional<Ticket> ticket = interactions_.PutBack(id, interaction);
  if (!ticket.has_value())
    return ErrorPage(403, parts_.profile, interaction.language, kOver, "");
  return WithTicket(
      interaction.person.has_value()
          ? ConsentPage(parts_.profile, interaction, *ticket)
          : SignInPage(parts_.profile, interaction, *ticket, next),
      *ticket);
}

// The name under which the client knows the person is asked for, and recorded,
// before there is a code.
HttpAnswer Provider::Consent(const std::string& id, Interaction interaction,
                             const Parameters& form) {
  const AuthorizationRequest& asked = interaction.request;
  const auto fail = [&](const absl::Status& status) {
    LogWarning("grant_failed",
               {{"code", absl::StatusCodeToString(status.code())},
                {"reason", ReasonOf(status)},
                {"client", asked.client->id}});
    const bool later = absl::IsUnavailable(status) ||
                       absl::IsDeadlineExceeded(status) ||
                       absl::IsResourceExhausted(status);
    return Ended(
        SeeOther(RedirectOf(
            {later ? "temporarily_unavailable" : "server_error",
             later ? "try again later" : "the person cannot be named to you",
             asked.redirect_uri, asked.state},
            parts_.profile)),
        id);
  };
  const absl::StatusOr<std::string> sub =
      parts_.subjects->SubFor(*asked.client, interaction.person->subject);
  if (!sub.ok()) return fail(sub.status());
  Grant grant;
  grant.id = NewUuid(*parts_.random);
  grant.client_id = asked.client->id;
  grant.subject = interaction.person->subject;
  grant.sub = *sub;
  // The client is told what it got (RFC 6749, 5.1).
  for (const std::string& scope : asked.scopes) {
    if (scope == kOpenIdScope || form.Get(BoxOf(scope)) == "yes")
      grant.scopes.push_back(scope);
  }
  grant.acr = interaction.person->acr;
  grant.auth_time = interaction.auth_time;
  const absl::StatusOr<std::string> code = store_.IssueCode(
      grant, {asked.redirect_uri, asked.code_challenge, asked.nonce});
  if (!code.ok()) return fail(code.status());
  return Ended(SeeOther(RedirectOf(asked, *code, parts_.profile)), id);
}

// RP-Initiated Logout 1.0. An id token of ours says whose sign-in shall end;
// that it has expired does not matter (2, "SHOULD accept").
HttpAnswer Provider::Logout(const HttpRequest& request) {
  const std::optional<Parameters> parameters = ParametersOf(request);
  const Language language =
      LanguageOf(request, parameters.value_or(Parameters()));
  const auto wrong = [&](const char* why) {
    return ErrorPage(400, parts_.profile, language, kBadRequest, why);
  };
  if (!parameters.has_value() || parameters->AnyRepeated())
    return wrong("invalid_request: malformed parameters");
  const std::optional<UnverifiedJws> hint =
      SplitJws(parameters->Get("id_token_hint"), kMaxHint);
  if (!hint.has_value() || !parts_.keys->Made(*hint))
    return wrong("invalid_request: id_token_hint is not an id token of ours");
  const std::string client_id = hint->claims.value("aud", "");
  if (parameters->Has("client_id") && parameters->Get("client_id") != client_id)
    return wrong("invalid_request: client_id is not that of id_token_hint");
  const std::shared_ptr<const Client> client = parts_.clients->Find(client_id);
  const std::string back = parameters->Get("post_logout_redirect_uri");
  bool registered = false;
  if (client != nullptr) {
    for (const std::string& uri : client->post_logout_redirect_uris)
      registered |= uri == back;
  }
  if (!back.empty() && !registered)
    return wrong("invalid_request: post_logout_redirect_uri is not registered");
  if (const absl::Status revoked =
          store_.Revoke(hint->claims.value("sid", ""), client_id);
      !revoked.ok()) {
    LogError("logout_failed",
             {{"code", absl::StatusCodeToString(revoked.code())}});
    return ErrorPage(503, parts_.profile, language,
                     {"いまサインアウトできません。後でやり直してください。",
                      "You cannot sign out now. Try again later."},
                     "");
  }
  if (back.empty()) return SignedOutPage(parts_.profile, language);
  return SeeOther(WithParameters(back, {{"state", parameters->Get("state")}}));
}

}  // namespace psm::openid
