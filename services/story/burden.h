// What an application takes without the mesh, counted here from the programme's
// definition and from who lives in the household, before anything is asked
// through the mesh. Knows no gateway.
#ifndef PSM_SERVICES_STORY_BURDEN_H_
#define PSM_SERVICES_STORY_BURDEN_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/cli/run_folder.h"
#include "psm/benefits/v1/benefits.pb.h"

namespace psm::story {

// A household of a municipality's register, as its head knows it.
struct Household {
  int members = 0;
  int adults = 0;  // of 18 and older
  absl::CivilDay moved_in;
  std::string tax_municipality;  // agency id of this year's 1 January
};

// Of the person with `subject` at `municipality`, from what the generator wrote
// for its register. NOT_FOUND where there is no such resident.
absl::StatusOr<Household> ReadHousehold(const RunFolder& folder,
                                        absl::string_view municipality,
                                        absl::string_view subject,
                                        absl::CivilDay today);

struct Burden {
  int papers = 0;
  std::set<std::string> offices;  // by their role in the programme
  int fields = 0;
};

// For a whole household.
Burden BurdenOf(const benefits::v1::Programme& programme,
                const Household& household);

// As the agency counted it for the application that it filled in.
Burden BurdenOf(const benefits::v1::StartApplicationResponse& application);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_BURDEN_H_
