#include "services/residents/notices_service.h"

#include <optional>
#include <string>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm {

using agency::CallContext;
using residents::v1::MovingPerson;
using residents::v1::RegisterBirthResponse;

template <typename Request, typename Response, typename Enter>
grpc::Status NoticesService::Serve(grpc::ServerContext* context,
                                   const Request& request, Response* response,
                                   Enter enter) {
  const auto call = CallContext::From(*context);
  const Notice notice{call, clock_.Now(), &gate_, request.subject()};
  // Retries, too, which enter nothing and so pass no gate there.
  if (absl::Status passed =
          gate_.PassPerson(call, request.subject(), notice.today());
      !passed.ok())
    return agency::ToGrpc(passed);
  absl::StatusOr<Response> entered = enter(notice);
  if (!entered.ok()) return agency::ToGrpc(entered.status());
  *response = *std::move(entered);
  return grpc::Status::OK;
}

template <typename Request, typename Response, typename Enter>
grpc::Status NoticesService::ServeJoining(grpc::ServerContext* context,
                                          const Request& request,
                                          Response* response, Enter enter) {
  return Serve(context, request, response,
               [&](const Notice& notice) -> absl::StatusOr<Response> {
                 PSM_ASSIGN_OR_RETURN(Response entered, enter(notice));
                 PSM_RETURN_IF_ERROR(protection_.Extend(notice.today()));
                 return entered;
               });
}

grpc::Status NoticesService::NotifyMoveOut(
    grpc::ServerContext* context,
    const residents::v1::NotifyMoveOutRequest* request,
    residents::v1::NotifyMoveOutResponse* response) {
  const auto call = CallContext::From(*context);
  const grpc::Status status = Serve(
      context, *request, response,
      [&](const Notice& notice) { return moves_.MoveOut(notice, *request); });
  for (MovingPerson& person : *response->mutable_persons()) {
    if (!call.Grants("name")) person.clear_name();
    if (!call.Grants("kana")) person.clear_kana();
    if (!call.Grants("birth_date")) person.clear_birth_date();
    if (!call.Grants("sex")) person.clear_sex();
    if (!call.Grants("relation")) person.clear_relation();
    if (!call.Grants("tax_municipality")) person.clear_tax_municipality();
  }
  return status;
}

grpc::Status NoticesService::AnnounceMoveIn(
    grpc::ServerContext* context,
    const residents::v1::AnnounceMoveInRequest* request,
    residents::v1::AnnounceMoveInResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return moves_.Announce(notice, *request);
  });
}

grpc::Status NoticesService::RegisterMoveIn(
    grpc::ServerContext* context,
    const residents::v1::RegisterMoveInRequest* request,
    residents::v1::RegisterMoveInResponse* response) {
  using residents::v1::RegisterMoveInResponse;
  const auto enter =
      [&](const Notice& notice) -> absl::StatusOr<RegisterMoveInResponse> {
    PSM_RETURN_IF_ERROR(PassJoined(notice, request->join_agreement()));
    return moves_.MoveIn(notice, *request);
  };
  return ServeJoining(context, *request, response, enter);
}

absl::Status NoticesService::PassJoined(const Notice& notice,
                                        const std::string& join_agreement) {
  if (join_agreement.empty()) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> head,
                       households_.HeadOf(join_agreement));
  if (!head.has_value()) return absl::OkStatus();  // refused when it is entered
  return gate_.PassPerson(notice.call, *head, notice.today());
}

grpc::Status NoticesService::WithdrawAnnouncement(
    grpc::ServerContext* context,
    const residents::v1::WithdrawAnnouncementRequest* request,
    residents::v1::WithdrawAnnouncementResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return withdrawals_.Announcement(notice, *request);
  });
}

grpc::Status NoticesService::WithdrawMoveOut(
    grpc::ServerContext* context,
    const residents::v1::WithdrawMoveOutRequest* request,
    residents::v1::WithdrawMoveOutResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return withdrawals_.MoveOut(notice, *request);
  });
}

grpc::Status NoticesService::AgreeToJoin(
    grpc::ServerContext* context,
    const residents::v1::AgreeToJoinRequest* request,
    residents::v1::AgreeToJoinResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return households_.Agree(notice, *request);
  });
}

grpc::Status NoticesService::MergeHouseholds(
    grpc::ServerContext* context,
    const residents::v1::MergeHouseholdsRequest* request,
    residents::v1::MergeHouseholdsResponse* response) {
  using residents::v1::MergeHouseholdsResponse;
  const auto enter =
      [&](const Notice& notice) -> absl::StatusOr<MergeHouseholdsResponse> {
    PSM_RETURN_IF_ERROR(PassJoined(notice, request->join_agreement()));
    return households_.Merge(notice, *request);
  };
  return ServeJoining(context, *request, response, enter);
}

grpc::Status NoticesService::SplitHousehold(
    grpc::ServerContext* context,
    const residents::v1::SplitHouseholdRequest* request,
    residents::v1::SplitHouseholdResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return households_.Split(notice, *request);
  });
}

grpc::Status NoticesService::RegisterBirth(
    grpc::ServerContext* context,
    const residents::v1::RegisterBirthRequest* request,
    RegisterBirthResponse* response) {
  const auto enter =
      [&](const Notice& notice) -> absl::StatusOr<RegisterBirthResponse> {
    PSM_ASSIGN_OR_RETURN(const bool entered,
                         families_.CheckBirth(notice, *request));
    std::string child;
    if (!entered) {
      PSM_ASSIGN_OR_RETURN(child, enrolment_.Enrol(notice.call));
    }
    return families_.Birth(notice, *request, child);
  };
  return ServeJoining(context, *request, response, enter);
}

grpc::Status NoticesService::RegisterDeath(
    grpc::ServerContext* context,
    const residents::v1::RegisterDeathRequest* request,
    residents::v1::RegisterDeathResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return families_.Death(notice, *request);
  });
}

grpc::Status NoticesService::RegisterNameChange(
    grpc::ServerContext* context,
    const residents::v1::RegisterNameChangeRequest* request,
    residents::v1::RegisterNameChangeResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return families_.NameChange(notice, *request);
  });
}

grpc::Status NoticesService::RegisterAddressChange(
    grpc::ServerContext* context,
    const residents::v1::RegisterAddressChangeRequest* request,
    residents::v1::RegisterAddressChangeResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return families_.AddressChange(notice, *request);
  });
}

grpc::Status NoticesService::ChangeHead(
    grpc::ServerContext* context,
    const residents::v1::ChangeHeadRequest* request,
    residents::v1::ChangeHeadResponse* response) {
  return Serve(context, *request, response, [&](const Notice& notice) {
    return families_.ChangeHead(notice, *request);
  });
}

}  // namespace psm
