#include "services/residents/household_entries.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/residents/departure.h"
#include "services/residents/joining.h"

namespace psm {
namespace {

using residents::v1::AgreeToJoinRequest;
using residents::v1::AgreeToJoinResponse;
using residents::v1::Member;
using residents::v1::MergeHouseholdsRequest;
using residents::v1::MergeHouseholdsResponse;
using residents::v1::RegisterEntry;
using residents::v1::SplitHouseholdRequest;
using residents::v1::SplitHouseholdResponse;

// The household of who lives here today, as the notice knows it.
template <typename Request>
absl::StatusOr<std::string> KnownHousehold(RegisterFacts& facts,
                                           const Notice& notice,
                                           const Request& request) {
  PSM_ASSIGN_OR_RETURN(std::string household,
                       facts.HouseholdOf(request.subject(), notice.today()));
  PSM_RETURN_IF_ERROR(facts.CheckEtag(household, request.etag()));
  return household;
}

// Whom an entry dated back moves over would not have moved along since:
// FAILED_PRECONDITION DATE_OUT_OF_ORDER.
absl::Status CheckNotMovedSince(RegisterFacts& facts,
                                const std::string& household,
                                absl::CivilDay day) {
  const std::string after = absl::FormatCivilTime(day);
  long long later = 0;
  facts.sql() << "SELECT COUNT(*) FROM facts WHERE owner = :household AND item "
                 "= 'address' AND valid_from > :day AND void_entry_id = 0",
      soci::into(later), soci::use(household), soci::use(after);
  if (later == 0) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "DATE_OUT_OF_ORDER",
                         "the household has moved since that day");
}

// The member belongs to another household from the entry's day on.
absl::Status MoveOver(RegisterFacts& facts, const RegisteredMember& member,
                      const std::string& household, Member::Relation relation,
                      const EntryMark& entry) {
  PSM_RETURN_IF_ERROR(
      facts.Change(member.subject, "household", household, entry));
  if (relation == member.relation()) return absl::OkStatus();
  return facts.Change(member.subject, "relation", absl::StrCat(relation),
                      entry);
}

}  // namespace

absl::StatusOr<AgreeToJoinResponse> HouseholdEntries::Agree(
    const Notice& notice, const AgreeToJoinRequest& request) {
  PSM_RETURN_IF_ERROR(CheckJoiners(request));
  return EnterOnce<AgreeToJoinResponse>(
      database_, "AgreeToJoin", notice,
      [&](RegisterFacts& facts, AgreeToJoinResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            const std::string household,
            facts.HouseholdOf(request.subject(), notice.today()));
        if (facts.PersonAt(request.subject(), notice.today()).relation() !=
            Member::HEAD)
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "NOT_HEAD",
                                 "the person is not head of the household");
        const absl::CivilDay last = notice.today() + kDaysToJoin;
        response.set_join_agreement(NewUuid(SystemRandom()));
        response.set_last_date(absl::FormatCivilTime(last));
        KeepAgreement(facts.sql(), response.join_agreement(), household, last,
                      request);
        return absl::OkStatus();
      });
}

absl::StatusOr<MergeHouseholdsResponse> HouseholdEntries::Merge(
    const Notice& notice, const MergeHouseholdsRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.change_date(), notice.today()));
  return EnterOnce<MergeHouseholdsResponse>(
      database_, "MergeHouseholds", notice,
      [&](RegisterFacts& facts,
          MergeHouseholdsResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string own,
                             KnownHousehold(facts, notice, request));
        const std::vector<RegisteredMember> members = facts.MembersAt(own, day);
        std::vector<RegisteredMember> joiners = members;
        std::vector<RegisteredMember*> joining;
        for (RegisteredMember& joiner : joiners) joining.push_back(&joiner);
        PSM_ASSIGN_OR_RETURN(const std::string other,
                             JoinedHousehold(facts, request.join_agreement(),
                                             notice.today(), day, joining));
        PSM_RETURN_IF_ERROR(
            PassJoined(facts, notice, request.join_agreement()));
        if (members.empty() || own == other)
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "DATE_OUT_OF_ORDER",
                                 "they are no other household on that day");
        PSM_RETURN_IF_ERROR(
            CheckNobodyCameSince(facts, own, members, day, notice.today()));
        for (const std::string& moved : {own, other})
          PSM_RETURN_IF_ERROR(CheckNotMovedSince(facts, moved, day));
        if (facts.ValueAt(own, "address", day) !=
            facts.ValueAt(other, "address", day))
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "ADDRESS_DIFFERS",
                                 "the households live at two addresses");
        const EntryMark entry = facts.Enter(RegisterEntry::HOUSEHOLD_MERGE, day,
                                            notice.call, notice.now);
        for (std::size_t i = 0; i < members.size(); ++i)
          PSM_RETURN_IF_ERROR(
              MoveOver(facts, members[i], other, joiners[i].relation(), entry));
        for (const RegisteredMember& member : facts.MembersAt(other, day))
          PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "household_changed",
                                             member.subject, day));
        UseAgreement(facts.sql(), request.join_agreement(), entry);
        facts.Touch(own);
        facts.Touch(other);
        response.set_etag(facts.EtagOf(other));
        return absl::OkStatus();
      });
}

absl::StatusOr<SplitHouseholdResponse> HouseholdEntries::Split(
    const Notice& notice, const SplitHouseholdRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.change_date(), notice.today()));
  return EnterOnce<SplitHouseholdResponse>(
      database_, "SplitHousehold", notice,
      [&](RegisterFacts& facts,
          SplitHouseholdResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string old,
                             KnownHousehold(facts, notice, request));
        const std::vector<RegisteredMember> members = facts.MembersAt(old, day);
        PSM_ASSIGN_OR_RETURN(
            const std::vector<RegisteredMember> leavers,
            LeaversOf(members, request.subject(), request.others()));
        PSM_RETURN_IF_ERROR(
            CheckNobodyCameSince(facts, old, leavers, day, notice.today()));
        PSM_RETURN_IF_ERROR(CheckNotMovedSince(facts, old, day));
        if (leavers.size() == members.size())
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "NOBODY_STAYS",
                                 "all of the household would leave it");
        const EntryMark entry = facts.Enter(RegisterEntry::HOUSEHOLD_SPLIT, day,
                                            notice.call, notice.now);
        PSM_RETURN_IF_ERROR(LeaveAHead(facts, members, leavers, entry));
        const std::string household = NewUuid(SystemRandom());
        for (const char* item : {"address", "move_in_date"})
          facts.Begin(household, item,
                      facts.ValueAt(old, item, day).value_or(""), entry);
        const auto head = std::find_if(leavers.begin(), leavers.end(),
                                       [&](const RegisteredMember& m) {
                                         return m.subject == request.subject();
                                       });
        for (const RegisteredMember& leaver : leavers)
          PSM_RETURN_IF_ERROR(
              MoveOver(facts, leaver, household,
                       &leaver == &*head
                           ? Member::HEAD
                           : RelationUnder(head->relation(), leaver.relation()),
                       entry));
        for (const RegisteredMember& member : members)
          PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "household_changed",
                                             member.subject, day));
        facts.Touch(old);
        facts.Touch(household);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::optional<std::string>> HouseholdEntries::HeadOf(
    const std::string& join_agreement) {
  std::optional<std::string> head;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    head = HeadOfAgreement(sql, join_agreement);
    return absl::OkStatus();
  }));
  return head;
}

}  // namespace psm
