// Decisions are kept and never changed; who is protected now follows from the
// last of them. An answer is checked by the persons whom it names, so that a
// child's question does not lead to the mother's address.
#include "services/residents/protection_store.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/base/status_macros.h"
#include "services/residents/register_facts.h"

namespace psm {
namespace {

using google::protobuf::util::TimeUtil;
using residents::v1::AllowDeskRequest;
using residents::v1::AllowDeskResponse;
using residents::v1::EndProtectionRequest;
using residents::v1::EndProtectionResponse;
using residents::v1::ListProtectionDecisionsResponse;
using residents::v1::ProtectionDecision;
using residents::v1::ProtectRequest;
using residents::v1::ProtectResponse;

constexpr int kLongestDays = 366;

// The last decision that begins or ends a protection is a beginning.
bool IsProtected(soci::session& sql, const std::string& subject) {
  long long kind = ProtectionDecision::END;
  const long long begin = ProtectionDecision::PROTECT;
  const long long end = ProtectionDecision::END;
  sql << "SELECT kind FROM protection_decisions WHERE subject = :subject AND "
         "kind IN (:begin, :end) ORDER BY decision_id DESC LIMIT 1",
      soci::into(kind), soci::use(subject), soci::use(begin), soci::use(end);
  return kind == ProtectionDecision::PROTECT;
}

// Allowed since the protection that is in force began, and still today.
bool IsAllowed(soci::session& sql, const std::string& subject,
               const agency::CallContext& call, absl::CivilDay today) {
  const std::string day = absl::FormatCivilTime(today);
  const long long allow = ProtectionDecision::ALLOW_DESK;
  const long long end = ProtectionDecision::END;
  long long allowed = 0;
  sql << "SELECT COUNT(*) FROM protection_decisions WHERE subject = :subject "
         "AND kind = :allow AND desk = :desk AND affair = :affair AND "
         "last_date >= :day AND decision_id > (SELECT "
         "COALESCE(MAX(decision_id), 0) FROM protection_decisions WHERE "
         "subject = :subject AND kind = :end)",
      soci::into(allowed), soci::use(subject, "subject"),
      soci::use(allow, "allow"), soci::use(call.consumer, "desk"),
      soci::use(call.affair, "affair"), soci::use(day, "day"),
      soci::use(end, "end");
  return allowed > 0;
}

absl::Status NotProtected() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_PROTECTED",
                         "the person is not under protection");
}

absl::Status CheckLastDate(absl::string_view text, absl::CivilDay today) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseDay(text, "DATE_INVALID"));
  if (day >= today && day - today <= kLongestDays) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "DATE_INVALID",
                         "give a last day within a year");
}

void Decide(soci::session& sql, const Notice& notice,
            const std::string& subject, ProtectionDecision::Kind kind,
            const std::string& desk, const std::string& affair,
            const std::string& last_date) {
  const long long number = kind;
  const long long time = absl::ToUnixMicros(notice.now);
  sql << "INSERT INTO protection_decisions (decision_id, subject, kind, desk, "
         "affair, last_date, decide_time, decided_by) VALUES ((SELECT "
         "COALESCE(MAX(decision_id), 0) + 1 FROM protection_decisions), "
         ":subject, :kind, :desk, :affair, :last, :time, :by)",
      soci::use(subject), soci::use(number), soci::use(desk), soci::use(affair),
      soci::use(last_date), soci::use(time), soci::use(notice.call.consumer);
}

std::vector<std::string> Strings(soci::session& sql, const std::string& query,
                                 const std::string& subject) {
  std::vector<std::string> found;
  std::string value;
  soci::statement rows =
      (sql.prepare << query, soci::into(value), soci::use(subject, "subject"));
  rows.execute();
  while (rows.fetch()) found.push_back(value);
  return found;
}

