#include "services/benefits/application_store.h"

#include <utility>

#include "google/protobuf/util/json_util.h"
#include "mesh/agency/call_context.h"
#include "services/benefits/reexaminations.h"
#include "soci/soci.h"

namespace psm {
namespace {

using benefits::v1::ConfirmApplicationResponse;
using benefits::v1::FilledField;

constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE applications ("
     "  number INTEGER PRIMARY KEY,"
     "  application_id TEXT NOT NULL UNIQUE,"
     "  programme TEXT NOT NULL,"
     "  subject TEXT NOT NULL,"      // '' for a business, of before
     "  corporation TEXT NOT NULL,"  // '' for a person
     "  start_time BIGINT NOT NULL,"
     "  decision BIGINT NOT NULL DEFAULT 0,"
     "  decision_time BIGINT NOT NULL DEFAULT 0,"
     "  rule_ja TEXT NOT NULL DEFAULT '',"
     "  rule_en TEXT NOT NULL DEFAULT '',"
     "  amount_yen BIGINT NOT NULL DEFAULT 0,"
     "  payment_file TEXT NOT NULL DEFAULT '');\n"
     "CREATE INDEX applications_by_file ON applications (payment_file);\n"
     "CREATE TABLE application_members ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  subject TEXT NOT NULL,"
     "  PRIMARY KEY (number, subject));\n"
     "CREATE INDEX members_by_subject ON application_members (subject);\n"
     "CREATE TABLE application_fields ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  position BIGINT NOT NULL,"
     "  field_id TEXT NOT NULL,"
     "  member BIGINT NOT NULL,"
     "  value TEXT NOT NULL,"
     "  provider TEXT NOT NULL,"
     "  PRIMARY KEY (number, position));\n"
     "CREATE TABLE application_sources ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  position BIGINT NOT NULL,"
     "  provider TEXT NOT NULL,"
     "  dataset TEXT NOT NULL,"
     "  exchange_id TEXT NOT NULL,"
     "  PRIMARY KEY (number, position));\n"},
    // Preview, papers, objections; payments of their own; payment runs.
    {2,
     "ALTER TABLE applications ADD COLUMN run_id TEXT NOT NULL DEFAULT '';\n"
     "ALTER TABLE applications"
     "  ADD COLUMN account_etag TEXT NOT NULL DEFAULT '';\n"
     "ALTER TABLE applications"
     "  ADD COLUMN confirm_time BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE applications"
     "  ADD COLUMN withdraw_time BIGINT NOT NULL DEFAULT 0;\n"
     // The whole decision, as JSON.
     "ALTER TABLE applications"
     "  ADD COLUMN decision_detail TEXT NOT NULL DEFAULT '';\n"
     "CREATE TABLE objections ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  object_time BIGINT NOT NULL,"
     "  text TEXT NOT NULL);\n"
     "CREATE TABLE payments ("
     "  number INTEGER PRIMARY KEY,"  // the reference in the file
     "  application BIGINT NOT NULL REFERENCES applications (number),"
     "  file TEXT NOT NULL,"
     "  bank_code TEXT NOT NULL,"
     "  branch_code TEXT NOT NULL,"
     "  type BIGINT NOT NULL,"
     "  account_number TEXT NOT NULL,"
     "  holder_kana TEXT NOT NULL,"
     "  amount_yen BIGINT NOT NULL,"
     "  account_etag TEXT NOT NULL,"
     "  return_time BIGINT NOT NULL DEFAULT 0,"
     "  report_time BIGINT NOT NULL DEFAULT 0);\n"
     "CREATE INDEX payments_by_file ON payments (file);\n"
     "CREATE INDEX payments_by_application ON payments (application);\n"
     "CREATE TABLE household_heads (subject TEXT PRIMARY KEY);\n"
     "CREATE TABLE payment_runs ("
     "  run_id TEXT PRIMARY KEY,"
     "  programme TEXT NOT NULL,"
     "  start_time BIGINT NOT NULL,"
     "  objection_days BIGINT NOT NULL,"
     "  finish_time BIGINT NOT NULL DEFAULT 0,"
     "  pay_time BIGINT NOT NULL DEFAULT 0,"
     "  file TEXT NOT NULL DEFAULT '');\n"
     "CREATE TABLE run_entries ("
     "  run_id TEXT NOT NULL REFERENCES payment_runs (run_id),"
     "  subject TEXT NOT NULL,"
     "  state BIGINT NOT NULL,"
     "  application_id TEXT NOT NULL DEFAULT '',"
     "  notice_time BIGINT NOT NULL DEFAULT 0,"
     "  PRIMARY KEY (run_id, subject));\n"
     "CREATE INDEX run_entries_by_state ON run_entries (run_id, state);\n"
     "CREATE INDEX run_entries_by_subject ON run_entries (subject);\n"},
    // Open applications whose evidence was corrected; `close_time` 0: pending.
    {3,
     "CREATE TABLE reexaminations ("
     "  number BIGINT NOT NULL REFERENCES applications (number),"
     "  event_id TEXT NOT NULL,"
     "  corrected_by TEXT NOT NULL,"
     "  hear_time BIGINT NOT NULL,"
     "  close_time BIGINT NOT NULL DEFAULT 0,"
     "  PRIMARY KEY (number, event_id));\n"
     "CREATE INDEX reexaminations_by_state"
     "  ON reexaminations (close_time, hear_time);\n"},
    // What was corrected, for applications that are not kept yet. `subject` ''
    // stands for anybody: events were missed.
    {4,
     "CREATE TABLE corrections ("
     "  subject TEXT NOT NULL,"
     "  event_id TEXT NOT NULL,"
     "  corrected_by TEXT NOT NULL,"
     "  hear_time BIGINT NOT NULL,"
     "  PRIMARY KEY (subject, event_id));\n"
     "CREATE INDEX corrections_by_time ON corrections (hear_time);\n"},
    // When evidence was asked for, in microseconds; it was not kept before, and
    // asking takes less than a minute.
    {5,
     "ALTER TABLE applications ADD COLUMN ask_time BIGINT NOT NULL DEFAULT 0;\n"
     "UPDATE applications SET ask_time = (start_time - 60) * 1000000;\n"},
};

std::vector<FilledField> FieldsOf(soci::session& sql, long long number) {
  std::vector<FilledField> fields;
  std::string id, value, provider;
  long long member = 0;
  soci::statement rows =
      (sql.prepare << "SELECT field_id, member, value, provider FROM "
                      "application_fields WHERE number = :number "
                      "ORDER BY position",
       soci::into(id), soci::into(member), soci::into(value),
       soci::into(provider), soci::use(number));
  rows.execute();
  while (rows.fetch()) {
    FilledField& field = fields.emplace_back();
    field.mutable_field()->set_id(id);
    field.set_member(static_cast<int>(member));
    field.set_value(value);
    field.set_provider(provider);
  }
  return fields;
}

}  // namespace

