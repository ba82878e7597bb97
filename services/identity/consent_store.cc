// Sequences without gaps: a withdrawal takes the highest sequence plus one in
// an immediate transaction, so no two writers read the same highest one, and
// who reads sequence n has also read n - 1. Otherwise the gateway could step
// over a withdrawal that commits late, and never learn of it.
#include "services/identity/consent_store.h"

#include <limits>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::identity {

void ConsentStore::Insert(soci::session& sql, const StoredConsent& consent) {
  const std::string attributes = absl::StrJoin(consent.attributes, ",");
  const long long grant = absl::ToUnixMicros(consent.grant_time);
  const long long expire = absl::ToUnixMicros(consent.expire_time);
  sql << "INSERT INTO consents (consent_id, subject, consumer, affair, method, "
         "attributes, grant_time, expire_time) VALUES (:id, :subject, "
         ":consumer, :affair, :method, :attributes, :grant_time, :expire)",
      soci::use(consent.id), soci::use(consent.subject),
      soci::use(consent.consumer), soci::use(consent.affair),
      soci::use(consent.method), soci::use(attributes), soci::use(grant),
      soci::use(expire);
}

absl::StatusOr<std::vector<StoredConsent>> ConsentStore::List(
    absl::string_view subject) {
  const std::string person(subject);
  std::vector<StoredConsent> consents;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    StoredConsent row;
    std::string attributes;
    long long grant = 0, expire = 0, withdraw = 0;
    soci::statement select =
        (sql.prepare
             << "SELECT c.consent_id, c.subject, c.consumer, c.affair, "
                "c.method, c.attributes, c.grant_time, c.expire_time, "
                "COALESCE(w.withdraw_time, 0) FROM consents c LEFT JOIN "
                "withdrawals w ON w.consent_id = c.consent_id WHERE c.subject "
                "= :subject ORDER BY c.grant_time DESC, c.consent_id",
         soci::into(row.id), soci::into(row.subject), soci::into(row.consumer),
         soci::into(row.affair), soci::into(row.method), soci::into(attributes),
         soci::into(grant), soci::into(expire), soci::into(withdraw),
         soci::use(person));
    select.execute();
    while (select.fetch()) {
      row.attributes = absl::StrSplit(attributes, ',', absl::SkipEmpty());
      row.grant_time = absl::FromUnixMicros(grant);
      row.expire_time = absl::FromUnixMicros(expire);
      row.withdraw_time.reset();
      if (withdraw != 0) row.withdraw_time = absl::FromUnixMicros(withdraw);
      consents.push_back(row);
    }
    return absl::OkStatus();
  }));
  return consents;
}

absl::StatusOr<absl::Time> ConsentStore::Withdraw(absl::string_view subject,
                                                  absl::string_view consent_id,
                                                  absl::Time now) {
  const std::string person(subject);
  const std::string id(consent_id);
  long long time = absl::ToUnixMicros(now);
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    std::string found;
    sql << "SELECT consent_id FROM consents WHERE consent_id = :id AND subject "
           "= :subject",
        soci::into(found), soci::use(id), soci::use(person);
    if (!sql.got_data()) {
      return agency::Refusal(absl::StatusCode::kNotFound, "CONSENT_UNKNOWN",
                             "the person has no consent with this id");
    }
    long long earlier = 0;
    sql << "SELECT withdraw_time FROM withdrawals WHERE consent_id = :id",
        soci::into(earlier), soci::use(id);
    if (sql.got_data()) {
      time = earlier;
      return absl::OkStatus();
    }
    sql << "INSERT INTO withdrawals (sequence, consent_id, withdraw_time) "
           "SELECT COALESCE(MAX(sequence), 0) + 1, :id, :time FROM withdrawals",
        soci::use(id), soci::use(time);
    return absl::OkStatus();
  }));
  return absl::FromUnixMicros(time);
}

void ConsentStore::WithdrawAll(soci::session& sql, const std::string& subject,
                               absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  sql << "INSERT INTO withdrawals (sequence, consent_id, withdraw_time) SELECT "
         "(SELECT COALESCE(MAX(sequence), 0) FROM withdrawals) + ROW_NUMBER() "
         "OVER (ORDER BY c.grant_time, c.consent_id), c.consent_id, "
         "CAST(:time AS BIGINT) FROM consents c WHERE c.subject = :subject AND "
         "NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.consent_id = "
         "c.consent_id)",
      soci::use(time), soci::use(subject);
}

absl::StatusOr<std::vector<StoredWithdrawal>> ConsentStore::WithdrawalsAfter(
    std::uint64_t sequence, int limit) {
  std::vector<StoredWithdrawal> withdrawals;
  const auto behind = [] {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition, "FEED_BEHIND",
                           "this database is older than what the gateway has "
                           "seen: restore a newer one");
  };
  if (sequence >
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return behind();
  const long long after = static_cast<long long>(sequence);
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    long long highest = 0;
    sql << "SELECT COALESCE(MAX(sequence), 0) FROM withdrawals",
        soci::into(highest);
    if (after > highest) return behind();
    if (after == highest) return absl::OkStatus();  // the usual case
    StoredWithdrawal row;
    long long number = 0;
    soci::statement select =
        (sql.prepare << "SELECT consent_id, sequence FROM withdrawals WHERE "
                        "sequence > :after ORDER BY sequence LIMIT :limit",
         soci::into(row.consent_id), soci::into(number), soci::use(after),
         soci::use(limit));
    select.execute();
    while (select.fetch()) {
      row.sequence = static_cast<std::uint64_t>(number);
      withdrawals.push_back(row);
    }
    return absl::OkStatus();
  }));
  return withdrawals;
}

absl::StatusOr<std::uint64_t> ConsentStore::LastSequence() {
  long long last = 0;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    sql << "SELECT COALESCE(MAX(sequence), 0) FROM withdrawals",
        soci::into(last);
    return absl::OkStatus();
  }));
  return static_cast<std::uint64_t>(last);
}

}  // namespace psm::identity
