// When agencies were asked for an application, from the record log. Knows no
// gateway.
#ifndef PSM_SERVICES_STORY_ASKED_AT_H_
#define PSM_SERVICES_STORY_ASKED_AT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/cli/run_folder.h"
#include "psm/benefits/v1/benefits.pb.h"

namespace psm::story {

struct AskedAt {
  std::string provider;
  absl::Time asked;
  absl::Time provided;
};

// Of the exchanges that were made for `application`, one for each provider and
// exchange, in the order of the log. NOT_FOUND where one has no record; or
// RecordReader's error.
absl::StatusOr<std::vector<AskedAt>> WhenAsked(
    const RunFolder& folder,
    const benefits::v1::StartApplicationResponse& application);

// "12 ms".
std::string Ms(absl::Duration duration);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_ASKED_AT_H_
