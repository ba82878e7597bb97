#include "services/benefits/papers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"

namespace psm {
namespace {

using benefits::v1::NeededPaper;
using benefits::v1::Paper;
using residents::v1::Member;

constexpr char kFormerMunicipality[] = "former_municipality";

bool IsAdult(const Member& member, absl::CivilDay today) {
  absl::CivilDay birth;
  if (!absl::ParseCivilTime(member.birth_date(), &birth)) return true;
  // Born on 29 February: CivilDay makes 1 March of it in other years, which is
  // when the age is complete (年齢計算ニ関スル法律).
  return absl::CivilDay(birth.year() + kAdultAge, birth.month(), birth.day()) <=
         today;
}

NeededPaper Needed(const Paper& paper, int count) {
  NeededPaper needed;
  *needed.mutable_paper() = paper;
  needed.set_count(count);
  return needed;
}

}  // namespace

std::vector<NeededPaper> CountPapers(
    const benefits::v1::Programme& programme,
    const residents::v1::GetHouseholdResponse& household,
    absl::string_view register_system, absl::CivilDay today) {
  const std::pair<std::string, std::string> here =
      absl::StrSplit(register_system, absl::MaxSplits('/', 1));
  std::vector<NeededPaper> papers;
  for (const Paper& paper : programme.papers()) {
    int count = 0;
    for (const Member& member : household.members()) {
      if (paper.office() == kFormerMunicipality &&
          member.tax_municipality() == here.first) {
        continue;
      }
      if (paper.per_adult() && !IsAdult(member, today)) continue;
      ++count;
    }
    if (!paper.per_member() && !paper.per_adult() && count > 1) count = 1;
    if (count > 0) papers.push_back(Needed(paper, count));
  }
  return papers;
}

std::vector<NeededPaper> CountSubstitutes(
    const benefits::v1::ProgrammeDefinition& definition,
    const std::set<std::string>& refused,
    const residents::v1::GetHouseholdResponse& household,
    absl::CivilDay today) {
  std::vector<NeededPaper> papers;
  for (const benefits::v1::Substitute& substitute : definition.substitutes()) {
    if (refused.count(substitute.dataset()) == 0) continue;
    const Paper& paper = substitute.paper();
    int count = 1;
    if (paper.per_member() || paper.per_adult()) {
      count = static_cast<int>(
          std::count_if(household.members().begin(), household.members().end(),
                        [&](const Member& member) {
                          return paper.per_member() || IsAdult(member, today);
                        }));
    }
    papers.push_back(Needed(paper, std::max(count, 1)));
  }
  return papers;
}

}  // namespace psm
