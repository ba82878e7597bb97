// Why a person who moves out stays in the register until the day of moving:
// all facts end on that day, and a question is answered for its own day. So the
// notice can come weeks before and nothing has to be done on the day itself.
#include "services/residents/move_entries.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/residents/departure.h"
#include "services/residents/joining.h"

namespace psm {
namespace {

using residents::v1::AnnounceMoveInRequest;
using residents::v1::AnnounceMoveInResponse;
using residents::v1::Member;
using residents::v1::MovingPerson;
using residents::v1::NotifyMoveOutRequest;
using residents::v1::NotifyMoveOutResponse;
using residents::v1::RegisterEntry;
using residents::v1::RegisterMoveInRequest;
using residents::v1::RegisterMoveInResponse;

absl::Status Refuse(absl::StatusCode code, absl::string_view reason,
                    absl::string_view message) {
  return agency::Refusal(code, reason, message);
}

// psm.config.v1.Agency.id.
bool IsAgencyId(absl::string_view text) {
  return !text.empty() && text.size() <= 31 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// The certificate. Where the head stays, whoever gives notice is the new
// household's head.
void Certify(RegisterFacts& facts, const std::string& agency_id,
             const std::vector<RegisteredMember>& movers,
             const std::string& applicant, absl::CivilDay day,
             NotifyMoveOutResponse& response) {
  const auto head = std::find_if(
      movers.begin(), movers.end(),
      [](const auto& mover) { return mover.relation() == Member::HEAD; });
  const auto first =
      head != movers.end()
          ? head
          : std::find_if(movers.begin(), movers.end(), [&](const auto& mover) {
              return mover.subject == applicant;
            });
  for (const RegisteredMember& mover : movers) {
    MovingPerson person;
    person.set_subject(mover.subject);
    person.set_name(mover.at("name"));
    person.set_kana(mover.at("kana"));
    person.set_birth_date(mover.at("birth_date"));
    person.set_sex(mover.at("sex").empty() ? 0 : mover.at("sex")[0] - '0');
    person.set_relation(
        mover.subject == first->subject
            ? Member::HEAD
            : RelationUnder(first->relation(), mover.relation()));
    const bool here =
        facts.ValueAt(mover.subject, "household", TaxDayOf(day)).has_value();
    person.set_tax_municipality(here ? agency_id : mover.at("came_from"));
    *response.add_persons() = person;
  }
  std::stable_partition(
      response.mutable_persons()->begin(), response.mutable_persons()->end(),
      [](const MovingPerson& p) { return p.relation() == Member::HEAD; });
}

absl::Status CheckAnnouncement(const AnnounceMoveInRequest& request) {
  if (!IsUuid(request.move_id()))
    return Refuse(absl::StatusCode::kInvalidArgument, "MOVE_ID_INVALID",
                  "give the UUID of the move");
  if (!IsAgencyId(request.origin()) || !IsAgencyId(request.tax_municipality()))
    return Refuse(absl::StatusCode::kInvalidArgument, "ORIGIN_INVALID",
                  "name the municipalities of before");
  PSM_RETURN_IF_ERROR(CheckName(request.name()));
  PSM_RETURN_IF_ERROR(CheckKana(request.kana()));
  PSM_RETURN_IF_ERROR(CheckSex(request.sex()));
  PSM_RETURN_IF_ERROR(
      ParseDay(request.birth_date(), "BIRTH_DATE_INVALID").status());
  if (!Member::Relation_IsValid(request.relation()) ||
      request.relation() == Member::RELATION_UNSPECIFIED)
    return Refuse(absl::StatusCode::kInvalidArgument, "RELATION_INVALID",
                  "name the relation to the new head");
  return absl::OkStatus();
}

absl::Status CheckNotHere(RegisterFacts& facts, const std::string& subject,
                          absl::CivilDay day) {
  if (!facts.ValueAt(subject, "household", day).has_value())
    return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "ALREADY_A_RESIDENT",
                "the person lives here on that day");
}

using Announced = MoveEntries::Announced;

// All who were announced with a person last, and have not come yet.
std::vector<Announced> AnnouncedWith(soci::session& sql,
                                     const std::string& subject) {
  std::vector<Announced> announced;
  Announced one;
  std::string name, kana, birth_date;
  long long sex = 0, relation = 0;
  soci::statement rows =
      (sql.prepare
           << "SELECT subject, tax_municipality, name, kana, birth_date, sex, "
              "relation "
              "FROM announcements WHERE entry_id = 0 AND move_id = (SELECT "
              "move_id FROM announcements WHERE subject = :subject AND "
              "entry_id = 0 ORDER BY announce_time DESC, move_id LIMIT 1) "
              "ORDER BY birth_date, subject",
       soci::into(one.person.subject), soci::into(one.tax_municipality),
       soci::into(name), soci::into(kana), soci::into(birth_date),
       soci::into(sex), soci::into(relation), soci::use(subject));
  rows.execute();
  while (rows.fetch()) {
    one.person.items = {{"name", name},
                        {"kana", kana},
                        {"birth_date", birth_date},
                        {"sex", absl::StrCat(sex)},
                        {"relation", absl::StrCat(relation)}};
    announced.push_back(one);
  }
  return announced;
}

// A household has one head: the announced one, else the eldest.
void SettleHead(std::vector<Announced>& arrivals) {
  const auto is_head = [](const Announced& a) {
    return a.person.relation() == Member::HEAD;
  };
  auto head = std::find_if(arrivals.begin(), arrivals.end(), is_head);
  if (head == arrivals.end()) head = arrivals.begin();
  std::rotate(arrivals.begin(), head, head + 1);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    if (i == 0) {
      arrivals[i].person.items["relation"] = absl::StrCat(Member::HEAD);
    } else if (is_head(arrivals[i])) {
      arrivals[i].person.items["relation"] = absl::StrCat(Member::OTHER);
    }
  }
}

// A move that was withdrawn announces nobody any more.
absl::Status CheckMoveOpen(soci::session& sql, const std::string& move_id) {
  long long withdrawn = 0;
  sql << "SELECT COUNT(*) FROM announcements WHERE move_id = :move AND "
         "entry_id = -1",
      soci::into(withdrawn), soci::use(move_id);
  if (withdrawn == 0) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "MOVE_WITHDRAWN",
                "the announcement of the move was withdrawn");
}

}  // namespace