absl::Span<const agency::Migration> ApplicationStore::Migrations() {
  return kMigrations;
}

void ApplicationStore::Insert(soci::session& sql,
                              const std::string& application_id,
                              const Application& application, absl::Time now,
                              const std::string& run_id) {
  const long long time = absl::ToUnixSeconds(now);
  const long long asked = absl::ToUnixMicros(application.ask_time);
  sql << "INSERT INTO applications (application_id, programme, subject, "
         "corporation, start_time, run_id, account_etag, ask_time) VALUES "
         "(:id, :programme, :subject, '', :time, :run, :etag, :asked)",
      soci::use(application_id), soci::use(application.programme),
      soci::use(application.subject), soci::use(time), soci::use(run_id),
      soci::use(application.account_etag), soci::use(asked);
  long long number = 0;
  sql << "SELECT number FROM applications WHERE application_id = :id",
      soci::into(number), soci::use(application_id);
  for (const std::string& subject : application.members) {
    sql << "INSERT INTO application_members (number, subject) "
           "VALUES (:number, :subject)",
        soci::use(number), soci::use(subject);
  }
  long long position = 0;
  for (const FilledField& field : application.fields) {
    const long long member = field.member();
    sql << "INSERT INTO application_fields (number, position, field_id, "
           "member, value, provider) VALUES (:number, :position, :id, :member, "
           ":value, :provider)",
        soci::use(number), soci::use(position), soci::use(field.field().id()),
        soci::use(member), soci::use(field.value()),
        soci::use(field.provider());
    ++position;
  }
  position = 0;
  for (const benefits::v1::Source& source : application.sources) {
    sql << "INSERT INTO application_sources (number, position, provider, "
           "dataset, exchange_id) VALUES (:number, :position, :provider, "
           ":dataset, :exchange)",
        soci::use(number), soci::use(position), soci::use(source.provider()),
        soci::use(source.dataset()), soci::use(source.exchange_id());
    ++position;
  }
  Reexaminations::MarkNew(sql, number, application.ask_time);
}

