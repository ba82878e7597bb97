#include "services/grants/application_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"

namespace psm::grants {
namespace {

using google::protobuf::util::TimeUtil;

// Times are microseconds since 1970, UTC.
constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE applications ("
     "  number INTEGER PRIMARY KEY,"
     "  application_id TEXT NOT NULL UNIQUE,"
     "  programme TEXT NOT NULL,"
     "  principal_id TEXT NOT NULL,"
     "  corporate_number TEXT NOT NULL,"  // '' of a sole proprietor
     "  subject TEXT NOT NULL,"           // '' of a corporation
     "  state BIGINT NOT NULL,"           // psm.grants.v1.Application.State
     "  purpose TEXT NOT NULL DEFAULT '',"
     "  amount_yen BIGINT NOT NULL DEFAULT 0,"
     "  granted_yen BIGINT NOT NULL DEFAULT 0,"
     "  decision_note TEXT NOT NULL DEFAULT '',"
     "  revision BIGINT NOT NULL DEFAULT 1);\n"
     // One that was not refused.
     "CREATE UNIQUE INDEX one_a_programme ON applications "
     "  (principal_id, programme) WHERE state <> 4;\n"
     "CREATE TABLE fields ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  position BIGINT NOT NULL,"
     "  id TEXT NOT NULL,"
     "  label_ja TEXT NOT NULL,"
     "  label_en TEXT NOT NULL,"
     "  value TEXT NOT NULL,"
     "  provider TEXT NOT NULL,"
     "  PRIMARY KEY (number, position));\n"
     "CREATE TABLE acts ("
     "  act INTEGER PRIMARY KEY,"
     "  application_id TEXT NOT NULL REFERENCES applications "
     "    (application_id),"
     "  kind BIGINT NOT NULL,"  // psm.grants.v1.Act.Kind
     "  act_time BIGINT NOT NULL,"
     "  account_id TEXT NOT NULL,"
     "  delegation_id TEXT NOT NULL,"
     "  delegate_corporate_number TEXT NOT NULL,"
     "  check_exchange_id TEXT NOT NULL);\n"
     "CREATE INDEX acts_by_application ON acts (application_id);\n"
     "CREATE TABLE sessions ("
     "  session_id TEXT PRIMARY KEY,"
     "  account_id TEXT NOT NULL,"
     "  expire_time BIGINT NOT NULL);\n"},
    // 0: not known, of applications from before.
    {2,
     "ALTER TABLE fields ADD COLUMN as_of_time BIGINT NOT NULL DEFAULT 0;\n"},
};

void ReadFields(soci::session& sql, long long number,
                v1::Application& application) {
  v1::Field field;
  long long as_of = 0;
  soci::statement rows =
      (sql.prepare << "SELECT id, label_ja, label_en, value, provider, "
                      "as_of_time FROM fields WHERE number = :number ORDER BY "
                      "position",
       soci::into(*field.mutable_id()), soci::into(*field.mutable_label_ja()),
       soci::into(*field.mutable_label_en()),
       soci::into(*field.mutable_value()),
       soci::into(*field.mutable_provider()), soci::into(as_of),
       soci::use(number));
  rows.execute();
  while (rows.fetch()) {
    v1::Field& read = *application.add_fields();
    read = field;
    if (as_of != 0)
      *read.mutable_as_of_time() = TimeUtil::MicrosecondsToTimestamp(as_of);
  }
}

void ReadActs(soci::session& sql, v1::Application& application) {
  v1::Act act;
  long long kind = 0, time = 0;
  soci::statement rows =
      (sql.prepare << "SELECT kind, act_time, account_id, delegation_id, "
                      "delegate_corporate_number, check_exchange_id FROM acts "
                      "WHERE application_id = :id ORDER BY act",
       soci::into(kind), soci::into(time),
       soci::into(*act.mutable_account_id()),
       soci::into(*act.mutable_delegation_id()),
       soci::into(*act.mutable_delegate_corporate_number()),
       soci::into(*act.mutable_check_exchange_id()),
       soci::use(application.application_id()));
  rows.execute();
  while (rows.fetch()) {
    v1::Act& read = *application.add_acts();
    read = act;
    read.set_kind(static_cast<v1::Act::Kind>(kind));
    *read.mutable_act_time() = TimeUtil::MicrosecondsToTimestamp(time);
  }
}

}  // namespace

absl::Span<const agency::Migration> ApplicationStore::Migrations() {
  return kMigrations;
}

std::optional<KeptApplication> ApplicationStore::Find(
    soci::session& sql, const std::string& application_id) {
  KeptApplication kept;
  v1::Application& found = kept.application;
  long long number = 0, state = 0, amount = 0, granted = 0, revision = 0;
  sql << "SELECT number, application_id, programme, principal_id, "
         "corporate_number, subject, state, purpose, amount_yen, granted_yen, "
         "decision_note, revision FROM applications WHERE "
         "application_id = :id",
      soci::into(number), soci::into(*found.mutable_application_id()),
      soci::into(*found.mutable_programme()), soci::into(kept.principal_id),
      soci::into(*found.mutable_corporate_number()),
      soci::into(*found.mutable_subject()), soci::into(state),
      soci::into(*found.mutable_purpose()), soci::into(amount),
      soci::into(granted), soci::into(*found.mutable_decision_note()),
      soci::into(revision), soci::use(application_id);
  if (!sql.got_data()) return std::nullopt;
  found.set_state(static_cast<v1::Application::State>(state));
  found.set_amount_yen(amount);
  found.set_granted_yen(granted);
  found.set_etag(absl::StrCat(revision));
  ReadFields(sql, number, found);
  ReadActs(sql, found);
  return kept;
}