// Because of whom the person is protected, beside himself.
std::vector<std::string> ProtectorsOf(soci::session& sql,
                                      const std::string& subject) {
  return Strings(sql,
                 "SELECT because_of FROM protected_with WHERE subject = "
                 ":subject AND end_time = 0",
                 subject);
}

// Those of them with whom he does not live now.
std::vector<std::string> ProtectorsLeft(RegisterFacts& facts,
                                        const std::string& subject,
                                        absl::CivilDay today) {
  const auto household = facts.ValueAt(subject, "household", today);
  std::vector<std::string> left;
  for (const std::string& protector : ProtectorsOf(facts.sql(), subject)) {
    if (!household.has_value() ||
        facts.ValueAt(protector, "household", today) != household)
      left.push_back(protector);
  }
  return left;
}

// Nobody is protected because of the person any more, nor the person because of
// whom he has left.
void EndCompanions(RegisterFacts& facts, const std::string& subject,
                   const Notice& notice) {
  const long long time = absl::ToUnixMicros(notice.now);
  for (const std::string& left : ProtectorsLeft(facts, subject, notice.today()))
    facts.sql() << "UPDATE protected_with SET end_time = :time WHERE subject = "
                   ":subject AND because_of = :left",
        soci::use(time), soci::use(subject), soci::use(left);
  facts.sql() << "UPDATE protected_with SET end_time = :time WHERE because_of "
                 "= :subject AND end_time = 0",
      soci::use(time), soci::use(subject);
}

}  // namespace

absl::Status ProtectionStore::Check(const agency::CallContext& call,
                                    absl::Span<const std::string> subjects,
                                    absl::CivilDay today) {
  return database_.Read([&](soci::session& sql) -> absl::Status {
    return Check(sql, call, subjects, today);
  });
}

absl::Status ProtectionStore::Check(soci::session& sql,
                                    const agency::CallContext& call,
                                    absl::Span<const std::string> subjects,
                                    absl::CivilDay today) const {
  const bool own =
      absl::StartsWith(call.consumer, absl::StrCat(agency_id_, "/"));
  for (const std::string& subject : subjects) {
    if (!IsProtected(sql, subject)) continue;
    if (!own)
      return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                             "no resident of this municipality");
    if (!IsAllowed(sql, subject, call, today))
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "NO_AUTOMATIC_ANSWER",
                             "an officer answers this question");
  }
  return absl::OkStatus();
}

absl::Status ProtectionStore::CheckProtect(const Notice& notice,
                                           const ProtectRequest& request) {
  PSM_RETURN_IF_ERROR(CheckLastDate(request.last_date(), notice.today()));
  return database_.Read([&](soci::session& sql) -> absl::Status {
    return RegisterFacts(sql)
        .HouseholdOf(request.subject(), notice.today())
        .status();
  });
}

absl::StatusOr<ProtectResponse> ProtectionStore::Protect(
    const Notice& notice, const ProtectRequest& request) {
  PSM_RETURN_IF_ERROR(CheckProtect(notice, request));
  return EnterOnce<ProtectResponse>(
      database_, "Protect", notice,
      [&](RegisterFacts& facts, ProtectResponse&) -> absl::Status {
        Decide(facts.sql(), notice, request.subject(),
               ProtectionDecision::PROTECT, "", "", request.last_date());
        return absl::OkStatus();
      });
}

absl::StatusOr<EndProtectionResponse> ProtectionStore::End(
    const Notice& notice, const EndProtectionRequest& request) {
  return EnterOnce<EndProtectionResponse>(
      database_, "EndProtection", notice,
      [&](RegisterFacts& facts, EndProtectionResponse&) -> absl::Status {
        const std::string& subject = request.subject();
        if (!IsProtected(facts.sql(), subject) &&
            ProtectorsLeft(facts, subject, notice.today()).empty())
          return NotProtected();
        Decide(facts.sql(), notice, subject, ProtectionDecision::END, "", "",
               "");
        EndCompanions(facts, subject, notice);
        return absl::OkStatus();
      });
}

