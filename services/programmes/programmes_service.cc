#include "services/programmes/programmes_service.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/programmes/fit.h"

namespace psm {

using programmes::v1::FindProgrammesRequest;
using programmes::v1::FindProgrammesResponse;
using programmes::v1::Fit;

grpc::Status ProgrammesService::FindProgrammes(
    grpc::ServerContext* context, const FindProgrammesRequest* request,
    FindProgrammesResponse* response) {
  absl::StatusOr<FindProgrammesResponse> found =
      Find(agency::CallContext::From(*context), *request);
  if (!found.ok()) return agency::ToGrpc(found.status());
  *response = *std::move(found);
  return grpc::Status::OK;
}

absl::StatusOr<FindProgrammesResponse> ProgrammesService::Find(
    const agency::CallContext& call, const FindProgrammesRequest& request) {
  const absl::Time now = clock_.Now();
  FindProgrammesResponse response;
  *response.mutable_as_of_time() =
      google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
          absl::ToUnixMicros(now));
  // Who may not be told is no reason to ask.
  if (!call.Grants("fits")) return response;

  std::set<std::string> known = {kResidentsDataset};
  for (const Programme* const programme : programmes_.All()) {
    for (const std::string& field : FieldsLookedAt(*programme))
      known.insert(programme->DatasetOf(field));
  }
  std::set<std::string> agreed;
  for (const std::string& dataset : request.agreed_datasets()) {
    if (known.count(dataset) == 0)
      return agency::Refusal(absl::StatusCode::kInvalidArgument,
                             "DATASET_UNKNOWN",
                             "no rule looks at one of the datasets");
    agreed.insert(dataset);
  }
  PSM_ASSIGN_OR_RETURN(Facts facts,
                       facts_.Ask(call, request.subject(), agreed));
  const absl::CivilDay today = DayInJapan(now);
  std::vector<Fit> fits;
  for (const Programme* const programme : programmes_.All())
    fits.push_back(
        FitOf(*programme, facts.fields[programme->id()], agreed, today));
  SortFits(fits);
  for (Fit& fit : fits) *response.add_fits() = std::move(fit);
  response.mutable_sources()->Add(facts.sources.begin(), facts.sources.end());
  return response;
}

}  // namespace psm
