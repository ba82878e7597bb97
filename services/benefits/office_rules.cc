#include "services/benefits/office_rules.h"

#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "services/programme_rules/rules.h"

namespace psm {

absl::Status CheckPeriod(const Programme& programme, absl::Time now) {
  if (IsInPeriod(programme.definition.programme(), DayInJapan(now)))
    return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_IN_PERIOD",
                         "applications are not taken on this day");
}

absl::StatusOr<std::set<std::string>> RefusedDatasets(
    const Programme& programme,
    const google::protobuf::RepeatedPtrField<std::string>& refused) {
  std::set<std::string> datasets;
  for (const std::string& dataset : refused) {
    if (!programme.IsRefusable(dataset))
      return agency::Refusal(absl::StatusCode::kInvalidArgument,
                             "DATASET_NOT_REFUSABLE",
                             "no paper stands for one of the datasets");
    datasets.insert(dataset);
  }
  return datasets;
}

}  // namespace psm
