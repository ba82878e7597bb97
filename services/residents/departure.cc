#include "services/residents/departure.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {

using residents::v1::Member;

absl::Status Depart(RegisterFacts& facts, const std::string& household,
                    const std::vector<RegisteredMember>& members,
                    const std::vector<RegisteredMember>& leavers,
                    const EntryMark& entry) {
  if (leavers.empty())
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "DATE_OUT_OF_ORDER",
                           "the person does not live here on that day");
  const auto is_head = [](const RegisteredMember& member) {
    return member.relation() == Member::HEAD;
  };
  if (std::any_of(leavers.begin(), leavers.end(), is_head)) {
    const std::size_t left = members.size() - leavers.size();
    if (left > 1)
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "HEAD_NEEDED",
                             "those who stay have no head of the household");
    for (const RegisteredMember& member : members) {
      const bool leaves = std::any_of(
          leavers.begin(), leavers.end(),
          [&](const auto& leaver) { return leaver.subject == member.subject; });
      if (!leaves)
        PSM_RETURN_IF_ERROR(facts.Change(member.subject, "relation",
                                         absl::StrCat(Member::HEAD), entry));
    }
  }
  for (const RegisteredMember& leaver : leavers)
    PSM_RETURN_IF_ERROR(facts.EndPerson(leaver.subject, entry));
  facts.Touch(household);
  return absl::OkStatus();
}

}  // namespace psm
