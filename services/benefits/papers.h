// Counts the papers that an applicant would have brought without the mesh.
#ifndef PSM_SERVICES_BENEFITS_PAPERS_H_
#define PSM_SERVICES_BENEFITS_PAPERS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/benefits/v1/programme_definition.pb.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {

inline constexpr int kAdultAge = 18;  // 民法 art. 4

// For a household: a paper counts once, or once for each member, or for each
// member of kAdultAge or older on `today`. Papers of the office
// `former_municipality` count only for members whose tax municipality is
// another than that of `register_system` (a system id): who was here on 1
// January has none to fetch. Papers that nobody needs are left out. A birth
// date that is no date counts as an adult's.
std::vector<benefits::v1::NeededPaper> CountPapers(
    const benefits::v1::Programme& programme,
    const residents::v1::GetHouseholdResponse& household,
    absl::string_view register_system, absl::CivilDay today);

// The papers that stand for refused datasets, counted the same, but for
// everybody's tax municipality. All of them where nothing is known of the
// household (no members).
std::vector<benefits::v1::NeededPaper> CountSubstitutes(
    const benefits::v1::ProgrammeDefinition& definition,
    const std::set<std::string>& refused,
    const residents::v1::GetHouseholdResponse& household, absl::CivilDay today);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAPERS_H_
