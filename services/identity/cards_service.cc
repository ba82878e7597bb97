#include "services/identity/cards_service.h"

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card/certificate_request.h"
#include "services/identity/once.h"

namespace psm::identity {
namespace {

using google::protobuf::util::TimeUtil;

void Fill(const RegisteredCertificate& from, v1::CardCertificate* to) {
  const auto set = [](absl::Time time, google::protobuf::Timestamp* proto) {
    *proto = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
  };
  to->set_serial(from.serial);
  to->set_kind(static_cast<v1::CardCertificate::Kind>(from.kind));
  to->set_card_serial(from.card_serial);
  set(from.issue_time, to->mutable_issue_time());
  set(from.expire_time, to->mutable_expire_time());
  if (from.revoke_time.has_value())
    set(*from.revoke_time, to->mutable_revoke_time());
  to->set_revocation_reason(
      static_cast<v1::CardCertificate::RevocationReason>(from.reason));
}

// Of timestamp.proto's range, and not before 1970.
bool IsTime(const google::protobuf::Timestamp& time) {
  return time.seconds() >= 0 && time.seconds() <= 253402300799 &&
         time.nanos() >= 0 && time.nanos() <= 999999999;
}

absl::Status RequestInvalid(absl::string_view why) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument,
                         "CERTIFICATE_REQUEST_INVALID", why);
}

absl::StatusOr<NewKeys> KeysOf(const v1::RenewCertificatesRequest& request) {
  NewKeys keys;
  for (const auto& [der, key] :
       {std::pair(&request.authentication_request(), &keys.authentication),
        std::pair(&request.signature_request(), &keys.signature)}) {
    if (der->empty()) continue;
    absl::StatusOr<std::shared_ptr<const VerifyingKey>> found =
        card::KeyOfRequest(*der);
    if (!found.ok()) return RequestInvalid(found.status().message());
    *key = *std::move(found);
  }
  if (keys.authentication == nullptr && keys.signature == nullptr)
    return RequestInvalid("no certificate is asked for");
  // Else the four digits would open what the longer PIN guards.
  if (keys.authentication != nullptr && keys.signature != nullptr &&
      keys.authentication->ToDer() == keys.signature->ToDer())
    return RequestInvalid("one key cannot do both");
  return keys;
}

}  // namespace

grpc::Status CardsService::ListCertificates(
    grpc::ServerContext* context, const v1::ListCertificatesRequest* request,
    v1::ListCertificatesResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status CardsService::RenewCertificates(
    grpc::ServerContext* context, const v1::RenewCertificatesRequest* request,
    v1::RenewCertificatesResponse* response) {
  return agency::Reply(Renew(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status CardsService::RevokeCard(grpc::ServerContext* context,
                                      const v1::RevokeCardRequest* request,
                                      v1::RevokeCardResponse* response) {
  return agency::Reply(Revoke(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status CardsService::NotifyChange(grpc::ServerContext* context,
                                        const v1::NotifyChangeRequest* request,
                                        v1::NotifyChangeResponse* response) {
  return agency::Reply(Notify(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::ListCertificatesResponse> CardsService::List(
    const agency::CallContext& call,
    const v1::ListCertificatesRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       parts_.holders->Find(request.subject()));
  if (!holder.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                           "the person holds no card");
  }
  v1::ListCertificatesResponse response;
  if (!call.Grants("certificates")) return response;
  PSM_ASSIGN_OR_RETURN(const std::vector<RegisteredCertificate> certificates,
                       parts_.certificates->OfCard(holder->card_serial));
  for (const RegisteredCertificate& certificate : certificates)
    Fill(certificate, response.add_certificates());
  return response;
}

absl::StatusOr<v1::RenewCertificatesResponse> CardsService::Renew(
    const agency::CallContext& call,
    const v1::RenewCertificatesRequest& request) {
  PSM_ASSIGN_OR_RETURN(const NewKeys keys, KeysOf(request));
  PSM_RETURN_IF_ERROR(parts_.cards->TakeIn());
  PSM_ASSIGN_OR_RETURN(
      v1::RenewCertificatesResponse response,
      AnswerOnce<v1::RenewCertificatesResponse>(
          parts_.database, "RenewCertificates", call, parts_.clock->Now(),
          request,
          [&](soci::session& sql)
              -> absl::StatusOr<v1::RenewCertificatesResponse> {
            PSM_ASSIGN_OR_RETURN(
                RenewedCard renewed,
                parts_.cards->Renew(sql, request.subject(),
                                    request.card_serial(), keys));
            v1::RenewCertificatesResponse made;
            made.set_authentication_certificate(
                std::move(renewed.authentication_der));
            made.set_signature_certificate(std::move(renewed.signature_der));
            made.set_revoked_count(renewed.revoked);
            return made;
          }));
  parts_.publish();
  if (!call.Grants("certificates")) {
    response.clear_authentication_certificate();
    response.clear_signature_certificate();
  }
  return response;
}

absl::StatusOr<v1::RevokeCardResponse> CardsService::Revoke(
    const agency::CallContext& call, const v1::RevokeCardRequest& request) {
  PSM_RETURN_IF_ERROR(parts_.cards->TakeIn());
  PSM_ASSIGN_OR_RETURN(
      v1::RevokeCardResponse response,
      AnswerOnce<v1::RevokeCardResponse>(
          parts_.database, "RevokeCard", call, parts_.clock->Now(), request,
          [&](soci::session& sql) -> absl::StatusOr<v1::RevokeCardResponse> {
            v1::RevokeCardResponse made;
            PSM_ASSIGN_OR_RETURN(const int revoked,
                                 parts_.cards->Revoke(sql, request.subject(),
                                                      request.card_serial()));
            made.set_revoked_count(revoked);
            return made;
          }));
  parts_.publish();
  return response;
}

absl::StatusOr<v1::NotifyChangeResponse> CardsService::Notify(
    const agency::CallContext& call, const v1::NotifyChangeRequest& request) {
  if (!request.has_change_time() || !IsTime(request.change_time())) {
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "CHANGE_INVALID",
                           "say when it changed");
  }
  HolderChange change;
  change.subject = request.subject();
  change.name = request.name();
  change.kana = request.kana();
  change.address = request.address();
  change.died = request.died();
  change.change_time = absl::FromUnixMicros(
      TimeUtil::TimestampToMicroseconds(request.change_time()));
  PSM_RETURN_IF_ERROR(parts_.cards->TakeIn());
  PSM_ASSIGN_OR_RETURN(
      v1::NotifyChangeResponse response,
      AnswerOnce<v1::NotifyChangeResponse>(
          parts_.database, "NotifyChange", call, parts_.clock->Now(), request,
          [&](soci::session& sql) -> absl::StatusOr<v1::NotifyChangeResponse> {
            v1::NotifyChangeResponse made;
            PSM_ASSIGN_OR_RETURN(const int revoked,
                                 parts_.cards->Change(sql, change));
            made.set_revoked_count(revoked);
            return made;
          }));
  parts_.publish();
  return response;
}

}  // namespace psm::identity