bool ApplicationStore::HasOne(soci::session& sql,
                              const std::string& principal_id,
                              const std::string& programme) {
  long long found = 0;
  sql << "SELECT EXISTS (SELECT 1 FROM applications WHERE "
         "principal_id = :principal AND programme = :programme AND state <> 4)",
      soci::into(found), soci::use(principal_id), soci::use(programme);
  return found != 0;
}

std::vector<v1::Application> ApplicationStore::Submitted(soci::session& sql,
                                                         int limit) {
  const long long most = limit;
  std::vector<std::string> ids;
  std::string id;
  {
    soci::statement rows =
        (sql.prepare << "SELECT application_id FROM applications WHERE "
                        "state = 2 ORDER BY number LIMIT :most",
         soci::into(id), soci::use(most));
    rows.execute();
    while (rows.fetch()) ids.push_back(id);
  }
  std::vector<v1::Application> submitted;
  for (const std::string& one : ids)
    if (std::optional<KeptApplication> kept = Find(sql, one))
      submitted.push_back(std::move(kept->application));
  return submitted;
}

void ApplicationStore::Insert(soci::session& sql, const KeptApplication& kept) {
  const v1::Application& application = kept.application;
  const long long state = application.state();
  sql << "INSERT INTO applications (application_id, programme, principal_id, "
         "corporate_number, subject, state) VALUES (:id, :programme, "
         ":principal, :number, :subject, :state)",
      soci::use(application.application_id()),
      soci::use(application.programme()), soci::use(kept.principal_id),
      soci::use(application.corporate_number()),
      soci::use(application.subject()), soci::use(state);
  long long number = 0, position = 0;
  sql << "SELECT number FROM applications WHERE application_id = :id",
      soci::into(number), soci::use(application.application_id());
  for (const v1::Field& field : application.fields()) {
    const long long as_of =
        TimeUtil::TimestampToMicroseconds(field.as_of_time());
    sql << "INSERT INTO fields (number, position, id, label_ja, label_en, "
           "value, provider, as_of_time) VALUES (:number, :position, :id, "
           ":ja, :en, :value, :provider, :as_of)",
        soci::use(number), soci::use(position), soci::use(field.id()),
        soci::use(field.label_ja()), soci::use(field.label_en()),
        soci::use(field.value()), soci::use(field.provider()), soci::use(as_of);
    ++position;
  }
}

void ApplicationStore::Change(soci::session& sql,
                              v1::Application& application) {
  const long long state = application.state(),
                  amount = application.amount_yen(),
                  granted = application.granted_yen();
  sql << "UPDATE applications SET state = :state, purpose = :purpose, "
         "amount_yen = :amount, granted_yen = :granted, decision_note = :note, "
         "revision = revision + 1 WHERE application_id = :id",
      soci::use(state), soci::use(application.purpose()), soci::use(amount),
      soci::use(granted), soci::use(application.decision_note()),
      soci::use(application.application_id());
  long long revision = 0;
  sql << "SELECT revision FROM applications WHERE application_id = :id",
      soci::into(revision), soci::use(application.application_id());
  application.set_etag(absl::StrCat(revision));
}

void ApplicationStore::Add(soci::session& sql, v1::Application& application,
                           const v1::Act& act) {
  const long long kind = act.kind();
  const long long time = TimeUtil::TimestampToMicroseconds(act.act_time());
  sql << "INSERT INTO acts (application_id, kind, act_time, account_id, "
         "delegation_id, delegate_corporate_number, check_exchange_id) VALUES "
         "(:id, :kind, :time, :account, :delegation, :delegate, :exchange)",
      soci::use(application.application_id()), soci::use(kind), soci::use(time),
      soci::use(act.account_id()), soci::use(act.delegation_id()),
      soci::use(act.delegate_corporate_number()),
      soci::use(act.check_exchange_id());
  *application.add_acts() = act;
}

void ApplicationStore::BeginSession(soci::session& sql,
                                    const std::string& session_id,
                                    const std::string& account_id,
                                    absl::Time now, absl::Time expire) {
  const long long time = absl::ToUnixMicros(now);
  const long long end = absl::ToUnixMicros(expire);
  sql << "DELETE FROM sessions WHERE expire_time <= :now", soci::use(time);
  sql << "INSERT INTO sessions (session_id, account_id, expire_time) VALUES "
         "(:session, :account, :expire)",
      soci::use(session_id), soci::use(account_id), soci::use(end);
}

std::optional<std::string> ApplicationStore::AccountOf(
    soci::session& sql, const std::string& session_id, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  std::string account_id;
  sql << "SELECT account_id FROM sessions WHERE session_id = :id AND "
         "expire_time > :now",
      soci::into(account_id), soci::use(session_id), soci::use(time);
  if (!sql.got_data()) return std::nullopt;
  return account_id;
}

}  // namespace psm::grants
