// The challenge is taken first, whatever comes of the rest: who sends a wrong
// signature cannot try another one on the same challenge, and a right one that
// somebody overheard is worth nothing.
#include "services/identity/sign_in_service.h"

#include <optional>
#include <string>
#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {

grpc::Status SignInService::BeginSignIn(grpc::ServerContext* context,
                                        const v1::BeginSignInRequest*,
                                        v1::BeginSignInResponse* response) {
  Challenges::Challenge challenge =
      challenges_->Begin(agency::CallContext::From(*context).consumer);
  response->set_challenge_id(std::move(challenge.id));
  response->set_challenge(std::move(challenge.bytes));
  return grpc::Status::OK;
}

grpc::Status SignInService::CompleteSignIn(
    grpc::ServerContext* context, const v1::CompleteSignInRequest* request,
    v1::CompleteSignInResponse* response) {
  return agency::Reply(Complete(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status SignInService::LookUpCard(grpc::ServerContext*,
                                       const v1::LookUpCardRequest* request,
                                       v1::LookUpCardResponse* response) {
  return agency::Reply(LookUp(*request), response);
}

absl::StatusOr<v1::CompleteSignInResponse> SignInService::Complete(
    const agency::CallContext& call, const v1::CompleteSignInRequest& request) {
  PSM_ASSIGN_OR_RETURN(
      const std::string challenge,
      challenges_->Take(request.challenge_id(), call.consumer));
  PSM_ASSIGN_OR_RETURN(const AcceptedCard card,
                       trust_->Verify(request.certificate(), clock_->Now()));
  if (!card.key->VerifyDer(challenge, request.signature())) {
    return agency::Refusal(
        absl::StatusCode::kPermissionDenied, "SIGNATURE_INVALID",
        "the signature is not of this challenge by the key of the certificate");
  }
  // The register, not a list: a revocation binds the next sign-in. One text for
  // a certificate that is revoked and one that is not ours.
  PSM_ASSIGN_OR_RETURN(const std::optional<RegisteredCertificate> registered,
                       certificates_->Find(card.certificate_serial));
  if (!registered.has_value() || registered->revoke_time.has_value() ||
      registered->card_serial != card.serial) {
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "CERTIFICATE_NOT_ACCEPTED",
                           "the card's certificate is not in force: use the "
                           "current one");
  }
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> subject,
                       holders_->SubjectOfCard(card.serial));
  if (!subject.has_value()) {
    // A card that was replaced: its certificate is still good, its serial is
    // nobody's.
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "CERTIFICATE_NOT_ACCEPTED",
                           "the card is not in use: use the current one");
  }
  v1::CompleteSignInResponse response;
  response.set_subject(*std::move(subject));
  return response;
}

absl::StatusOr<v1::LookUpCardResponse> SignInService::LookUp(
    const v1::LookUpCardRequest& request) {
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> subject,
                       holders_->SubjectOfCard(request.card_serial()));
  if (!subject.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "CARD_UNKNOWN",
                           "nobody holds a card with this serial");
  }
  v1::LookUpCardResponse response;
  response.set_subject(*std::move(subject));
  return response;
}

}  // namespace psm::identity
