// A request is words until it is answered: the mesh is asked to authorise when
// the person grants, for the part that is granted, and not before. The answer,
// the consent and the token are written in one transaction, in which the
// request must still wait.
#include "services/identity/consent_request_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/identity/consent_store.h"
#include "services/identity/once.h"

namespace psm::identity {
namespace {

constexpr std::size_t kMaxPurpose = 500;  // bytes

google::protobuf::Timestamp ProtoTime(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
      absl::ToUnixMicros(time));
}

absl::Status RequestUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "REQUEST_UNKNOWN",
                         "there is no such request about the person");
}

}  // namespace

grpc::Status ConsentRequestService::RequestConsent(
    grpc::ServerContext* context, const v1::RequestConsentRequest* request,
    v1::RequestConsentResponse* response) {
  return agency::Reply(Request(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status ConsentRequestService::ListConsentRequests(
    grpc::ServerContext* context, const v1::ListConsentRequestsRequest* request,
    v1::ListConsentRequestsResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status ConsentRequestService::AnswerConsentRequest(
    grpc::ServerContext* context,
    const v1::AnswerConsentRequestRequest* request,
    v1::AnswerConsentRequestResponse* response) {
  return agency::Reply(Answer(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status ConsentRequestService::CollectConsent(
    grpc::ServerContext* context, const v1::CollectConsentRequest* request,
    v1::CollectConsentResponse* response) {
  return agency::Reply(Collect(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::RequestConsentResponse> ConsentRequestService::Request(
    const agency::CallContext& call, const v1::RequestConsentRequest& request,
    const AskingClient& client) {
  StoredRequest stored;
  stored.client = client;
  stored.terms.subject = request.subject();
  stored.terms.consumer = call.consumer;  // for itself alone
  stored.terms.affair = request.affair();
  stored.terms.method = request.method();
  stored.terms.attributes = AttributesOf(request.attributes());
  stored.terms.duration =
      DurationOf(request.has_duration(), request.duration());
  stored.purpose = request.purpose();
  PSM_RETURN_IF_ERROR(CheckTerms(stored.terms));
  if (stored.purpose.empty() || stored.purpose.size() > kMaxPurpose)
    return ConsentNotPossible("say what it is for, in at most 500 bytes");
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       parts_.holders->Find(request.subject()));
  if (!holder.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                           "the person holds no card");
  }
  const absl::Time now = parts_.clock->Now();
  stored.id = NewUuid(*parts_.random);
  stored.request_time = now;
  stored.expire_time = now + kRequestLifetime;
  return AnswerOnce<v1::RequestConsentResponse>(
      parts_.database, "RequestConsent", call, now, request,
      [&](soci::session& sql) -> absl::StatusOr<v1::RequestConsentResponse> {
        PSM_ASSIGN_OR_RETURN(const StoredRequest stands,
                             ConsentRequests::Insert(sql, stored, now));
        v1::RequestConsentResponse response;
        response.set_request_id(stands.id);
        *response.mutable_expire_time() = ProtoTime(stands.expire_time);
        return response;
      });
}

absl::StatusOr<v1::ListConsentRequestsResponse> ConsentRequestService::List(
    const agency::CallContext& call,
    const v1::ListConsentRequestsRequest& request) {
  v1::ListConsentRequestsResponse response;
  if (!call.Grants("consents")) return response;
  PSM_ASSIGN_OR_RETURN(
      const std::vector<StoredRequest> pending,
      parts_.requests->Pending(request.subject(), parts_.clock->Now()));
  for (const StoredRequest& stored : pending) {
    v1::ConsentRequest* const shown = response.add_requests();
    shown->set_request_id(stored.id);
    shown->set_consumer(stored.terms.consumer);
    shown->set_affair(stored.terms.affair);
    shown->set_method(stored.terms.method);
    for (const std::string& attribute : stored.terms.attributes)
      shown->add_attributes(attribute);
    shown->set_purpose(stored.purpose);
    shown->mutable_duration()->set_seconds(
        absl::ToInt64Seconds(stored.terms.duration));
    *shown->mutable_request_time() = ProtoTime(stored.request_time);
    *shown->mutable_expire_time() = ProtoTime(stored.expire_time);
  }
  return response;
}

absl::StatusOr<v1::AnswerConsentRequestResponse> ConsentRequestService::Answer(
    const agency::CallContext& call,
    const v1::AnswerConsentRequestRequest& request) {
  const std::string name = NameOfAnswer("AnswerConsentRequest", request);
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> answer,
                       parts_.database->Answered(name, call));
  if (!answer.has_value()) {
    PSM_ASSIGN_OR_RETURN(answer, AnswerNow(call, request, name));
  }
  return agency::ParseAnswer<v1::AnswerConsentRequestResponse>(*answer);
}

absl::StatusOr<std::string> ConsentRequestService::AnswerNow(
    const agency::CallContext& call,
    const v1::AnswerConsentRequestRequest& request, absl::string_view name) {
  PSM_ASSIGN_OR_RETURN(
      const std::optional<StoredRequest> found,
      parts_.requests->Find(request.request_id(), request.subject()));
  if (!found.has_value()) return RequestUnknown();
  const absl::Time now = parts_.clock->Now();
  if (found->state != RequestState::kPending || now >= found->expire_time) {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "REQUEST_ANSWERED",
                           "the request waits for no answer any more");
  }
  ConsentTerms terms = found->terms;
  terms.attributes = AttributesOf(request.attributes());
  const bool declined = request.attributes().empty();
  if (!declined) {
    if (request.has_duration())
      terms.duration = DurationOf(true, request.duration());
    PSM_RETURN_IF_ERROR(CheckTerms(terms));
    if (terms.duration > found->terms.duration ||
        !std::includes(found->terms.attributes.begin(),
                       found->terms.attributes.end(), terms.attributes.begin(),
                       terms.attributes.end()))
      return ConsentNotPossible("grant what was asked for, or less");
  }
  v1::AnswerConsentRequestResponse response;
  IssuedConsent issued;
  if (!declined) {
    PSM_ASSIGN_OR_RETURN(issued, parts_.issuer->Issue(call, terms));
    response.set_consent_id(issued.stored.id);
    response.mutable_expire_time()->set_seconds(
        absl::ToUnixSeconds(issued.stored.expire_time));
  }
  return parts_.database->Once(
      name, call, now, [&](soci::session& sql) -> absl::StatusOr<std::string> {
        PSM_RETURN_IF_ERROR(ConsentRequests::Answer(
            sql, found->id, issued.stored.attributes, issued.token, now));
        if (!declined) {
          PSM_RETURN_IF_ERROR(CheckAlive(sql, issued.stored.subject));
          ConsentStore::Insert(sql, issued.stored);
        }
        return response.SerializeAsString();
      });
}

absl::StatusOr<v1::CollectConsentResponse> ConsentRequestService::Collect(
    const agency::CallContext& call, const v1::CollectConsentRequest& request,
    const std::string& client_id) {
  using Response = v1::CollectConsentResponse;
  PSM_ASSIGN_OR_RETURN(
      const std::optional<StoredRequest> found,
      parts_.requests->Find(request.request_id(), request.subject()));
  if (!found.has_value() || found->terms.consumer != call.consumer ||
      found->client.id != client_id)
    return RequestUnknown();
  Response response;
  switch (found->state) {
    case RequestState::kPending:
      response.set_state(parts_.clock->Now() < found->expire_time
                             ? Response::PENDING
                             : Response::EXPIRED);
      break;
    case RequestState::kGranted:
      response.set_state(Response::GRANTED);
      if (call.Grants("token")) response.set_token(found->token);
      break;
    case RequestState::kDeclined:
      response.set_state(Response::DECLINED);
      break;
  }
  for (const std::string& attribute : found->granted)
    response.add_attributes(attribute);
  return response;
}

}  // namespace psm::identity
