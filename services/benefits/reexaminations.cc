#include "services/benefits/reexaminations.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application_store.h"
#include "services/benefits/kept_answer.h"

namespace psm {
namespace {

using agency::CallContext;
using agency::Refusal;
using benefits::v1::FilledField;
using benefits::v1::ListReexaminationsResponse;
using benefits::v1::ReexamineApplicationResponse;

constexpr char kMethod[] = "ReexamineApplication";

// What the applicant refused, or took from a paper: nobody is asked for it.
std::set<std::string> NotAskedFor(const Programme& programme,
                                  const KeptApplication& application) {
  std::set<std::string> datasets;
  for (const FilledField& field : application.fields) {
    if (field.provider().empty())
      datasets.insert(programme.DatasetOf(field.field().id()));
  }
  // The register says who the household is: it is asked in any case.
  datasets.erase("residents");
  return datasets;
}

// Keeps what was heard, of a person or of anybody (""), for applications that
// are on their way; forgets what is too old for any.
void KeepCorrection(soci::session& sql, const agency::LifeEvent& event,
                    absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  sql << "INSERT INTO corrections (subject, event_id, corrected_by, hear_time) "
         "VALUES (:subject, :event, :publisher, :time) ON CONFLICT (subject, "
         "event_id) DO NOTHING",
      soci::use(event.subject), soci::use(event.id), soci::use(event.publisher),
      soci::use(time);
  const long long over = absl::ToUnixMicros(now - kLongestAsking);
  sql << "DELETE FROM corrections WHERE hear_time < :over", soci::use(over);
}

// As they were kept: in no order.
std::set<std::string> MembersOf(soci::session& sql, long long number) {
  std::set<std::string> members;
  std::string member;
  soci::statement rows =
      (sql.prepare << "SELECT subject FROM application_members WHERE number = "
                      ":number",
       soci::into(member), soci::use(number));
  rows.execute();
  while (rows.fetch()) members.insert(member);
  return members;
}

// Puts the new words in the place of the old ones. How many are other ones.
int Replace(soci::session& sql, const KeptApplication& kept,
            const Application& fresh) {
  int changed = 0;
  for (const FilledField& field : fresh.fields) {
    const auto old = std::find_if(
        kept.fields.begin(), kept.fields.end(), [&](const FilledField& before) {
          return before.field().id() == field.field().id() &&
                 before.member() == field.member();
        });
    if (old == kept.fields.end() || old->provider().empty() ||
        field.provider().empty())
      continue;
    if (old->value() != field.value()) ++changed;
    ApplicationStore::SetValue(sql, kept.number, field.field().id(),
                               field.member(), field.value(), field.provider());
  }
  const long long asked = absl::ToUnixMicros(fresh.ask_time);
  sql << "UPDATE applications SET account_etag = :etag, ask_time = :asked "
         "WHERE number = :number AND account_etag <> ''",
      soci::use(fresh.account_etag), soci::use(asked), soci::use(kept.number);
  return changed;
}

}  // namespace

void Reexaminations::Hear(soci::session& sql, const agency::LifeEvent& event,
                          absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  sql << "INSERT INTO reexaminations (number, event_id, corrected_by, "
         "hear_time) SELECT a.number, :event, :publisher, CAST(:time AS "
         "BIGINT) FROM applications a JOIN application_members m ON m.number = "
         "a.number WHERE m.subject = :subject AND a.decision = 0 AND "
         "a.withdraw_time = 0 AND EXISTS (SELECT 1 FROM application_sources s "
         "WHERE s.number = a.number AND (:publisher = '' OR s.provider = "
         ":publisher)) ON CONFLICT (number, event_id) DO NOTHING",
      soci::use(event.id, "event"), soci::use(event.publisher, "publisher"),
      soci::use(time, "time"), soci::use(event.subject, "subject");
  KeepCorrection(sql, event, now);
}

void Reexaminations::HearOfAll(soci::session& sql, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  agency::LifeEvent missed;
  missed.id = absl::StrCat("missed/", time);
  sql << "INSERT INTO reexaminations (number, event_id, corrected_by, "
         "hear_time) SELECT a.number, :event, '', CAST(:time AS BIGINT) FROM "
         "applications a WHERE a.decision = 0 AND a.withdraw_time = 0 AND "
         "a.subject <> '' ON CONFLICT (number, event_id) DO NOTHING",
      soci::use(missed.id), soci::use(time);
  KeepCorrection(sql, missed, now);
}

void Reexaminations::MarkNew(soci::session& sql, long long number,
                             absl::Time ask_time) {
  const long long since = absl::ToUnixMicros(ask_time);
  sql << "INSERT INTO reexaminations (number, event_id, corrected_by, "
         "hear_time) SELECT DISTINCT m.number, c.event_id, c.corrected_by, "
         "c.hear_time FROM corrections c JOIN application_members m ON "
         "m.subject = c.subject OR c.subject = '' WHERE m.number = :number AND "
         "c.hear_time >= :since AND (c.corrected_by = '' OR EXISTS (SELECT 1 "
         "FROM application_sources s WHERE s.number = m.number AND s.provider "
         "= c.corrected_by)) ON CONFLICT (number, event_id) DO NOTHING",
      soci::use(number), soci::use(since);
}

absl::Status Reexaminations::CheckNone(soci::session& sql, long long number) {
  long long pending = 0;
  sql << "SELECT COUNT(*) FROM reexaminations WHERE number = :number AND "
         "close_time = 0",
      soci::into(pending), soci::use(number);
  if (pending == 0) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "REEXAMINATION_PENDING",
                 "a record behind the application was corrected");
}

