#include "services/gbizid/recovery_store.h"

namespace psm::gbizid {

Recovery RecoveryStore::Find(soci::session& sql, const std::string& mail) {
  Recovery found;
  sql << "SELECT code_id, expire_time, tries, sent, first_time, approved_until "
         "FROM recoveries WHERE mail = :mail",
      soci::into(found.code_id), soci::into(found.expire_time),
      soci::into(found.tries), soci::into(found.sent),
      soci::into(found.first_time), soci::into(found.approved_until),
      soci::use(mail);
  if (!sql.got_data()) found = Recovery();
  found.mail = mail;
  return found;
}

void RecoveryStore::Put(soci::session& sql, const Recovery& recovery) {
  sql << "DELETE FROM recoveries WHERE mail = :mail", soci::use(recovery.mail);
  sql << "INSERT INTO recoveries (mail, code_id, expire_time, tries, sent, "
         "first_time, approved_until) VALUES (:mail, :code, :expire, :tries, "
         ":sent, :first, :approved)",
      soci::use(recovery.mail), soci::use(recovery.code_id),
      soci::use(recovery.expire_time), soci::use(recovery.tries),
      soci::use(recovery.sent), soci::use(recovery.first_time),
      soci::use(recovery.approved_until);
}

void RecoveryStore::ForgetOld(soci::session& sql, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  const long long begun = absl::ToUnixMicros(now - kRecoveryWindow);
  sql << "DELETE FROM recoveries WHERE first_time <= :begun AND "
         "expire_time <= :now AND approved_until <= :now2",
      soci::use(begun), soci::use(time), soci::use(time);
}

}  // namespace psm::gbizid
