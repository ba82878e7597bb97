#include "services/identity/representations.h"

#include <algorithm>

#include "mesh/agency/call_context.h"
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

std::optional<StoredRepresentation> FindIn(soci::session& sql,
                                           absl::string_view id) {
  StoredRepresentation found;
  found.id = std::string(id);
  long long kind = 0, start = 0, expire = 0, end = 0;
  sql << "SELECT subject, representative, kind, start_time, expire_time, "
         "end_time FROM representations WHERE representation_id = :id",
      soci::into(found.subject), soci::into(found.representative),
      soci::into(kind), soci::into(start), soci::into(expire), soci::into(end),
      soci::use(found.id);
  if (!sql.got_data()) return std::nullopt;
  found.kind = static_cast<RepresentativeKind>(kind);
  found.start_time = absl::FromUnixMicros(start);
  found.expire_time = absl::FromUnixMicros(expire);
  found.ended = end != 0;
  return found;
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

std::optional<StoredRepresentation> Representations::Standing(
    soci::session& sql, const StoredRepresentation& representation) const {
  std::string id;
  const long long kind = static_cast<long long>(representation.kind);
  const long long now = absl::ToUnixMicros(clock_->Now());
  sql << "SELECT representation_id FROM representations WHERE subject = "
         ":subject AND representative = :representative AND kind = :kind AND "
         "end_time = 0 AND expire_time > :now",
      soci::into(id), soci::use(representation.subject),
      soci::use(representation.representative), soci::use(kind), soci::use(now);
  if (!sql.got_data()) return std::nullopt;
  return FindIn(sql, id);
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
  // As ConsentStore::Withdraw: one sequence for both, without gaps.
  sql << "INSERT INTO withdrawals (sequence, consent_id, withdraw_time) "
         "SELECT COALESCE(MAX(sequence), 0) + 1, :id, CAST(:time AS BIGINT) "
         "FROM withdrawals",
      soci::use(wanted), soci::use(end);
  return absl::FromUnixMicros(end);
}

void Representations::EndAllOf(soci::session& sql, const std::string& person,
                               absl::Time now) {
  const long long end = absl::ToUnixMicros(now);
  sql << "INSERT INTO withdrawals (sequence, consent_id, withdraw_time) SELECT "
         "(SELECT COALESCE(MAX(sequence), 0) FROM withdrawals) + ROW_NUMBER() "
         "OVER (ORDER BY start_time, representation_id), representation_id, "
         "CAST(:time AS BIGINT) FROM representations WHERE end_time = 0 AND "
         "(subject = :subject OR representative = :representative)",
      soci::use(end), soci::use(person), soci::use(person);
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

absl::StatusOr<StoredRepresentation> Representations::InForce(
    soci::session& sql, absl::string_view representative,
    absl::string_view id) const {
  const std::optional<StoredRepresentation> found = FindIn(sql, id);
  if (!found.has_value() || found->representative != representative ||
      found->ended || found->expire_time <= clock_->Now())
    return Unknown();
  return *found;
}

absl::StatusOr<std::optional<StoredRepresentation>> Representations::Find(
    absl::string_view id) {
  std::optional<StoredRepresentation> found;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    found = FindIn(sql, id);
    return absl::OkStatus();
  }));
  return found;
}

}  // namespace psm::identity
