#include "services/story/burden.h"

#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm::story {
namespace {

constexpr int kAdultAge = 18;

bool IsAdult(const seed::v1::Resident& resident, absl::CivilDay today) {
  absl::CivilDay birth;
  return absl::ParseCivilTime(resident.birth_date(), &birth) &&
         absl::CivilDay(birth.year() + kAdultAge, birth.month(), birth.day()) <=
             today;
}

}  // namespace

absl::StatusOr<Household> ReadHousehold(const RunFolder& folder,
                                        absl::string_view municipality,
                                        absl::string_view subject,
                                        absl::CivilDay today) {
  const std::string file =
      absl::StrCat(folder.root(), "/seeds/", municipality, "/residents.jsonl");
  std::ifstream in(file);
  std::vector<seed::v1::Resident> residents;
  const seed::v1::Resident* head = nullptr;
  std::string household_id;
  for (std::string line; std::getline(in, line);) {
    seed::v1::Resident resident;
    if (!google::protobuf::util::JsonStringToMessage(line, &resident).ok())
      return absl::DataLossError(
          absl::StrCat(file, " has a line that is no resident"));
    if (resident.subject() == subject) household_id = resident.household_id();
    residents.push_back(std::move(resident));
  }
  Household household;
  for (const seed::v1::Resident& resident : residents) {
    if (resident.subject() == subject) head = &resident;
    if (resident.household_id() != household_id) continue;
    ++household.members;
    household.adults += IsAdult(resident, today) ? 1 : 0;
  }
  if (head == nullptr ||
      !absl::ParseCivilTime(head->move_in_date(), &household.moved_in)) {
    return absl::NotFoundError(absl::StrCat("no such resident in ", file));
  }
  household.tax_municipality = head->tax_municipality();
  return household;
}

Burden BurdenOf(const benefits::v1::Programme& programme,
                const Household& household) {
  Burden burden;
  for (const auto& field : programme.fields())
    burden.fields += field.per_member() ? household.members : 1;
  for (const auto& paper : programme.papers()) {
    burden.papers += paper.per_adult()    ? household.adults
                     : paper.per_member() ? household.members
                                          : 1;
    burden.offices.insert(paper.office());
  }
  return burden;
}

Burden BurdenOf(const benefits::v1::StartApplicationResponse& application) {
  Burden burden;
  burden.fields = application.fields_size();
  for (const auto& needed : application.papers()) {
    burden.papers += needed.count();
    if (needed.count() > 0) burden.offices.insert(needed.paper().office());
  }
  return burden;
}

}  // namespace psm::story
