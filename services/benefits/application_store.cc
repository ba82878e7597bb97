#include "services/benefits/application_store.h"

#include <utility>

#include "mesh/agency/call_context.h"
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
     "  subject TEXT NOT NULL,"      // '' for a business
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
                              const Application& application, absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "INSERT INTO applications (application_id, programme, subject, "
         "corporation, start_time) VALUES (:id, :programme, :subject, "
         ":corporation, :time)",
      soci::use(application_id), soci::use(application.programme),
      soci::use(application.subject), soci::use(application.corporation),
      soci::use(time);
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
}

absl::StatusOr<KeptApplication> ApplicationStore::Find(
    soci::session& sql, const std::string& application_id,
    const std::string& subject) {
  KeptApplication kept;
  ConfirmApplicationResponse decision;
  long long decided = 0, time = 0, amount = 0;
  // A business's application has no subject: an empty one finds nothing.
  sql << "SELECT number, programme, decision, decision_time, rule_ja, rule_en, "
         "amount_yen, payment_file FROM applications WHERE "
         "application_id = :id AND subject = :subject AND subject <> ''",
      soci::into(kept.number), soci::into(kept.programme), soci::into(decided),
      soci::into(time), soci::into(*decision.mutable_rule_ja()),
      soci::into(*decision.mutable_rule_en()), soci::into(amount),
      soci::into(*decision.mutable_payment_file()), soci::use(application_id),
      soci::use(subject);
  if (!sql.got_data()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "APPLICATION_UNKNOWN",
                           "no application of this person has this id");
  }
  kept.fields = FieldsOf(sql, kept.number);
  if (decided != ConfirmApplicationResponse::DECISION_UNSPECIFIED) {
    decision.set_decision(
        static_cast<ConfirmApplicationResponse::Decision>(decided));
    decision.set_amount_yen(amount);
    decision.mutable_decision_time()->set_seconds(time);
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

void ApplicationStore::Decide(soci::session& sql, long long number,
                              const ConfirmApplicationResponse& decision) {
  const long long decided = decision.decision();
  const long long time = decision.decision_time().seconds();
  const long long amount = decision.amount_yen();
  sql << "UPDATE applications SET decision = :decision, decision_time = :time, "
         "rule_ja = :ja, rule_en = :en, amount_yen = :amount, payment_file = "
         ":file WHERE number = :number",
      soci::use(decided), soci::use(time), soci::use(decision.rule_ja()),
      soci::use(decision.rule_en()), soci::use(amount),
      soci::use(decision.payment_file()), soci::use(number);
}

std::vector<GrantedPayment> ApplicationStore::PaymentsOf(
    soci::session& sql, const std::string& file) {
  const long long granted = ConfirmApplicationResponse::GRANTED;
  std::vector<GrantedPayment> payments;
  long long number = 0, amount = 0;
  std::string programme;
  {
    soci::statement rows =
        (sql.prepare << "SELECT number, programme, amount_yen FROM "
                        "applications WHERE payment_file = :file AND "
                        "decision = :granted ORDER BY number",
         soci::into(number), soci::into(programme), soci::into(amount),
         soci::use(file), soci::use(granted));
    rows.execute();
    while (rows.fetch()) payments.push_back({number, programme, {}, amount});
  }
  for (GrantedPayment& payment : payments) {
    payment.fields = FieldsOf(sql, payment.number);
  }
  return payments;
}

std::vector<std::string> ApplicationStore::PaymentFiles(soci::session& sql) {
  std::vector<std::string> files;
  std::string file;
  soci::statement rows =
      (sql.prepare << "SELECT DISTINCT payment_file FROM applications WHERE "
                      "payment_file <> '' ORDER BY payment_file",
       soci::into(file));
  rows.execute();
  while (rows.fetch()) files.push_back(file);
  return files;
}

}  // namespace psm
