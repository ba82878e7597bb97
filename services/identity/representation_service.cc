#include "services/identity/representation_service.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "mesh/policy/representation.h"
#include "mesh/records/leg_exchange_id.h"
#include "services/identity/once.h"

namespace psm::identity {
namespace {

constexpr char kActForMethod[] = "psm.identity.v1.RepresentationService/ActFor";

// How long EndRepresentation waits for the gateway to hear of the end.
constexpr absl::Duration kEndPatience = absl::Seconds(2);

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
        const std::optional<StoredRepresentation> standing =
            parts_.representations->Standing(sql, stored);
        if (!standing.has_value()) {
          Representations::Insert(sql, stored);
        } else if (!wanted.has_value() ||
                   standing->expire_time == stored.expire_time) {
          stored = *standing;
        } else {
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "REPRESENTATION_STANDS",
                                 "it is registered with another end");
        }
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
  PSM_ASSIGN_OR_RETURN(
      const Response response,
      AnswerOnce<Response>(
          parts_.database, "EndRepresentation", call, parts_.clock->Now(),
          request, [&](soci::session& sql) -> absl::StatusOr<Response> {
            PSM_ASSIGN_OR_RETURN(
                const absl::Time end,
                parts_.representations->End(sql, request.subject(),
                                            request.representation_id()));
            Response ended;
            *ended.mutable_end_time() = Stamp(end);
            return ended;
          }));
  if (parts_.progress != nullptr) {
    PSM_ASSIGN_OR_RETURN(const std::uint64_t sequence,
                         parts_.consents->LastSequence());
    parts_.progress->AwaitTaken(sequence, kEndPatience);
  }
  return response;
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

absl::StatusOr<std::string> RepresentationService::IssueToken(
    const agency::CallContext& call, const StoredRepresentation& stored,
    absl::Time* expire_time) {
  // Under ids of their own: the caller's names this call.
  const auto code_of = [&](const std::string& subject, const char* role) {
    agency::CallContext own = call;
    own.exchange_id = LegExchangeId(call.exchange_id, role);
    return parts_.disclosures->Disclose(own, {.audience = call.consumer,
                                              .affair = call.affair,
                                              .subject = subject,
                                              .method = kActForMethod,
                                              .attributes = {}});
  };
  Representation said;
  said.id = stored.id;
  said.consumer = call.consumer;
  said.capacity = stored.kind == RepresentativeKind::kParent
                      ? Representative::kParent
                      : Representative::kGuardian;
  PSM_ASSIGN_OR_RETURN(said.subject, code_of(stored.subject, "represented"));
  PSM_ASSIGN_OR_RETURN(said.representative,
                       code_of(stored.representative, "representative"));
  // A token's times are whole seconds; what the caller is told is what it says.
  said.issue_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(parts_.clock->Now()));
  said.expire_time = absl::FromUnixSeconds(absl::ToUnixSeconds(std::min(
      said.issue_time + kMaxRepresentationDuration, stored.expire_time)));
  if (said.expire_time <= said.issue_time) {
    return agency::Refusal(absl::StatusCode::kNotFound,
                           "REPRESENTATION_UNKNOWN",
                           "the representation ends this very moment");
  }
  *expire_time = said.expire_time;
  return SignRepresentation(said, parts_.key->key(), parts_.key->kid());
}

// As GrantConsent: the mesh records first, then the answer is written, where
// the representation is still in force, then the token leaves.
absl::StatusOr<v1::ActForResponse> RepresentationService::Act(
    const agency::CallContext& call, const v1::ActForRequest& request) {
  using Response = v1::ActForResponse;
  const std::string name = NameOfAnswer("ActFor", request);
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> answer,
                       parts_.database->Answered(name, call));
  if (answer.has_value()) return agency::ParseAnswer<Response>(*answer);
  PSM_ASSIGN_OR_RETURN(
      const std::optional<StoredRepresentation> known,
      parts_.representations->Find(request.representation_id()));
  Response response;
  if (known.has_value() && known->representative == request.subject() &&
      !known->ended && known->expire_time > parts_.clock->Now()) {
    absl::Time expire_time;
    PSM_ASSIGN_OR_RETURN(*response.mutable_token(),
                         IssueToken(call, *known, &expire_time));
    response.set_subject(known->subject);
    response.set_capacity(static_cast<v1::Capacity>(known->kind));
    *response.mutable_expire_time() = Stamp(expire_time);
  }
  PSM_ASSIGN_OR_RETURN(
      answer,
      parts_.database->Once(
          name, call, parts_.clock->Now(),
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_RETURN_IF_ERROR(parts_.representations
                                    ->InForce(sql, request.subject(),
                                              request.representation_id())
                                    .status());
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<Response>(*answer);
}

}  // namespace psm::identity
