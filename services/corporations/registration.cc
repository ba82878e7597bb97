// Why no update is lost: the etag is compared, and the row and its change are
// written, in one transaction that no other writer runs beside
// (agency::Database::Write). Of two officers who saw the same state, the second
// finds another etag.
#include "services/corporations/registration.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/corporations/corporation_rows.h"
#include "soci/soci.h"

namespace psm::corporations {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kRegister[] = "RegisterChange";

absl::Status NothingChanges() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "NOTHING_CHANGES", "that is registered already");
}

absl::Status TooEarly() {
  return agency::Refusal(absl::StatusCode::kInvalidArgument,
                         "EFFECTIVE_DATE_INVALID",
                         "give a day that is not before the last change");
}

// Moves a row on to its next version.
void Advance(Corporation& row, const std::string& day, absl::Time now) {
  row.effective_date = day;
  row.register_time = absl::ToUnixMicros(now);
  ++row.version;
}

void Close(Corporation& row, v1::Status status, const std::string& day) {
  row.status = status;
  row.close_date = day;
}

// The successor takes the other in: its history says so, too.
absl::Status Absorb(soci::session& sql, const Corporation& absorbed,
                    absl::Time now) {
  std::optional<Corporation> successor = FindRow(sql, absorbed.successor);
  if (!successor.has_value() || successor->status != v1::ACTIVE)
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "SUCCESSOR_INVALID",
                           "name a corporation that exists");
  if (absorbed.close_date < successor->effective_date) return TooEarly();
  Advance(*successor, absorbed.close_date, now);
  UpdateRow(sql, *successor);
  AppendChange(sql, *successor, v1::Change::ABSORPTION, absorbed.number);
  return absl::OkStatus();
}

// Changes `row` as the request says, and says what kind of change that is.
absl::StatusOr<v1::Change::Kind> Apply(const v1::RegisterChangeRequest& request,
                                       const v1::AddressIds& ids,
                                       Corporation& row) {
  switch (request.change_case()) {
    case v1::RegisterChangeRequest::kName:
      if (row.name == request.name().name() &&
          row.kana == request.name().kana() &&
          row.name_en == request.name().name_en())
        return NothingChanges();
      row.name = request.name().name();
      row.kana = request.name().kana();
      row.name_en = request.name().name_en();
      return v1::Change::NAME;
    case v1::RegisterChangeRequest::kAddress:
      if (row.address == request.address()) return NothingChanges();
      row.address = request.address();
      row.ids = ids;
      return v1::Change::ADDRESS;
    case v1::RegisterChangeRequest::kRepresentative:
      if (row.representative == request.representative())
        return NothingChanges();
      row.representative = request.representative();
      return v1::Change::REPRESENTATIVE;
    case v1::RegisterChangeRequest::kMergedInto:
      row.successor = request.merged_into();
      Close(row, v1::MERGED, request.effective_date());
      return v1::Change::MERGER;
    case v1::RegisterChangeRequest::kDissolution:
      Close(row, v1::DISSOLVED, request.effective_date());
      return v1::Change::DISSOLUTION;
    case v1::RegisterChangeRequest::CHANGE_NOT_SET:
      break;
  }
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "CHANGE_REQUIRED",
                         "say one change");
}

absl::StatusOr<std::string> Enter(soci::session& sql,
                                  const v1::RegisterChangeRequest& request,
                                  const v1::AddressIds& ids, absl::Time now) {
  std::optional<Corporation> row = FindRow(sql, request.corporate_number());
  if (!row.has_value())
    return agency::Refusal(absl::StatusCode::kNotFound, "CORPORATION_UNKNOWN",
                           "no corporation is registered by this number");
  if (EtagOf(*row) != request.etag())
    return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                           "the corporation changed meanwhile");
  if (row->status != v1::ACTIVE)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "CORPORATION_CLOSED", "the corporation is closed");
  if (request.effective_date() < row->effective_date) return TooEarly();
  PSM_ASSIGN_OR_RETURN(const v1::Change::Kind kind, Apply(request, ids, *row));
  Advance(*row, request.effective_date(), now);
  UpdateRow(sql, *row);
  const long long sequence = AppendChange(sql, *row, kind, row->successor);
  if (kind == v1::Change::MERGER) PSM_RETURN_IF_ERROR(Absorb(sql, *row, now));
  v1::RegisterChangeResponse response;
  response.set_sequence(sequence);
  response.set_etag(EtagOf(*row));
  *response.mutable_register_time() =
      TimeUtil::MicrosecondsToTimestamp(row->register_time);
  return response.SerializeAsString();
}

}  // namespace

absl::StatusOr<v1::RegisterChangeResponse> Registration::Register(
    const agency::CallContext& call, const v1::RegisterChangeRequest& request,
    const v1::AddressIds& ids, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(kRegister, call, now, [&](soci::session& sql) {
        return Enter(sql, request, ids, now);
      }));
  return agency::ParseAnswer<v1::RegisterChangeResponse>(answer);
}

absl::StatusOr<std::optional<v1::RegisterChangeResponse>>
Registration::Registered(const agency::CallContext& call) {
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       database_.Answered(kRegister, call));
  if (!kept.has_value()) return std::nullopt;
  return agency::ParseAnswer<v1::RegisterChangeResponse>(*kept);
}

}  // namespace psm::corporations
