#include "services/residents/family_entries.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "services/residents/departure.h"

namespace psm {
namespace {

using residents::v1::ChangeHeadRequest;
using residents::v1::ChangeHeadResponse;
using residents::v1::Member;
using residents::v1::RegisterAddressChangeRequest;
using residents::v1::RegisterAddressChangeResponse;
using residents::v1::RegisterBirthRequest;
using residents::v1::RegisterBirthResponse;
using residents::v1::RegisterDeathRequest;
using residents::v1::RegisterDeathResponse;
using residents::v1::RegisterEntry;
using residents::v1::RegisterNameChangeRequest;
using residents::v1::RegisterNameChangeResponse;

// The household of somebody who lives here today, where the notice knows it as
// it is.
template <typename Request>
absl::StatusOr<std::string> KnownHousehold(RegisterFacts& facts,
                                           const Notice& notice,
                                           const Request& request) {
  PSM_ASSIGN_OR_RETURN(std::string household,
                       facts.HouseholdOf(request.subject(), notice.today()));
  PSM_RETURN_IF_ERROR(facts.CheckEtag(household, request.etag()));
  return household;
}

// The same on the day of a birth: a child is of the household that its parent
// was in, and that was another before a move or a change of households.
absl::StatusOr<std::string> HouseholdOfBirth(
    RegisterFacts& facts, const Notice& notice,
    const RegisterBirthRequest& request, absl::CivilDay day) {
  PSM_ASSIGN_OR_RETURN(std::string household,
                       KnownHousehold(facts, notice, request));
  if (facts.ValueAt(request.subject(), "household", day) == household)
    return household;
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "DATE_OUT_OF_ORDER",
                         "the parent was in no or another household that day");
}

// A child of the head or of the head's spouse is the head's child; of anybody
// else, as of a grown-up child, it is another relative.
Member::Relation RelationOfNewborn(Member::Relation parent) {
  return parent == Member::HEAD || parent == Member::SPOUSE ? Member::CHILD
                                                            : Member::OTHER;
}

// The child is something to the head of the day of its birth, and to whoever
// has been head since: each day that its parent's relation is another, its own
// follows.
absl::Status RelateNewborn(RegisterFacts& facts, const std::string& child,
                           const std::string& parent, const EntryMark& entry) {
  const auto relation_on = [&](absl::CivilDay day) {
    return RelationOfNewborn(facts.PersonAt(parent, day).relation());
  };
  Member::Relation relation = relation_on(entry.effect_date);
  facts.Begin(child, "relation", absl::StrCat(relation), entry);
  std::vector<std::string> changes;
  std::string from;
  const std::string born = absl::FormatCivilTime(entry.effect_date);
  soci::statement rows =
      (facts.sql().prepare
           << "SELECT DISTINCT valid_from FROM facts WHERE owner = :parent AND "
              "item = 'relation' AND valid_from > :born AND void_entry_id = 0 "
              "ORDER BY valid_from",
       soci::into(from), soci::use(parent), soci::use(born));
  rows.execute();
  while (rows.fetch()) changes.push_back(from);
  for (const std::string& change : changes) {
    PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                         ParseDay(change, "DATE_INVALID"));
    const Member::Relation next = relation_on(day);
    if (next == relation) continue;
    relation = next;
    PSM_RETURN_IF_ERROR(facts.Change(child, "relation", absl::StrCat(relation),
                                     {entry.id, day}));
  }
  return absl::OkStatus();
}

// A head who is one since an earlier day was so to whoever has come since as
// well, and that is not known: FAILED_PRECONDITION DATE_OUT_OF_ORDER.
absl::Status CheckNobodyJoinedSince(RegisterFacts& facts,
                                    const std::string& household,
                                    absl::CivilDay day) {
  const std::string after = absl::FormatCivilTime(day);
  long long joined = 0;
  facts.sql() << "SELECT COUNT(*) FROM facts WHERE item = 'household' AND "
                 "value = :household AND valid_from > :day AND void_entry_id "
                 "= 0",
      soci::into(joined), soci::use(household), soci::use(after);
  if (joined == 0) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "DATE_OUT_OF_ORDER",
                         "somebody has joined the household since that day");
}

}  // namespace

absl::StatusOr<bool> FamilyEntries::CheckBirth(
    const Notice& notice, const RegisterBirthRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.birth_date(), notice.today()));
  PSM_RETURN_IF_ERROR(CheckName(request.name()));
  PSM_RETURN_IF_ERROR(CheckKana(request.kana()));
  PSM_RETURN_IF_ERROR(CheckSex(request.sex()));
  // A retry of what was entered has an etag that is stale by now.
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> answered,
                       database_.Answered("RegisterBirth", notice.call));
  if (answered.has_value()) return true;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    RegisterFacts facts(sql);
    return HouseholdOfBirth(facts, notice, request, day).status();
  }));
  return false;
}