absl::StatusOr<NotifyMoveOutResponse> MoveEntries::MoveOut(
    const Notice& notice, const NotifyMoveOutRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseMoveDay(request.move_date(), notice.today()));
  if (!IsAgencyId(request.destination()) || request.destination() == agency_id_)
    return Refuse(absl::StatusCode::kInvalidArgument, "DESTINATION_INVALID",
                  "name another municipality");
  return EnterOnce<NotifyMoveOutResponse>(
      database_, "NotifyMoveOut", notice,
      [&](RegisterFacts& facts,
          NotifyMoveOutResponse& response) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            const std::string household,
            facts.HouseholdOf(request.subject(), notice.today()));
        // Who lives here today and no longer on that day has given notice
        // already.
        const std::vector<RegisteredMember> members =
            facts.MembersAt(household, day);
        PSM_ASSIGN_OR_RETURN(
            const std::vector<RegisteredMember> movers,
            LeaversOf(members, request.subject(), request.others()));
        PSM_RETURN_IF_ERROR(CheckNobodyCameSince(facts, household, movers, day,
                                                 notice.today()));
        const EntryMark entry =
            facts.Enter(RegisterEntry::MOVE_OUT, day, notice.call, notice.now);
        PSM_RETURN_IF_ERROR(Depart(facts, household, members, movers, entry));
        // The register holds them until the new one says that they are there.
        for (const RegisteredMember& mover : movers)
          PSM_RETURN_IF_ERROR(
              news_.Happened(facts.sql(), "moved_out", mover.subject, day));
        Certify(facts, agency_id_, movers, request.subject(), day, response);
        return absl::OkStatus();
      });
}

absl::StatusOr<AnnounceMoveInResponse> MoveEntries::Announce(
    const Notice& notice, const AnnounceMoveInRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseMoveDay(request.move_date(), notice.today()));
  PSM_RETURN_IF_ERROR(CheckAnnouncement(request));
  return EnterOnce<AnnounceMoveInResponse>(
      database_, "AnnounceMoveIn", notice,
      [&](RegisterFacts& facts, AnnounceMoveInResponse&) -> absl::Status {
        PSM_RETURN_IF_ERROR(CheckNotHere(facts, request.subject(), day));
        PSM_RETURN_IF_ERROR(CheckMoveOpen(facts.sql(), request.move_id()));
        const long long sex = request.sex();
        const long long relation = request.relation();
        const long long time = absl::ToUnixMicros(notice.now);
        // The last announcement of a move counts.
        facts.sql()
            << "INSERT INTO announcements (move_id, subject, move_date, "
               "origin, tax_municipality, name, kana, birth_date, sex, "
               "relation, announce_time, entry_id) VALUES (:move, "
               ":subject, :day, :origin, :taxed, :name, :kana, :birth, "
               ":sex, :relation, :time, 0) "
               "ON CONFLICT (move_id, subject) DO UPDATE SET move_date = "
               "excluded.move_date, name = excluded.name, kana = "
               "excluded.kana, relation = excluded.relation, "
               "announce_time = excluded.announce_time",
            soci::use(request.move_id()), soci::use(request.subject()),
            soci::use(request.move_date()), soci::use(request.origin()),
            soci::use(request.tax_municipality()), soci::use(request.name()),
            soci::use(request.kana()), soci::use(request.birth_date()),
            soci::use(sex), soci::use(relation), soci::use(time);
        return absl::OkStatus();
      });
}

