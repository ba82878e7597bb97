#include "services/identity/provider.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "nlohmann/json.hpp"
#include "services/identity/provider_profile.h"

namespace psm::identity {
namespace {

// As if identity's own terminal had called the service.
CardSignIn::Complete CompleteWith(SignInService* service, std::string system) {
  return [service, system = std::move(system)](
             const std::string& challenge_id,
             const CardAnswer& answer) -> absl::StatusOr<std::string> {
    agency::CallContext call;
    call.consumer = system;
    v1::CompleteSignInRequest request;
    request.set_challenge_id(challenge_id);
    request.set_certificate(answer.certificate);
    request.set_signature(answer.signature);
    PSM_ASSIGN_OR_RETURN(const v1::CompleteSignInResponse response,
                         service->Complete(call, request));
    return response.subject();
  };
}

}  // namespace

AuthenticationApp::AuthenticationApp(const agency::Agency& agency,
                                     const Parts& parts)
    : clients_(agency.RunPath("clients", ".json")),
      subjects_(parts.holders, parts.disclosures, &SystemRandom()),
      requests_(parts.asking, &SystemRandom()),
      arrivals_(&agency.clock(), &SystemRandom()),
      sign_in_(parts.challenges, &arrivals_, agency.system(),
               CompleteWith(parts.sign_in, agency.system())),
      sign_requests_(parts.database, &SystemRandom()),
      judge_(parts.signatures) {}

openid::HttpAnswer AuthenticationApp::Answer(
    const openid::HttpRequest& request) {
  if (request.path == kCardPath) return TakeCard(request);
  if (SigningPages::IsFor(request)) return signing_->Answer(request);
  if (RelyingPartyRequests::IsFor(request) ||
      RelyingPartySignatures::IsFor(request))
    return AnswerBearer(request);
  return provider_->Answer(request);
}

openid::HttpAnswer AuthenticationApp::AnswerBearer(
    const openid::HttpRequest& request) {
  std::variant<openid::Provider::Bearer, openid::HttpAnswer> bearer =
      provider_->BearerOf(request);
  if (auto* refusal = std::get_if<openid::HttpAnswer>(&bearer))
    return std::move(*refusal);
  const auto& who = std::get<openid::Provider::Bearer>(bearer);
  return RelyingPartyRequests::IsFor(request)
             ? requests_.Answer(request, who)
             : signatures_->Answer(request, who);
}

openid::HttpAnswer AuthenticationApp::TakeCard(
    const openid::HttpRequest& request) {
  if (request.method != "POST") return openid::MethodNotAllowed("POST");
  const auto refuse = [](int status, const std::string& what) {
    return openid::Json(status, nlohmann::json({{"error", what}}).dump());
  };
  const std::optional<openid::Parameters> form =
      openid::Parameters::Parse(request.body);
  const std::optional<CardAnswer> answer =
      form.has_value() ? DecodeCardAnswer(form->Get("signed")) : std::nullopt;
  if (!answer.has_value()) return refuse(400, "that is not a card's answer");
  const absl::StatusOr<std::string> number =
      sign_in_.Deliver(form->Get("challenge"), *answer);
  if (number.ok())
    return openid::Json(200, nlohmann::json({{"number", *number}}).dump());
  const bool later =
      absl::IsUnavailable(number.status()) || absl::IsInternal(number.status());
  return refuse(later ? 503 : 400,
                later ? "nobody can sign in now; try again later"
                      : std::string(number.status().message()));
}

absl::Status AuthenticationApp::Serve(agency::Agency& agency,
                                      const Parts& parts) {
  std::unique_ptr<AuthenticationApp> app(new AuthenticationApp(agency, parts));
  PSM_RETURN_IF_ERROR(app->clients_.Load());
  PSM_ASSIGN_OR_RETURN(
      app->keys_,
      openid::SigningKeys::Open(absl::StrCat(parts.folder, "/openid-keys.json"),
                                openid::JwsAlgorithm::kEs256, &agency.clock()));
  AuthenticationApp* const self = app.get();
  const auto make_handler =
      [&](const std::string& issuer) -> absl::StatusOr<openid::HttpHandler> {
    const Clock* const clock = &agency.clock();
    self->profile_ = AuthenticationAppProfile(issuer);
    self->signing_ = std::make_unique<SigningPages>(
        &self->sign_requests_, self->judge_, &self->subjects_, &self->clients_,
        &self->profile_, clock);
    self->signatures_ = std::make_unique<RelyingPartySignatures>(
        &self->sign_requests_, &self->subjects_, clock, issuer);
    self->provider_ =
        std::make_unique<openid::Provider>(openid::Provider::Parts{
            self->profile_, parts.database, &self->clients_, self->keys_.get(),
            &self->subjects_, &self->sign_in_, &agency.clock(),
            &SystemRandom()});
    return openid::HttpHandler([self](const openid::HttpRequest& request) {
      return self->Answer(request);
    });
  };
  PSM_ASSIGN_OR_RETURN(
      app->listener_, openid::Listener::Start(
                          {parts.folder, agency.RunPath("endpoints", ".https")},
                          agency.system(), agency.clock().Now(), make_handler));
  agency.Own(std::move(app));
  return absl::OkStatus();
}

}  // namespace psm::identity
