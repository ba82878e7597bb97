#include "services/residents/departure.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {

using residents::v1::Member;

namespace {

bool HeadIsAmong(const std::vector<RegisteredMember>& members) {
  return std::any_of(members.begin(), members.end(), [](const auto& member) {
    return member.relation() == Member::HEAD;
  });
}

}  // namespace

absl::StatusOr<std::vector<RegisteredMember>> LeaversOf(
    const std::vector<RegisteredMember>& members, const std::string& applicant,
    const google::protobuf::RepeatedPtrField<residents::v1::Mover>& others) {
  std::vector<bool> moves(members.size(), false);
  for (std::size_t i = 0; i < members.size(); ++i)
    moves[i] = members[i].subject == applicant;
  if (std::find(moves.begin(), moves.end(), true) == moves.end())
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "DATE_OUT_OF_ORDER",
                           "the person does not live here on that day");
  for (const residents::v1::Mover& other : others) {
    std::size_t found = members.size();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!moves[i] && members[i].at("kana") == other.kana() &&
          members[i].at("birth_date") == other.birth_date())
        found = i;
    }
    if (found == members.size())
      return agency::Refusal(absl::StatusCode::kInvalidArgument,
                             "MOVER_UNKNOWN",
                             "one of those who move is no other member");
    moves[found] = true;
  }
  std::vector<RegisteredMember> movers;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (moves[i]) movers.push_back(members[i]);
  return movers;
}

absl::Status CheckNobodyCameSince(RegisterFacts& facts,
                                  const std::string& household,
                                  const std::vector<RegisteredMember>& leavers,
                                  absl::CivilDay day, absl::CivilDay today) {
  if (day >= today || !HeadIsAmong(leavers)) return absl::OkStatus();
  const std::vector<RegisteredMember> then = facts.MembersAt(household, day);
  for (const RegisteredMember& member : facts.MembersAt(household, today)) {
    const bool was_there = std::any_of(
        then.begin(), then.end(),
        [&](const auto& earlier) { return earlier.subject == member.subject; });
    if (!was_there)
      return agency::Refusal(
          absl::StatusCode::kFailedPrecondition, "DATE_OUT_OF_ORDER",
          "somebody has joined the household since that day");
  }
  return absl::OkStatus();
}

absl::Status LeaveAHead(RegisterFacts& facts,
                        const std::vector<RegisteredMember>& members,
                        const std::vector<RegisteredMember>& leavers,
                        const EntryMark& entry) {
  if (!HeadIsAmong(leavers)) return absl::OkStatus();
  const std::size_t left = members.size() - leavers.size();
  if (left > 1)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition, "HEAD_NEEDED",
                           "those who stay have no head of the household");
  for (const RegisteredMember& member : members) {
    const bool leaves = std::any_of(
        leavers.begin(), leavers.end(),
        [&](const auto& leaver) { return leaver.subject == member.subject; });
    if (!leaves)
      PSM_RETURN_IF_ERROR(facts.Change(member.subject, "relation",
                                       absl::StrCat(Member::HEAD), entry));
  }
  return absl::OkStatus();
}

absl::Status Depart(RegisterFacts& facts, const std::string& household,
                    const std::vector<RegisteredMember>& members,
                    const std::vector<RegisteredMember>& leavers,
                    const EntryMark& entry) {
  if (leavers.empty())
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "DATE_OUT_OF_ORDER",
                           "the person does not live here on that day");
  PSM_RETURN_IF_ERROR(LeaveAHead(facts, members, leavers, entry));
  for (const RegisteredMember& leaver : leavers)
    PSM_RETURN_IF_ERROR(facts.EndPerson(leaver.subject, entry));
  facts.Touch(household);
  return absl::OkStatus();
}

}  // namespace psm