absl::StatusOr<RegisterMoveInResponse> MoveEntries::MoveIn(
    const Notice& notice, const RegisterMoveInRequest& request) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParsePastDay(request.move_date(), notice.today()));
  if (request.join_agreement().empty() || !request.address().empty())
    PSM_RETURN_IF_ERROR(CheckAddress(request.address()));
  return EnterOnce<RegisterMoveInResponse>(
      database_, "RegisterMoveIn", notice,
      [&](RegisterFacts& facts,
          RegisterMoveInResponse& response) -> absl::Status {
        PSM_RETURN_IF_ERROR(CheckNotHere(facts, request.subject(), day));
        std::vector<Announced> arrivals =
            AnnouncedWith(facts.sql(), request.subject());
        if (arrivals.empty())
          return Refuse(absl::StatusCode::kNotFound, "NOT_ANNOUNCED",
                        "nobody has announced the person");
        for (const Announced& arrival : arrivals)
          PSM_RETURN_IF_ERROR(notice.Pass(facts, arrival.person.subject));
        const EntryMark entry =
            facts.Enter(RegisterEntry::MOVE_IN, day, notice.call, notice.now);
        PSM_ASSIGN_OR_RETURN(
            const std::string household,
            request.join_agreement().empty()
                ? NewHousehold(facts, request, arrivals, entry)
                : KnownHousehold(facts, notice, request, arrivals, entry));
        for (const Announced& arrival : arrivals) {
          const std::string& subject = arrival.person.subject;
          PSM_RETURN_IF_ERROR(CheckNotHere(facts, subject, day));
          PSM_RETURN_IF_ERROR(facts.CheckNothingFrom(subject, day));
          facts.Begin(subject, "household", household, entry);
          facts.Begin(subject, "came_from", arrival.tax_municipality, entry);
          for (const auto& [item, value] : arrival.person.items)
            facts.Begin(subject, item, value, entry);
          facts.sql() << "UPDATE announcements SET entry_id = :entry WHERE "
                         "subject = :subject AND entry_id = 0",
              soci::use(entry.id), soci::use(subject);
          PSM_RETURN_IF_ERROR(news_.Holds(facts.sql(), subject));
          PSM_RETURN_IF_ERROR(
              news_.Happened(facts.sql(), "moved_in", subject, day));
          response.add_members()->set_subject(subject);
        }
        facts.Touch(household);
        response.set_late(notice.today() - day > kDaysToGiveNotice);
        response.set_etag(facts.EtagOf(household));
        return absl::OkStatus();
      });
}

// Those who come are a household of their own.
absl::StatusOr<std::string> MoveEntries::NewHousehold(
    RegisterFacts& facts, const RegisterMoveInRequest& request,
    std::vector<Announced>& arrivals, const EntryMark& entry) {
  SettleHead(arrivals);
  std::string household = NewUuid(SystemRandom());
  facts.Begin(household, "address", request.address(), entry);
  facts.Begin(household, "move_in_date", request.move_date(), entry);
  return household;
}

// They join one that lives here; its members hear that it is another.
absl::StatusOr<std::string> MoveEntries::KnownHousehold(
    RegisterFacts& facts, const Notice& notice,
    const RegisterMoveInRequest& request, std::vector<Announced>& arrivals,
    const EntryMark& entry) {
  std::vector<RegisteredMember*> joiners;
  for (Announced& arrival : arrivals) joiners.push_back(&arrival.person);
  PSM_ASSIGN_OR_RETURN(
      std::string household,
      JoinedHousehold(facts, request.join_agreement(), notice.today(),
                      entry.effect_date, joiners));
  if (!request.address().empty() &&
      request.address() !=
          facts.ValueAt(household, "address", entry.effect_date))
    return Refuse(absl::StatusCode::kInvalidArgument, "ADDRESS_INVALID",
                  "the household lives at another address");
  PSM_RETURN_IF_ERROR(PassJoined(facts, notice, request.join_agreement()));
  UseAgreement(facts.sql(), request.join_agreement(), entry);
  for (const RegisteredMember& member :
       facts.MembersAt(household, entry.effect_date))
    PSM_RETURN_IF_ERROR(news_.Happened(facts.sql(), "household_changed",
                                       member.subject, entry.effect_date));
  return household;
}

absl::Status MoveEntries::ArrivedElsewhere(soci::session& sql,
                                           const std::string& subject,
                                           absl::CivilDay today) {
  RegisterFacts facts(sql);
  if (facts.ValueAt(subject, "household", today).has_value())
    return absl::OkStatus();
  return news_.HoldsNoMore(sql, subject);
}

}  // namespace psm