absl::StatusOr<RegisterBirthResponse> FamilyEntries::Birth(
    const Notice& notice, const RegisterBirthRequest& request,
    const std::string& child) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.birth_date(), notice.today()));
  return EnterOnce<RegisterBirthResponse>(
      database_, "RegisterBirth", notice,
      [&](RegisterFacts& facts,
          RegisterBirthResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string household,
                             HouseholdOfBirth(facts, notice, request, day));
        const EntryMark entry =
            facts.Enter(RegisterEntry::BIRTH, day, notice.call, notice.now);
        facts.Begin(child, "household", household, entry);
        PSM_RETURN_IF_ERROR(
            RelateNewborn(facts, child, request.subject(), entry));
        facts.Begin(child, "name", request.name(), entry);
        facts.Begin(child, "kana", request.kana(), entry);
        facts.Begin(child, "birth_date", request.birth_date(), entry);
        facts.Begin(child, "sex", absl::StrCat(request.sex()), entry);
        facts.Begin(child, "came_from", agency_id_, entry);
        PSM_RETURN_IF_ERROR(news_.Holds(facts.sql(), child));
        PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "born", child, day));
        facts.Touch(household);
        response.set_child(child);
        response.set_late(notice.today() - day > kDaysToGiveNotice);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

absl::StatusOr<RegisterDeathResponse> FamilyEntries::Death(
    const Notice& notice, const RegisterDeathRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.death_date(), notice.today()));
  return EnterOnce<RegisterDeathResponse>(
      database_, "RegisterDeath", notice,
      [&](RegisterFacts& facts, RegisterDeathResponse&) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string household,
                             KnownHousehold(facts, notice, request));
        const std::vector<RegisteredMember> members =
            facts.MembersAt(household, day);
        std::vector<RegisteredMember> leavers;
        for (const RegisteredMember& member : members)
          if (member.subject == request.subject()) leavers.push_back(member);
        // Where somebody stays, that one is head of whoever has come since.
        if (leavers.size() == members.size())
          PSM_RETURN_IF_ERROR(CheckNobodyCameSince(facts, household, leavers,
                                                   day, notice.today()));
        const EntryMark entry =
            facts.Enter(RegisterEntry::DEATH, day, notice.call, notice.now);
        PSM_RETURN_IF_ERROR(Depart(facts, household, members, leavers, entry));
        PSM_RETURN_IF_ERROR(
            news_.Happened(facts.sql(), "died", request.subject(), day));
        return news_.HoldsNoMore(facts.sql(), request.subject());
      });
}

absl::StatusOr<RegisterNameChangeResponse> FamilyEntries::NameChange(
    const Notice& notice, const RegisterNameChangeRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.change_date(), notice.today()));
  PSM_RETURN_IF_ERROR(CheckName(request.name()));
  PSM_RETURN_IF_ERROR(CheckKana(request.kana()));
  return EnterOnce<RegisterNameChangeResponse>(
      database_, "RegisterNameChange", notice,
      [&](RegisterFacts& facts,
          RegisterNameChangeResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string household,
                             KnownHousehold(facts, notice, request));
        const EntryMark entry = facts.Enter(RegisterEntry::NAME_CHANGE, day,
                                            notice.call, notice.now);
        PSM_RETURN_IF_ERROR(
            facts.Change(request.subject(), "name", request.name(), entry));
        PSM_RETURN_IF_ERROR(
            facts.Change(request.subject(), "kana", request.kana(), entry));
        PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "name_changed",
                                           request.subject(), day));
        facts.Touch(household);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

absl::StatusOr<RegisterAddressChangeResponse> FamilyEntries::AddressChange(
    const Notice& notice, const RegisterAddressChangeRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.change_date(), notice.today()));
  PSM_RETURN_IF_ERROR(CheckAddress(request.address()));
  return EnterOnce<RegisterAddressChangeResponse>(
      database_, "RegisterAddressChange", notice,
      [&](RegisterFacts& facts,
          RegisterAddressChangeResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string household,
                             KnownHousehold(facts, notice, request));
        const EntryMark entry = facts.Enter(RegisterEntry::ADDRESS_CHANGE, day,
                                            notice.call, notice.now);
        PSM_RETURN_IF_ERROR(
            facts.Change(household, "address", request.address(), entry));
        for (const RegisteredMember& member : facts.MembersAt(household, day))
          PSM_RETURN_IF_ERROR(
              news_.Happened(facts.sql(), "moved_within", member.subject, day));
        facts.Touch(household);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

absl::StatusOr<ChangeHeadResponse> FamilyEntries::ChangeHead(
    const Notice& notice, const ChangeHeadRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.change_date(), notice.today()));
  return EnterOnce<ChangeHeadResponse>(
      database_, "ChangeHead", notice,
      [&](RegisterFacts& facts, ChangeHeadResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const std::string household,
                             KnownHousehold(facts, notice, request));
        const std::vector<RegisteredMember> members =
            facts.MembersAt(household, day);
        const auto chosen = std::find_if(
            members.begin(), members.end(), [&](const RegisteredMember& m) {
              return m.subject == request.subject();
            });
        if (chosen == members.end())
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "DATE_OUT_OF_ORDER",
                                 "the person does not live here on that day");
        if (chosen->relation() == Member::HEAD)
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "ALREADY_HEAD", "the person is head already");
        PSM_RETURN_IF_ERROR(CheckNobodyJoinedSince(facts, household, day));
        const EntryMark entry = facts.Enter(RegisterEntry::HEAD_CHANGE, day,
                                            notice.call, notice.now);
        for (const RegisteredMember& member : members) {
          const Member::Relation relation =
              &member == &*chosen
                  ? Member::HEAD
                  : RelationUnder(chosen->relation(), member.relation());
          if (relation == member.relation()) continue;
          PSM_RETURN_IF_ERROR(facts.Change(member.subject, "relation",
                                           absl::StrCat(relation), entry));
          PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "household_changed",
                                             member.subject, day));
        }
        facts.Touch(household);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

}  // namespace psm
