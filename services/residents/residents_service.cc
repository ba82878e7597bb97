#include "services/residents/residents_service.h"

#include <utility>

#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "services/residents/notice_rules.h"

namespace psm {
namespace {

// The register is kept by days. A time of day would make of every retry another
// answer, of which the mesh would have to make another record.
void SetDay(absl::CivilDay day, google::protobuf::Timestamp& as_of) {
  as_of.set_seconds(absl::ToUnixSeconds(absl::FromCivil(day, JapanTime())));
}

}  // namespace

grpc::Status ResidentsService::GetHousehold(
    grpc::ServerContext* context,
    const residents::v1::GetHouseholdRequest* request,
    residents::v1::GetHouseholdResponse* response) {
  const auto call = agency::CallContext::From(*context);
  const absl::CivilDay today = DayInJapan(clock_->Now());
  absl::CivilDay day = today;
  if (!request->as_of_date().empty()) {
    const absl::StatusOr<absl::CivilDay> asked =
        ParseDay(request->as_of_date(), "DATE_INVALID");
    if (!asked.ok()) return agency::ToGrpc(asked.status());
    day = *asked;
  }
  auto household = residents_->FindHousehold(request->subject(), day);
  if (!household.ok()) return agency::ToGrpc(household.status());
  if (absl::Status passed = gate_->PassAnswer(call, *household, today);
      !passed.ok())
    return agency::ToGrpc(passed);

  for (residents::v1::Member& member : *household->mutable_members()) {
    if (!call.Grants("name")) member.clear_name();
    if (!call.Grants("kana")) member.clear_kana();
    if (!call.Grants("birth_date")) member.clear_birth_date();
    if (!call.Grants("relation")) member.clear_relation();
    if (!call.Grants("tax_municipality")) member.clear_tax_municipality();
  }
  if (!call.Grants("address")) household->clear_address();
  if (!call.Grants("move_in_date")) household->clear_move_in_date();
  SetDay(day, *household->mutable_as_of_time());
  *response = *std::move(household);
  return grpc::Status::OK;
}

grpc::Status ResidentsService::GetResident(
    grpc::ServerContext* context,
    const residents::v1::GetResidentRequest* request,
    residents::v1::GetResidentResponse* response) {
  const auto call = agency::CallContext::From(*context);
  const absl::CivilDay today = DayInJapan(clock_->Now());
  const auto household = residents_->FindHousehold(request->subject(), today);
  if (!household.ok()) return agency::ToGrpc(household.status());
  // The address is that of all who live there.
  if (absl::Status passed = gate_->PassAnswer(call, *household, today);
      !passed.ok())
    return agency::ToGrpc(passed);
  for (const residents::v1::Member& member : household->members()) {
    if (member.subject() != request->subject()) continue;
    if (call.Grants("name")) response->set_name(member.name());
    if (call.Grants("kana")) response->set_kana(member.kana());
  }
  if (call.Grants("address")) response->set_address(household->address());
  SetDay(today, *response->mutable_as_of_time());
  return grpc::Status::OK;
}

grpc::Status ResidentsService::GetResidentHistory(
    grpc::ServerContext* context,
    const residents::v1::GetResidentHistoryRequest* request,
    residents::v1::GetResidentHistoryResponse* response) {
  const auto call = agency::CallContext::From(*context);
  if (absl::Status passed = gate_->PassPerson(call, request->subject(),
                                              DayInJapan(clock_->Now()));
      !passed.ok())
    return agency::ToGrpc(passed);
  auto history = residents_->FindHistory(request->subject());
  if (!history.ok()) return agency::ToGrpc(history.status());
  if (!call.Grants("history")) history->clear_entries();
  history->mutable_as_of_time()->set_seconds(
      absl::ToUnixSeconds(clock_->Now()));
  *response = *std::move(history);
  return grpc::Status::OK;
}

}  // namespace psm