void Reexaminations::Close(soci::session& sql, long long number,
                           absl::Time seen, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  const long long until = absl::ToUnixMicros(seen);
  sql << "UPDATE reexaminations SET close_time = :time WHERE number = :number "
         "AND close_time = 0 AND hear_time <= :until",
      soci::use(time), soci::use(number), soci::use(until);
}

absl::StatusOr<ListReexaminationsResponse> ReexaminationDesk::List() {
  ListReexaminationsResponse response;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        std::string subject, id, programme, by;
        long long time = 0, confirmed = 0;
        soci::statement rows =
            (sql.prepare
                 << "SELECT a.subject, a.application_id, a.programme, "
                    "r.corrected_by, r.hear_time, a.confirm_time FROM "
                    "reexaminations r JOIN applications a ON a.number = "
                    "r.number WHERE r.close_time = 0 AND a.decision = 0 AND "
                    "a.withdraw_time = 0 ORDER BY r.hear_time, a.number LIMIT "
                    "100",
             soci::into(subject), soci::into(id), soci::into(programme),
             soci::into(by), soci::into(time), soci::into(confirmed));
        rows.execute();
        while (rows.fetch()) {
          benefits::v1::Reexamination& item = *response.add_reexaminations();
          item.set_subject(subject);
          item.set_application_id(id);
          item.set_programme(programme);
          item.set_corrected_by(by);
          *item.mutable_hear_time() =
              google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(time);
          item.set_confirmed(confirmed != 0);
        }
        return absl::OkStatus();
      }));
  return response;
}

absl::StatusOr<ReexamineApplicationResponse> ReexaminationDesk::Reexamine(
    const CallContext& call,
    const benefits::v1::ReexamineApplicationRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                       parts_.database->Answered(kMethod, call));
  if (before.has_value())
    return agency::ParseAnswer<ReexamineApplicationResponse>(*before);
  const auto nothing = [] {
    return Refusal(absl::StatusCode::kFailedPrecondition,
                   "NOTHING_TO_REEXAMINE",
                   "no record behind the application waits for it");
  };
  const absl::Time now = parts_.clock->Now();
  KeptApplication kept;
  std::set<std::string> members;
  const absl::Status read =
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            kept, ApplicationStore::Find(sql, request.application_id(),
                                         request.subject()));
        if (kept.decision || kept.withdrawn ||
            Reexaminations::CheckNone(sql, kept.number).ok())
          return nothing();
        members = MembersOf(sql, kept.number);
        return absl::OkStatus();
      });
  PSM_RETURN_IF_ERROR(read);
  const Programme* const programme = parts_.programmes->Find(kept.programme);
  if (programme == nullptr) return nothing();
  const absl::StatusOr<Application> fresh = parts_.desk->CollectForHousehold(
      {.call = &call}, *programme, kept.subject, NotAskedFor(*programme, kept));
  const auto changed = [] {
    return Refusal(absl::StatusCode::kFailedPrecondition, "HOUSEHOLD_CHANGED",
                   "the household is another than when it applied");
  };
  if (!fresh.ok()) {
    const std::string reason = ReasonOf(fresh.status());
    return reason == "NOT_A_RESIDENT" || reason == "NOT_HEAD_OF_HOUSEHOLD"
               ? changed()
               : fresh.status();
  }
  if (std::set<std::string>(fresh->members.begin(), fresh->members.end()) !=
      members)
    return changed();
  return Once<ReexamineApplicationResponse>(
      *parts_.database, kMethod, call, now,
      [&](soci::session& sql) -> absl::StatusOr<ReexamineApplicationResponse> {
        // It may have been withdrawn, or re-examined by another officer.
        PSM_ASSIGN_OR_RETURN(
            const KeptApplication present,
            ApplicationStore::Find(sql, request.application_id(),
                                   request.subject()));
        if (present.decision || present.withdrawn ||
            Reexaminations::CheckNone(sql, present.number).ok())
          return nothing();
        ReexamineApplicationResponse response;
        response.set_changed_values(Replace(sql, present, *fresh));
        Reexaminations::Close(sql, present.number, now, parts_.clock->Now());
        return response;
      });
}

absl::Status FollowCorrections(agency::Agency& agency,
                               agency::Database* database) {
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<agency::EventSubscription> corrections,
      agency::EventSubscription::Start(
          *database, [&agency] { return agency.gateway(); },
          {.affair = "benefit-tax-exempt",
           .types = {"record_corrected", "record_doubted"},
           .missed =
               [&agency](soci::session& sql) {
                 Reexaminations::HearOfAll(sql, agency.clock().Now());
                 return absl::OkStatus();
               }},
          [&agency](soci::session& sql, const agency::LifeEvent& event) {
            Reexaminations::Hear(sql, event, agency.clock().Now());
            return absl::OkStatus();
          }));
  agency.Own(std::move(corrections));
  return absl::OkStatus();
}

}  // namespace psm
