// The new municipality is the only one that knows whether somebody has come, so
// it is asked to withdraw the announcement first: once it has, nobody moves in
// by it, and the notice at the municipality left can be undone.
#include "services/residents/withdrawals.h"

#include <algorithm>
#include <string>
#include <vector>

#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using residents::v1::Member;
using residents::v1::RegisterEntry;
using residents::v1::WithdrawAnnouncementRequest;
using residents::v1::WithdrawAnnouncementResponse;
using residents::v1::WithdrawMoveOutRequest;
using residents::v1::WithdrawMoveOutResponse;

// In announcements.entry_id: withdrawn (register_schema.cc).
constexpr long long kWithdrawn = -1;

// The entry of a notice of moving out.
struct MoveOutEntry {
  long long id = 0;
  bool withdrawn = false;
};

// The notice by which the person was to leave on that day: the one given by
// that exchange, or the last, where none is named. `id` 0: there is none.
MoveOutEntry FindMoveOut(soci::session& sql,
                         const WithdrawMoveOutRequest& request) {
  const long long kind = RegisterEntry::MOVE_OUT;
  const long long any = request.notice_exchange_id().empty() ? 1 : 0;
  MoveOutEntry found;
  long long voided = 0;
  // One that holds before one that was withdrawn.
  sql << "SELECT f.end_entry_id, f.void_entry_id FROM facts f JOIN entries e "
         "ON e.entry_id = f.end_entry_id WHERE f.owner = :subject AND f.item = "
         "'household' AND f.valid_to = :day AND e.kind = :kind AND (:any = 1 "
         "OR e.exchange_id = :exchange) ORDER BY CASE f.void_entry_id WHEN 0 "
         "THEN 0 ELSE 1 END, f.end_entry_id DESC LIMIT 1",
      soci::into(found.id), soci::into(voided), soci::use(request.subject()),
      soci::use(request.move_date()), soci::use(kind), soci::use(any),
      soci::use(request.notice_exchange_id());
  if (!sql.got_data()) return MoveOutEntry();
  found.withdrawn = voided != 0;
  return found;
}

// Whom a move announced here.
struct Announced {
  std::vector<std::string> subjects;
  bool arrived = false;  // one of them
};
Announced AnnouncedBy(soci::session& sql, const std::string& move_id) {
  Announced announced;
  std::string subject;
  long long entry = 0;
  soci::statement rows =
      (sql.prepare << "SELECT subject, entry_id FROM announcements WHERE "
                      "move_id = :move",
       soci::into(subject), soci::into(entry), soci::use(move_id));
  rows.execute();
  while (rows.fetch()) {
    announced.subjects.push_back(subject);
    announced.arrived = announced.arrived || entry > 0;
  }
  return announced;
}

// The one head of a household; "" where it has none, or several.
std::string HeadOn(RegisterFacts& facts, const std::string& household,
                   absl::CivilDay day) {
  std::string head;
  for (const RegisteredMember& member : facts.MembersAt(household, day)) {
    if (member.relation() != Member::HEAD) continue;
    if (!head.empty()) return "";
    head = member.subject;
  }
  return head;
}

absl::Status HouseholdChanged() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "HOUSEHOLD_CHANGED",
                         "the household has had another head since the notice");
}

// Relations are to a head: they hold as they were where the head is the one of
// before, on the day of moving and now.
absl::Status CheckSameHead(RegisterFacts& facts, const std::string& household,
                           absl::CivilDay day, absl::CivilDay today) {
  const std::string before = HeadOn(facts, household, day - 1);
  if (!before.empty() && before == HeadOn(facts, household, day) &&
      before == HeadOn(facts, household, std::max(day, today)))
    return absl::OkStatus();
  return HouseholdChanged();
}

// Where the head had left, whoever has joined since is there by the word of the
// head in between, and was something to that one.
absl::Status CheckNobodyJoinedSince(RegisterFacts& facts, long long moved,
                                    const std::string& household,
                                    const std::vector<std::string>& leavers,
                                    absl::CivilDay day) {
  const std::string head = HeadOn(facts, household, day);
  if (std::find(leavers.begin(), leavers.end(), head) == leavers.end())
    return absl::OkStatus();
  const std::string from = absl::FormatCivilTime(day);
  long long joined = 0;
  facts.sql() << "SELECT COUNT(*) FROM facts WHERE item = 'household' AND "
                 "value = :household AND entry_id > :moved AND valid_from >= "
                 ":day AND void_entry_id = 0",
      soci::into(joined), soci::use(household), soci::use(moved),
      soci::use(from);
  return joined == 0 ? absl::OkStatus() : HouseholdChanged();
}

}  // namespace

