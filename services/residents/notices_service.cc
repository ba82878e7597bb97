#include "services/residents/notices_service.h"

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
  const Notice notice{call, clock_.Now()};
  if (absl::Status passed =
          gate_.PassPerson(call, request.subject(), notice.today());
      !passed.ok())
    return agency::ToGrpc(passed);
  absl::StatusOr<Response> entered = enter(notice);
  if (!entered.ok()) return agency::ToGrpc(entered.status());
  *response = *std::move(entered);
  return grpc::Status::OK;
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
  return Serve(context, *request, response, [&](const Notice& notice) {
    return moves_.MoveIn(notice, *request);
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
  return Serve(context, *request, response, enter);
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