absl::StatusOr<AllowDeskResponse> ProtectionStore::AllowDesk(
    const Notice& notice, const AllowDeskRequest& request) {
  PSM_RETURN_IF_ERROR(CheckLastDate(request.last_date(), notice.today()));
  if (!absl::StartsWith(request.desk(), absl::StrCat(agency_id_, "/")) ||
      request.desk().size() > 63 || request.affair().empty() ||
      request.affair().size() > 63)
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "DESK_INVALID",
                           "name a desk of this municipality and an affair");
  return EnterOnce<AllowDeskResponse>(
      database_, "AllowDesk", notice,
      [&](RegisterFacts& facts, AllowDeskResponse&) -> absl::Status {
        if (!IsProtected(facts.sql(), request.subject())) return NotProtected();
        Decide(facts.sql(), notice, request.subject(),
               ProtectionDecision::ALLOW_DESK, request.desk(), request.affair(),
               request.last_date());
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<Companion>> ProtectionStore::NewCompanions(
    absl::CivilDay today) {
  std::vector<Companion> found;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    RegisterFacts facts(sql);
    for (const std::string& subject :
         Strings(sql,
                 "SELECT DISTINCT subject FROM protection_decisions WHERE "
                 "subject <> :subject",
                 "")) {
      if (!IsProtected(sql, subject)) continue;
      const auto household = facts.ValueAt(subject, "household", today);
      if (!household.has_value()) continue;
      const std::vector<std::string> kept =
          Strings(sql,
                  "SELECT subject FROM protected_with WHERE because_of = "
                  ":subject AND end_time = 0",
                  subject);
      for (const RegisteredMember& member : facts.MembersAt(*household, today))
        if (member.subject != subject &&
            std::find(kept.begin(), kept.end(), member.subject) == kept.end())
          found.push_back({member.subject, subject});
    }
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<bool> ProtectionStore::Keep(const Companion& companion) {
  bool kept = false;
  PSM_RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    kept = IsProtected(sql, companion.because_of);
    if (!kept) return absl::OkStatus();
    sql << "INSERT INTO protected_with (subject, because_of, end_time) VALUES "
           "(:subject, :because_of, 0) ON CONFLICT (subject, because_of) DO "
           "UPDATE SET end_time = 0",
        soci::use(companion.subject), soci::use(companion.because_of);
    return absl::OkStatus();
  }));
  return kept;
}

absl::StatusOr<std::vector<std::string>> ProtectionStore::FreedWith(
    const std::string& subject) {
  std::vector<std::string> freed;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    std::vector<std::string> all =
        Strings(sql,
                "SELECT subject FROM protected_with WHERE because_of = "
                ":subject",
                subject);
    all.push_back(subject);
    for (const std::string& person : all)
      if (!IsProtected(sql, person) && ProtectorsOf(sql, person).empty())
        freed.push_back(person);
    return absl::OkStatus();
  }));
  return freed;
}

absl::StatusOr<ListProtectionDecisionsResponse> ProtectionStore::DecisionsOn(
    absl::string_view subject) {
  ListProtectionDecisionsResponse response;
  const std::string key(subject);
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    ProtectionDecision decision;
    long long kind = 0, time = 0;
    soci::statement rows =
        (sql.prepare << "SELECT kind, desk, affair, last_date, decide_time, "
                        "decided_by FROM protection_decisions WHERE subject = "
                        ":subject ORDER BY decision_id",
         soci::into(kind), soci::into(*decision.mutable_desk()),
         soci::into(*decision.mutable_affair()),
         soci::into(*decision.mutable_last_date()), soci::into(time),
         soci::into(*decision.mutable_decided_by()), soci::use(key));
    rows.execute();
    while (rows.fetch()) {
      decision.set_kind(static_cast<ProtectionDecision::Kind>(kind));
      *decision.mutable_decide_time() = TimeUtil::MicrosecondsToTimestamp(time);
      *response.add_decisions() = decision;
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm
