#include "services/identity/representations.h"

#include <algorithm>

#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card/card_items.h"
#include "services/identity/card_holders.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

absl::Status Unknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "REPRESENTATION_UNKNOWN",
                         "there is no such representation in force");
}

absl::Status NotPossible(absl::string_view why) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "REPRESENTATION_NOT_POSSIBLE", why);
}

absl::Status PersonUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                         "one of the two holds no card");
}

bool IsAdult(const CardHolder& holder, absl::Time now) {
  return card::HasTurned(kAdultAge, holder.birth_date, DayInJapan(now));
}

// The beginning of the day on which a person comes of age.
absl::Time ComingOfAge(const CardHolder& holder) {
  absl::CivilDay born;
  if (!absl::ParseCivilTime(holder.birth_date, &born))
    return absl::InfinitePast();
  return absl::FromCivil(
      absl::CivilDay(born.year() + kAdultAge, born.month(), born.day()),
      JapanTime());
}

}  // namespace

absl::Status Representations::Complete(
    soci::session& sql, absl::string_view card_serial,
    std::optional<absl::Time> wanted,
    StoredRepresentation& representation) const {
  const std::string serial(card_serial);
  sql << "SELECT subject FROM card_holders WHERE card_serial = :serial",
      soci::into(representation.representative), soci::use(serial);
  if (!sql.got_data()) return PersonUnknown();
  const std::optional<CardHolder> represented =
      CardHolders::Find(sql, representation.subject);
  const std::optional<CardHolder> acting =
      CardHolders::Find(sql, representation.representative);
  if (!represented.has_value() || !acting.has_value()) return PersonUnknown();
  const absl::Time now = clock_->Now();
  if (represented->subject == acting->subject)
    return NotPossible("nobody represents himself");
  if (represented->died || acting->died || !IsAdult(*acting, now))
    return NotPossible("a representative is a living adult");
  absl::Time latest = now + kLongestGuardianship;
  if (representation.kind == RepresentativeKind::kParent) {
    if (IsAdult(*represented, now))
      return NotPossible("a parent acts for a child under 18");
    latest = ComingOfAge(*represented);
  }
  representation.start_time = now;
  representation.expire_time = std::min(latest, wanted.value_or(latest));
  if (representation.expire_time <= now)
    return NotPossible("it would have ended already");
  return absl::OkStatus();
}

void Representations::Insert(soci::session& sql,
                             const StoredRepresentation& representation) {
  const long long kind = static_cast<long long>(representation.kind);
  const long long start = absl::ToUnixMicros(representation.start_time);
  const long long expire = absl::ToUnixMicros(representation.expire_time);
  sql << "INSERT INTO representations (representation_id, subject, "
         "representative, kind, start_time, expire_time, end_time) VALUES "
         "(:id, :subject, :representative, :kind, :start, :expire, 0)",
      soci::use(representation.id), soci::use(representation.subject),
      soci::use(representation.representative), soci::use(kind),
      soci::use(start), soci::use(expire);
}

absl::StatusOr<absl::Time> Representations::End(soci::session& sql,
                                                absl::string_view subject,
                                                absl::string_view id) const {
  const std::string person(subject), wanted(id);
  long long end = 0;
  sql << "SELECT end_time FROM representations WHERE representation_id = :id "
         "AND subject = :subject",
      soci::into(end), soci::use(wanted), soci::use(person);
  if (!sql.got_data()) return Unknown();
  if (end != 0) return absl::FromUnixMicros(end);
  end = absl::ToUnixMicros(clock_->Now());
  sql << "UPDATE representations SET end_time = :now WHERE representation_id "
         "= :id",
      soci::use(end), soci::use(wanted);
  sql << "DELETE FROM acting WHERE representation_id = :id", soci::use(wanted);
  return absl::FromUnixMicros(end);
}

void Representations::EndAllOf(soci::session& sql, const std::string& person,
                               absl::Time now) {
  const long long end = absl::ToUnixMicros(now);
  sql << "DELETE FROM acting WHERE representation_id IN (SELECT "
         "representation_id FROM representations WHERE subject = :subject OR "
         "representative = :representative)",
      soci::use(person), soci::use(person);
  sql << "UPDATE representations SET end_time = :now WHERE end_time = 0 AND "
         "(subject = :subject OR representative = :representative)",
      soci::use(end), soci::use(person), soci::use(person);
}

absl::StatusOr<std::vector<StoredRepresentation>> Representations::Of(
    absl::string_view representative) {
  std::vector<StoredRepresentation> found;
  StoredRepresentation row;
  const std::string person(representative);
  const long long now = absl::ToUnixMicros(clock_->Now());
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    long long kind = 0, start = 0, expire = 0;
    soci::statement select =
        (sql.prepare << "SELECT representation_id, subject, kind, start_time, "
                        "expire_time FROM representations WHERE representative "
                        "= :person AND end_time = 0 AND expire_time > :now "
                        "ORDER BY start_time, representation_id",
         soci::into(row.id), soci::into(row.subject), soci::into(kind),
         soci::into(start), soci::into(expire), soci::use(person),
         soci::use(now));
    select.execute();
    while (select.fetch()) {
      row.representative = person;
      row.kind = static_cast<RepresentativeKind>(kind);
      row.start_time = absl::FromUnixMicros(start);
      row.expire_time = absl::FromUnixMicros(expire);
      found.push_back(row);
    }
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<StoredRepresentation> Representations::Act(
    soci::session& sql, absl::string_view consumer,
    absl::string_view representative, absl::string_view id,
    absl::Time* until) const {
  StoredRepresentation found;
  found.id = std::string(id);
  found.representative = std::string(representative);
  const std::string system(consumer);
  const absl::Time now = clock_->Now();
  const long long at = absl::ToUnixMicros(now);
  long long kind = 0, expire = 0;
  sql << "SELECT subject, kind, expire_time FROM representations WHERE "
         "representation_id = :id AND representative = :person AND end_time = "
         "0 AND expire_time > :now",
      soci::into(found.subject), soci::into(kind), soci::into(expire),
      soci::use(found.id), soci::use(found.representative), soci::use(at);
  if (!sql.got_data()) return Unknown();
  found.kind = static_cast<RepresentativeKind>(kind);
  found.expire_time = absl::FromUnixMicros(expire);
  *until = std::min(now + kActingTime, found.expire_time);
  const long long end = absl::ToUnixMicros(*until);
  sql << "DELETE FROM acting WHERE expire_time <= :now", soci::use(at);
  sql << "INSERT INTO acting (consumer, representation_id, subject, kind, "
         "expire_time) VALUES (:consumer, :id, :subject, :kind, :expire) ON "
         "CONFLICT (consumer, representation_id) DO UPDATE SET expire_time = "
         "excluded.expire_time",
      soci::use(system), soci::use(found.id), soci::use(found.subject),
      soci::use(kind), soci::use(end);
  return found;
}

absl::Status Representations::CheckActing(const agency::CallContext& call,
                                          absl::string_view subject) {
  if (call.affair != kByParent && call.affair != kByGuardian)
    return absl::OkStatus();
  const long long kind = static_cast<long long>(
      call.affair == kByParent ? RepresentativeKind::kParent
                               : RepresentativeKind::kGuardian);
  const std::string person(subject);
  const long long now = absl::ToUnixMicros(clock_->Now());
  bool acts = false;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    std::string found;
    sql << "SELECT representation_id FROM acting WHERE consumer = :consumer "
           "AND subject = :subject AND kind = :kind AND expire_time > :now "
           "LIMIT 1",
        soci::into(found), soci::use(call.consumer), soci::use(person),
        soci::use(kind), soci::use(now);
    acts = sql.got_data();
    return absl::OkStatus();
  }));
  if (acts) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kPermissionDenied, "NOT_REPRESENTED",
                         "nobody acts for this person here now");
}

}  // namespace psm::identity
