#include "services/tax/assessment_rows.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

using tax::v1::Assessment;
using tax::v1::GetTaxStatusResponse;

// Times are seconds since 1970, from migration 3 on microseconds.
constexpr agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE taxpayers (
  subject TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  category BIGINT NOT NULL,
  income_yen BIGINT NOT NULL,
  arrears_yen BIGINT NOT NULL,
  determine_time BIGINT NOT NULL,
  PRIMARY KEY (subject, fiscal_year));
)"},
    // A status becomes the first version of an assessment.
    {2, R"(
CREATE TABLE assessments (
  subject TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  version BIGINT NOT NULL,
  category BIGINT NOT NULL,
  income_yen BIGINT NOT NULL,
  dependants BIGINT NOT NULL,
  relieved BIGINT NOT NULL,
  public_assistance BIGINT NOT NULL,
  tax_yen BIGINT NOT NULL,
  grounds TEXT NOT NULL,
  determine_time BIGINT NOT NULL,
  withdraw_time BIGINT NOT NULL,
  PRIMARY KEY (subject, fiscal_year, version));
CREATE TABLE arrears (
  subject TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  arrears_yen BIGINT NOT NULL,
  PRIMARY KEY (subject, fiscal_year));
CREATE TABLE deaths (
  subject TEXT PRIMARY KEY,
  death_date TEXT NOT NULL);
INSERT INTO assessments SELECT subject, fiscal_year, 1, category, income_yen, 0,
  0, 0, 0, '', determine_time, 0 FROM taxpayers;
INSERT INTO arrears SELECT subject, fiscal_year, arrears_yen FROM taxpayers
  WHERE arrears_yen > 0;
DROP TABLE taxpayers;
)"},
    {3, R"(
CREATE TABLE link_reviews (
  review_id BIGINT PRIMARY KEY,
  subject TEXT NOT NULL,
  open_time BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  close_time BIGINT NOT NULL,
  closed_by TEXT NOT NULL);
CREATE INDEX link_reviews_by_subject ON link_reviews (subject);
CREATE TABLE released_records (
  record_id TEXT PRIMARY KEY,
  wrong_subject TEXT NOT NULL,
  right_subject TEXT NOT NULL,
  release_time BIGINT NOT NULL,
  tie_time BIGINT NOT NULL);
CREATE TABLE provisions (
  subject TEXT NOT NULL,
  record_id TEXT NOT NULL,
  consumer TEXT NOT NULL,
  affair TEXT NOT NULL,
  exchange_id TEXT NOT NULL,
  answer_time BIGINT NOT NULL,
  PRIMARY KEY (consumer, exchange_id, subject));
CREATE INDEX provisions_by_subject ON provisions (subject);
)"},
    // `state` as CorrectionRequest.State; `decide_time` 0: not yet.
    {4, R"(
CREATE TABLE correction_requests (
  request_id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  statement TEXT NOT NULL,
  wanted TEXT NOT NULL,
  state BIGINT NOT NULL,
  request_time BIGINT NOT NULL,
  taken_by TEXT NOT NULL,
  decide_time BIGINT NOT NULL,
  grounds TEXT NOT NULL,
  given_to TEXT NOT NULL);
CREATE INDEX correction_requests_by_subject
  ON correction_requests (subject, request_time);
)"},
    // The last move of those whom this town taxes or will; `here` 1: into it.
    {5, R"(
CREATE TABLE moves (
  subject TEXT PRIMARY KEY,
  move_date TEXT NOT NULL,
  here BIGINT NOT NULL);
)"},
    // One provision for each year that was given; 0: not known any more.
    {6, R"(
CREATE TABLE given_years (
  subject TEXT NOT NULL,
  fiscal_year BIGINT NOT NULL,
  record_id TEXT NOT NULL,
  consumer TEXT NOT NULL,
  affair TEXT NOT NULL,
  exchange_id TEXT NOT NULL,
  answer_time BIGINT NOT NULL,
  PRIMARY KEY (consumer, exchange_id, subject, fiscal_year));
INSERT INTO given_years SELECT subject, 0, record_id, consumer, affair,
  exchange_id, answer_time FROM provisions;
DROP TABLE provisions;
ALTER TABLE given_years RENAME TO provisions;
CREATE INDEX provisions_by_subject ON provisions (subject);
)"},
};

