// What holds for all that the office does, whoever asks: its days, its periods,
// what an applicant may refuse. Pure functions.
#ifndef PSM_SERVICES_BENEFITS_OFFICE_RULES_H_
#define PSM_SERVICES_BENEFITS_OFFICE_RULES_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "services/programme_rules/programme.h"

namespace psm {

// FAILED_PRECONDITION NOT_IN_PERIOD where nobody may apply now.
absl::Status CheckPeriod(const Programme& programme, absl::Time now);

// The datasets that an applicant refuses. INVALID_ARGUMENT
// DATASET_NOT_REFUSABLE for one that no paper stands for.
absl::StatusOr<std::set<std::string>> RefusedDatasets(
    const Programme& programme,
    const google::protobuf::RepeatedPtrField<std::string>& refused);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_OFFICE_RULES_H_
