#include "services/story/town.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/japan_time.h"
#include "psm/residents/v1/residents.grpc.pb.h"

namespace psm::story {

using residents::v1::ResidentsService;

std::string Day(const Stage& stage, int days_later) {
  return absl::FormatCivilTime(DayInJapan(stage.clock.Now()) + days_later);
}

std::string NameOfAgency(const Stage& stage, absl::string_view id) {
  const Agency* agency = stage.policy->directory().FindAgency(id);
  return agency == nullptr
             ? std::string(id)
             : absl::StrCat(agency->name.ja, " (", agency->name.en, ")");
}

Reply<residents::v1::GetHouseholdResponse> HouseholdAt(
    Stage& stage, const std::string& town, const std::string& persona) {
  residents::v1::GetHouseholdRequest request;
  request.set_subject(stage.CodeOf(persona, town));
  return stage.CallerOf(town + "/counter")
      .Call(&ResidentsService::Stub::GetHousehold,
            {.affair = "resident-register", .provider = town + "/residents"},
            request);
}

std::string TownOf(Stage& stage, const std::string& persona) {
  for (const char* town : {"akatsuki", "yunagi"}) {
    if (HouseholdAt(stage, town, persona).status.ok()) return town;
  }
  std::fprintf(stderr, "psm-story: no town knows %s\n", persona.c_str());
  std::exit(1);
}

std::string OtherTown(absl::string_view town) {
  return town == "akatsuki" ? "yunagi" : "akatsuki";
}

const residents::v1::Member* FindMember(
    const residents::v1::GetHouseholdResponse& household,
    absl::string_view subject) {
  for (const residents::v1::Member& member : household.members()) {
    if (member.subject() == subject) return &member;
  }
  return nullptr;
}

}  // namespace psm::story