std::string EtagOf(const std::string& subject, const Assessment& version) {
  return absl::BytesToHexString(
      Sha256(absl::StrCat(subject, "\n", version.fiscal_year(), "\n",
                          version.version()))
          .substr(0, 8));
}

}  // namespace

absl::Span<const agency::Migration> TaxMigrations() { return kMigrations; }

AssessmentWriter::AssessmentWriter(soci::session& sql)
    : insert_((sql.prepare
                   << "INSERT INTO assessments (subject, fiscal_year, version, "
                      "category, income_yen, dependants, relieved, "
                      "public_assistance, tax_yen, grounds, determine_time, "
                      "withdraw_time) VALUES (:subject, :year, :version, "
                      ":category, :income, :dependants, :relieved, :assisted, "
                      ":tax, :grounds, :time, 0)",
               soci::use(subject_), soci::use(year_), soci::use(version_),
               soci::use(category_), soci::use(income_), soci::use(dependants_),
               soci::use(relieved_), soci::use(assisted_), soci::use(tax_),
               soci::use(grounds_), soci::use(time_))) {}

void AssessmentWriter::Write(const std::string& subject,
                             const Assessment& version) {
  subject_ = subject;
  year_ = version.fiscal_year();
  version_ = version.version();
  category_ = version.category();
  income_ = version.circumstances().income_yen();
  dependants_ = version.circumstances().dependants();
  relieved_ = version.circumstances().relieved() ? 1 : 0;
  assisted_ = version.circumstances().public_assistance() ? 1 : 0;
  tax_ = version.tax_yen();
  grounds_ = version.grounds();
  time_ = version.determine_time().seconds();
  insert_.execute(true);
}

std::vector<Assessment> ReadAssessments(soci::session& sql,
                                        const std::string& subject) {
  std::vector<Assessment> versions;
  std::string grounds;
  long long year = 0, number = 0, category = 0, income = 0, dependants = 0,
            relieved = 0, assisted = 0, tax = 0, time = 0, withdrawn = 0;
  soci::statement rows =
      (sql.prepare << "SELECT fiscal_year, version, category, income_yen, "
                      "dependants, relieved, public_assistance, tax_yen, "
                      "grounds, determine_time, withdraw_time FROM assessments "
                      "WHERE subject = :subject ORDER BY fiscal_year DESC, "
                      "version DESC",
       soci::into(year), soci::into(number), soci::into(category),
       soci::into(income), soci::into(dependants), soci::into(relieved),
       soci::into(assisted), soci::into(tax), soci::into(grounds),
       soci::into(time), soci::into(withdrawn), soci::use(subject));
  rows.execute();
  while (rows.fetch()) {
    Assessment version;
    version.set_fiscal_year(static_cast<std::int32_t>(year));
    version.set_version(static_cast<std::int32_t>(number));
    version.mutable_circumstances()->set_income_yen(income);
    version.mutable_circumstances()->set_dependants(
        static_cast<std::int32_t>(dependants));
    version.mutable_circumstances()->set_relieved(relieved != 0);
    version.mutable_circumstances()->set_public_assistance(assisted != 0);
    version.set_category(static_cast<GetTaxStatusResponse::Category>(category));
    version.set_tax_yen(tax);
    version.set_grounds(grounds);
    version.mutable_determine_time()->set_seconds(time);
    version.set_withdrawn(withdrawn != 0);
    if (versions.empty() || versions.back().fiscal_year() != year)
      version.set_etag(EtagOf(subject, version));
    versions.push_back(std::move(version));
  }
  return versions;
}

std::optional<Assessment> InForce(const std::vector<Assessment>& assessments,
                                  std::int32_t fiscal_year) {
  for (const Assessment& version : assessments) {
    if (version.etag().empty() || version.withdrawn()) continue;
    if (fiscal_year == 0 || version.fiscal_year() == fiscal_year)
      return version;
  }
  return std::nullopt;
}

}  // namespace psm
