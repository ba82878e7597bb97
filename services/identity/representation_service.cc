#include "services/identity/representation_service.h"

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/identity/once.h"

namespace psm::identity {
namespace {

google::protobuf::Timestamp Stamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
      absl::ToUnixMicros(time));
}

}  // namespace

grpc::Status RepresentationService::RegisterRepresentation(
    grpc::ServerContext* context,
    const v1::RegisterRepresentationRequest* request,
    v1::RegisterRepresentationResponse* response) {
  return agency::Reply(Register(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status RepresentationService::EndRepresentation(
    grpc::ServerContext* context, const v1::EndRepresentationRequest* request,
    v1::EndRepresentationResponse* response) {
  return agency::Reply(End(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status RepresentationService::ListRepresentations(
    grpc::ServerContext* context, const v1::ListRepresentationsRequest* request,
    v1::ListRepresentationsResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status RepresentationService::ActFor(grpc::ServerContext* context,
                                           const v1::ActForRequest* request,
                                           v1::ActForResponse* response) {
  return agency::Reply(Act(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::RegisterRepresentationResponse>
RepresentationService::Register(
    const agency::CallContext& call,
    const v1::RegisterRepresentationRequest& request) {
  using Response = v1::RegisterRepresentationResponse;
  if (request.capacity() != v1::CAPACITY_PARENT &&
      request.capacity() != v1::CAPACITY_GUARDIAN) {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "REPRESENTATION_NOT_POSSIBLE",
                           "say whether it is a parent or a guardian");
  }
  std::optional<absl::Time> wanted;
  if (request.has_expire_time())
    wanted = absl::FromUnixSeconds(request.expire_time().seconds());
  return AnswerOnce<Response>(
      parts_.database, "RegisterRepresentation", call, parts_.clock->Now(),
      request, [&](soci::session& sql) -> absl::StatusOr<Response> {
        StoredRepresentation stored;
        stored.id = NewUuid(*parts_.random);
        stored.subject = request.subject();
        stored.kind = static_cast<RepresentativeKind>(request.capacity());
        PSM_RETURN_IF_ERROR(parts_.representations->Complete(
            sql, request.representative_card_serial(), wanted, stored));
        Representations::Insert(sql, stored);
        Response response;
        response.set_representation_id(stored.id);
        *response.mutable_expire_time() = Stamp(stored.expire_time);
        return response;
      });
}

absl::StatusOr<v1::EndRepresentationResponse> RepresentationService::End(
    const agency::CallContext& call,
    const v1::EndRepresentationRequest& request) {
  using Response = v1::EndRepresentationResponse;
  return AnswerOnce<Response>(
      parts_.database, "EndRepresentation", call, parts_.clock->Now(), request,
      [&](soci::session& sql) -> absl::StatusOr<Response> {
        PSM_ASSIGN_OR_RETURN(
            const absl::Time end,
            parts_.representations->End(sql, request.subject(),
                                        request.representation_id()));
        Response response;
        *response.mutable_end_time() = Stamp(end);
        return response;
      });
}

absl::StatusOr<v1::ListRepresentationsResponse> RepresentationService::List(
    const agency::CallContext& call,
    const v1::ListRepresentationsRequest& request) {
  v1::ListRepresentationsResponse response;
  if (!call.Grants("representations")) return response;
  PSM_ASSIGN_OR_RETURN(const std::vector<StoredRepresentation> in_force,
                       parts_.representations->Of(request.subject()));
  for (const StoredRepresentation& stored : in_force) {
    PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> represented,
                         parts_.holders->Find(stored.subject));
    v1::Representation* const shown = response.add_representations();
    shown->set_representation_id(stored.id);
    shown->set_capacity(static_cast<v1::Capacity>(stored.kind));
    if (represented.has_value()) shown->set_name(represented->name);
    *shown->mutable_expire_time() = Stamp(stored.expire_time);
  }
  return response;
}

absl::StatusOr<v1::ActForResponse> RepresentationService::Act(
    const agency::CallContext& call, const v1::ActForRequest& request) {
  using Response = v1::ActForResponse;
  return AnswerOnce<Response>(
      parts_.database, "ActFor", call, parts_.clock->Now(), request,
      [&](soci::session& sql) -> absl::StatusOr<Response> {
        absl::Time until;
        PSM_ASSIGN_OR_RETURN(
            const StoredRepresentation found,
            parts_.representations->Act(sql, call.consumer, request.subject(),
                                        request.representation_id(), &until));
        Response response;
        response.set_subject(found.subject);
        response.set_capacity(static_cast<v1::Capacity>(found.kind));
        *response.mutable_expire_time() = Stamp(until);
        return response;
      });
}

}  // namespace psm::identity
