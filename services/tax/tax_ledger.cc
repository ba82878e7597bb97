#include "services/tax/tax_ledger.h"

#include <algorithm>
#include <string>

#include "absl/time/civil_time.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm {
namespace {

using tax::v1::GetTaxStatusResponse;

constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE taxpayers ("
     "  subject TEXT NOT NULL,"
     "  fiscal_year BIGINT NOT NULL,"
     "  category BIGINT NOT NULL,"
     "  income_yen BIGINT NOT NULL,"
     "  arrears_yen BIGINT NOT NULL,"
     "  determine_time BIGINT NOT NULL,"  // seconds since 1970
     "  PRIMARY KEY (subject, fiscal_year));\n"},
};

absl::Status Enter(soci::session& sql, const seed::v1::Taxpayer& taxpayer,
                   absl::Time now) {
  if (taxpayer.subject().empty() || taxpayer.fiscal_year() <= 0 ||
      taxpayer.income_yen() < 0 || taxpayer.arrears_yen() < 0 ||
      !GetTaxStatusResponse::Category_IsValid(taxpayer.category()) ||
      taxpayer.category() == GetTaxStatusResponse::CATEGORY_UNSPECIFIED) {
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                           "a taxpayer lacks a required item");
  }
  const absl::TimeZone japan = absl::FixedTimeZone(9 * 60 * 60);
  const absl::Time june =
      absl::FromCivil(absl::CivilDay(taxpayer.fiscal_year(), 6, 1), japan);
  const long long year = taxpayer.fiscal_year();
  const long long category = taxpayer.category();
  const long long income = taxpayer.income_yen();
  const long long arrears = taxpayer.arrears_yen();
  const long long determined = absl::ToUnixSeconds(std::min(june, now));
  sql << "INSERT INTO taxpayers (subject, fiscal_year, category, income_yen, "
         "arrears_yen, determine_time) VALUES (:subject, :year, :category, "
         ":income, :arrears, :determined)",
      soci::use(taxpayer.subject()), soci::use(year), soci::use(category),
      soci::use(income), soci::use(arrears), soci::use(determined);
  return absl::OkStatus();
}

}  // namespace

absl::Span<const agency::Migration> TaxLedger::Migrations() {
  return kMigrations;
}

absl::Status TaxLedger::ImportOnce(absl::Time now,
                                   absl::FunctionRef<absl::Status(Take)> each) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT COUNT(*) FROM taxpayers", soci::into(known);
    if (known > 0) return absl::OkStatus();
    return each([&](const seed::v1::Taxpayer& taxpayer) {
      return Enter(sql, taxpayer, now);
    });
  });
}

absl::StatusOr<GetTaxStatusResponse> TaxLedger::FindStatus(
    absl::string_view subject, std::int32_t fiscal_year) {
  GetTaxStatusResponse status;
  const std::string key(subject);
  const long long wanted = fiscal_year;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    long long year = 0, category = 0, income = 0, arrears = 0, time = 0;
    sql << "SELECT fiscal_year, category, income_yen, arrears_yen, "
           "determine_time FROM taxpayers WHERE subject = :subject AND "
           "(:any = 0 OR fiscal_year = :year) "
           "ORDER BY fiscal_year DESC LIMIT 1",
        soci::into(year), soci::into(category), soci::into(income),
        soci::into(arrears), soci::into(time), soci::use(key),
        soci::use(wanted), soci::use(wanted);
    if (!sql.got_data()) {
      return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
                             "no status of this person and year here");
    }
    status.set_fiscal_year(static_cast<std::int32_t>(year));
    status.set_category(static_cast<GetTaxStatusResponse::Category>(category));
    status.set_income_yen(income);
    status.set_arrears_yen(arrears);
    status.mutable_as_of_time()->set_seconds(time);
    return absl::OkStatus();
  }));
  return status;
}

}  // namespace psm
