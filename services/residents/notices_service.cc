#include "services/residents/notices_service.h"

#include <string>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm {

using agency::CallContext;
using residents::v1::MovingPerson;
using residents::v1::RegisterBirthResponse;

namespace {

template <typename Response>
grpc::Status Answer(absl::StatusOr<Response> entered, Response* response) {
  if (!entered.ok()) return agency::ToGrpc(entered.status());
  *response = *std::move(entered);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status NoticesService::NotifyMoveOut(
    grpc::ServerContext* context,
    const residents::v1::NotifyMoveOutRequest* request,
    residents::v1::NotifyMoveOutResponse* response) {
  const auto call = CallContext::From(*context);
  const grpc::Status status =
      Answer(moves_.MoveOut({call, clock_.Now()}, *request), response);
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
  const auto call = CallContext::From(*context);
  return Answer(moves_.Announce({call, clock_.Now()}, *request), response);
}

grpc::Status NoticesService::RegisterMoveIn(
    grpc::ServerContext* context,
    const residents::v1::RegisterMoveInRequest* request,
    residents::v1::RegisterMoveInResponse* response) {
  const auto call = CallContext::From(*context);
  return Answer(moves_.MoveIn({call, clock_.Now()}, *request), response);
}

grpc::Status NoticesService::RegisterBirth(
    grpc::ServerContext* context,
    const residents::v1::RegisterBirthRequest* request,
    RegisterBirthResponse* response) {
  const auto call = CallContext::From(*context);
  const auto enter = [&]() -> absl::StatusOr<RegisterBirthResponse> {
    const Notice notice{call, clock_.Now()};
    PSM_ASSIGN_OR_RETURN(const bool entered,
                         families_.CheckBirth(notice, *request));
    std::string child;
    if (!entered) {
      PSM_ASSIGN_OR_RETURN(child, enrolment_.Enrol(call));
    }
    return families_.Birth(notice, *request, child);
  };
  return Answer(enter(), response);
}

grpc::Status NoticesService::RegisterDeath(
    grpc::ServerContext* context,
    const residents::v1::RegisterDeathRequest* request,
    residents::v1::RegisterDeathResponse* response) {
  const auto call = CallContext::From(*context);
  return Answer(families_.Death({call, clock_.Now()}, *request), response);
}

grpc::Status NoticesService::RegisterNameChange(
    grpc::ServerContext* context,
    const residents::v1::RegisterNameChangeRequest* request,
    residents::v1::RegisterNameChangeResponse* response) {
  const auto call = CallContext::From(*context);
  return Answer(families_.NameChange({call, clock_.Now()}, *request), response);
}

grpc::Status NoticesService::RegisterAddressChange(
    grpc::ServerContext* context,
    const residents::v1::RegisterAddressChangeRequest* request,
    residents::v1::RegisterAddressChangeResponse* response) {
  const auto call = CallContext::From(*context);
  return Answer(families_.AddressChange({call, clock_.Now()}, *request),
                response);
}

grpc::Status NoticesService::ChangeHead(
    grpc::ServerContext* context,
    const residents::v1::ChangeHeadRequest* request,
    residents::v1::ChangeHeadResponse* response) {
  const auto call = CallContext::From(*context);
  return Answer(families_.ChangeHead({call, clock_.Now()}, *request), response);
}

}  // namespace psm