absl::StatusOr<WithdrawAnnouncementResponse> Withdrawals::Announcement(
    const Notice& notice, const WithdrawAnnouncementRequest& request) {
  return EnterOnce<WithdrawAnnouncementResponse>(
      database_, "WithdrawAnnouncement", notice,
      [&](RegisterFacts& facts, WithdrawAnnouncementResponse&) -> absl::Status {
        const Announced announced = AnnouncedBy(facts.sql(), request.move_id());
        if (std::find(announced.subjects.begin(), announced.subjects.end(),
                      request.subject()) == announced.subjects.end())
          return agency::Refusal(absl::StatusCode::kNotFound, "NOT_ANNOUNCED",
                                 "that move did not announce the person");
        PSM_RETURN_IF_ERROR(decisions_.Check(
            facts.sql(), notice.call, announced.subjects, notice.today()));
        if (announced.arrived)
          return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                 "ALREADY_MOVED_IN",
                                 "somebody of that move lives here");
        facts.sql() << "UPDATE announcements SET entry_id = :withdrawn WHERE "
                       "move_id = :move",
            soci::use(kWithdrawn), soci::use(request.move_id());
        return absl::OkStatus();
      });
}

absl::StatusOr<WithdrawMoveOutResponse> Withdrawals::MoveOut(
    const Notice& notice, const WithdrawMoveOutRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseDay(request.move_date(), "DATE_INVALID"));
  const auto withdraw = [&](RegisterFacts& facts,
                            WithdrawMoveOutResponse& response) -> absl::Status {
    const MoveOutEntry moved = FindMoveOut(facts.sql(), request);
    if (moved.id == 0)
      return agency::Refusal(absl::StatusCode::kNotFound, "MOVE_OUT_UNKNOWN",
                             "the person gave no such notice here");
    const Leavers leavers = LeaversBy(facts, moved.id);
    PSM_RETURN_IF_ERROR(decisions_.Check(facts.sql(), notice.call,
                                         leavers.subjects, notice.today()));
    if (request.validate_only())
      for (const std::string& subject : leavers.subjects)
        response.add_persons()->set_subject(subject);
    return moved.withdrawn ? absl::OkStatus()
                           : Undo(facts, notice, moved.id, leavers, day);
  };
  if (request.validate_only())
    return LookOnly<WithdrawMoveOutResponse>(database_, withdraw);
  return EnterOnce<WithdrawMoveOutResponse>(database_, "WithdrawMoveOut",
                                            notice, withdraw);
}

Withdrawals::Leavers Withdrawals::LeaversBy(RegisterFacts& facts,
                                            long long entry) {
  Leavers leavers;
  std::string subject;
  soci::statement rows =
      (facts.sql().prepare
           << "SELECT owner, value FROM facts WHERE item = 'household' AND "
              "end_entry_id = :entry ORDER BY owner",
       soci::into(subject), soci::into(leavers.household), soci::use(entry));
  rows.execute();
  while (rows.fetch()) leavers.subjects.push_back(subject);
  return leavers;
}

absl::Status Withdrawals::Undo(RegisterFacts& facts, const Notice& notice,
                               long long moved, const Leavers& leavers,
                               absl::CivilDay day) {
  const EntryMark entry = facts.Enter(RegisterEntry::MOVE_OUT_WITHDRAWN, day,
                                      notice.call, notice.now);
  PSM_RETURN_IF_ERROR(facts.Undo(moved, entry));
  PSM_RETURN_IF_ERROR(
      CheckSameHead(facts, leavers.household, day, notice.today()));
  PSM_RETURN_IF_ERROR(CheckNobodyJoinedSince(facts, moved, leavers.household,
                                             leavers.subjects, day));
  for (const std::string& subject : leavers.subjects) {
    PSM_RETURN_IF_ERROR(news_.Holds(facts.sql(), subject));
    PSM_RETURN_IF_ERROR(
        news_.Happened(facts.sql(), "move_out_withdrawn", subject, day));
  }
  facts.Touch(leavers.household);
  return absl::OkStatus();
}

}  // namespace psm