absl::StatusOr<KeptApplication> ApplicationStore::Find(
    soci::session& sql, const std::string& application_id,
    const std::string& subject) {
  KeptApplication kept;
  std::string detail;
  long long confirmed = 0, withdrawn = 0, asked = 0;
  // A business's, of before, has no subject: an empty one finds nothing.
  sql << "SELECT number, programme, run_id, account_etag, ask_time, "
         "confirm_time, withdraw_time, decision_detail FROM applications WHERE "
         "application_id = :id AND subject = :subject AND subject <> ''",
      soci::into(kept.number), soci::into(kept.programme),
      soci::into(kept.run_id), soci::into(kept.account_etag), soci::into(asked),
      soci::into(confirmed), soci::into(withdrawn), soci::into(detail),
      soci::use(application_id), soci::use(subject);
  if (!sql.got_data()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "APPLICATION_UNKNOWN",
                           "no application of this person has this id");
  }
  kept.application_id = application_id;
  kept.subject = subject;
  kept.ask_time = absl::FromUnixMicros(asked);
  kept.confirmed = confirmed != 0;
  kept.withdrawn = withdrawn != 0;
  kept.fields = FieldsOf(sql, kept.number);
  sql << "SELECT COUNT(*) FROM application_members WHERE number = :number",
      soci::into(kept.household_size), soci::use(kept.number);
  if (!detail.empty()) {
    ConfirmApplicationResponse decision;
    if (!google::protobuf::util::JsonStringToMessage(detail, &decision).ok())
      return absl::InternalError("a kept decision does not parse");
    kept.decision = std::move(decision);
  }
  return kept;
}

bool ApplicationStore::HouseholdWasPaid(soci::session& sql,
                                        const KeptApplication& application) {
  const long long granted = ConfirmApplicationResponse::GRANTED;
  long long count = 0;
  sql << "SELECT COUNT(*) FROM applications a JOIN application_members m ON "
         "m.number = a.number WHERE a.programme = :programme AND "
         "a.decision = :granted AND a.number <> :this AND m.subject IN "
         "(SELECT subject FROM application_members WHERE number = :mine)",
      soci::into(count), soci::use(application.programme), soci::use(granted),
      soci::use(application.number), soci::use(application.number);
  return count > 0;
}

bool ApplicationStore::WasPaid(soci::session& sql, const std::string& programme,
                               const std::vector<std::string>& members) {
  const long long granted = ConfirmApplicationResponse::GRANTED;
  for (const std::string& member : members) {
    long long count = 0;
    sql << "SELECT COUNT(*) FROM applications a JOIN application_members m ON "
           "m.number = a.number WHERE a.programme = :programme AND "
           "a.decision = :granted AND m.subject = :member",
        soci::into(count), soci::use(programme), soci::use(granted),
        soci::use(member);
    if (count > 0) return true;
  }
  return false;
}

void ApplicationStore::Confirm(soci::session& sql, long long number,
                               absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "UPDATE applications SET confirm_time = :time WHERE number = :number "
         "AND confirm_time = 0",
      soci::use(time), soci::use(number);
}

void ApplicationStore::SetValue(soci::session& sql, long long number,
                                const std::string& field, int member,
                                const std::string& value,
                                const std::string& provider) {
  sql << "UPDATE application_fields SET value = :value, provider = :provider "
         "WHERE number = :number AND field_id = :field AND member = :member",
      soci::use(value), soci::use(provider), soci::use(number),
      soci::use(field), soci::use(member);
}

void ApplicationStore::ForgetAccount(soci::session& sql, long long number) {
  sql << "UPDATE applications SET account_etag = '' WHERE number = :number",
      soci::use(number);
}

long long ApplicationStore::Withdraw(soci::session& sql, long long number,
                                     absl::Time now) {
  long long time = absl::ToUnixSeconds(now);
  sql << "UPDATE applications SET withdraw_time = :time WHERE number = :number "
         "AND withdraw_time = 0",
      soci::use(time), soci::use(number);
  sql << "UPDATE application_fields SET value = '', provider = '' WHERE "
         "number = :number",
      soci::use(number);
  sql << "SELECT withdraw_time FROM applications WHERE number = :number",
      soci::into(time), soci::use(number);
  return time;
}

void ApplicationStore::Decide(soci::session& sql, long long number,
                              const ConfirmApplicationResponse& decision) {
  const long long decided = decision.decision();
  const long long time = decision.decision_time().seconds();
  const long long amount = decision.amount_yen();
  std::string detail;
  // Cannot fail: there is no Any in it.
  (void)google::protobuf::util::MessageToJsonString(decision, &detail).ok();
  sql << "UPDATE applications SET decision = :decision, decision_time = :time, "
         "rule_ja = :ja, rule_en = :en, amount_yen = :amount, payment_file = "
         ":file, decision_detail = :detail WHERE number = :number",
      soci::use(decided), soci::use(time), soci::use(decision.rule_ja()),
      soci::use(decision.rule_en()), soci::use(amount),
      soci::use(decision.payment_file()), soci::use(detail), soci::use(number);
}

void ApplicationStore::Object(soci::session& sql, long long number,
                              const std::string& text, absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "INSERT INTO objections (number, object_time, text) VALUES (:number, "
         ":time, :text)",
      soci::use(number), soci::use(time), soci::use(text);
}

}  // namespace psm
