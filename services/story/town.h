// What a town's counter reads and says, for the stories of people's lives.
#ifndef PSM_SERVICES_STORY_TOWN_H_
#define PSM_SERVICES_STORY_TOWN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/cli/system_caller.h"
#include "psm/residents/v1/residents.pb.h"
#include "services/story/stage.h"

namespace psm::story {

// Today in Japan, `YYYY-MM-DD`, or so many days later.
std::string Day(const Stage& stage, int days_later = 0);

// A municipality's name: "あかつき市 (Akatsuki City)".
std::string NameOfAgency(const Stage& stage, absl::string_view id);

// The household of a persona as the town's own counter reads it.
Reply<residents::v1::GetHouseholdResponse> HouseholdAt(
    Stage& stage, const std::string& town, const std::string& persona);

// Where the persona lives, by the counters of both towns; ends the story where
// neither knows. A story may be told after one in which somebody moved.
std::string TownOf(Stage& stage, const std::string& persona);

// The other of the two.
std::string OtherTown(absl::string_view town);

// The member of a household whose code at that town is `subject`; null where
// there is none.
const residents::v1::Member* FindMember(
    const residents::v1::GetHouseholdResponse& household,
    absl::string_view subject);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_TOWN_H_
