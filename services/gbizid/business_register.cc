#include "services/gbizid/business_register.h"

#include <cstdint>
#include <string>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/codes/corporate_number.h"
#include "soci/soci.h"

namespace psm {
namespace {

using gbizid::v1::GetBusinessResponse;
using google::protobuf::util::TimeUtil;

bool IsComplete(const seed::v1::Business& business) {
  return IsCorporateNumber(business.corporate_number()) &&
         !business.name().empty() && business.employees() >= 0 &&
         business.capital_yen() >= 0 &&
         GetBusinessResponse::AccountType_IsValid(business.account_type()) &&
         business.account_type() !=
             GetBusinessResponse::ACCOUNT_TYPE_UNSPECIFIED;
}

absl::Status Enter(soci::session& sql, const seed::v1::Business& business,
                   long long time) {
  if (!IsComplete(business))
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                           "a business lacks a required item or its number "
                           "has a wrong check digit");
  const long long employees = business.employees();
  const long long capital = business.capital_yen();
  const long long type = business.account_type();
  sql << "INSERT INTO businesses (corporate_number, name, kana, address, "
         "representative, establishment_date, employees, capital_yen, "
         "account_type, as_of_time) VALUES (:corporate_number, :name, :kana, "
         ":address, :representative, :establishment_date, :employees, "
         ":capital, :type, :time)",
      soci::use(business.corporate_number()), soci::use(business.name()),
      soci::use(business.kana()), soci::use(business.address()),
      soci::use(business.representative()),
      soci::use(business.establishment_date()), soci::use(employees),
      soci::use(capital), soci::use(type), soci::use(time);
  return absl::OkStatus();
}

}  // namespace

absl::Status BusinessRegister::ImportOnce(
    absl::Time now, absl::FunctionRef<absl::Status(Take)> each) {
  const long long time = absl::ToUnixMicros(now);
  return database_.Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM businesses)", soci::into(known);
    if (known > 0) return absl::OkStatus();
    return each([&](const seed::v1::Business& business) {
      return Enter(sql, business, time);
    });
  });
}

absl::StatusOr<GetBusinessResponse> BusinessRegister::Find(
    absl::string_view corporate_number) {
  if (!IsCorporateNumber(corporate_number))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "CORPORATE_NUMBER_MALFORMED",
                           "give 13 digits with the right check digit");
  GetBusinessResponse business;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    const std::string number(corporate_number);
    long long employees = 0, capital = 0, type = 0, time = 0;
    sql << "SELECT name, kana, address, representative, establishment_date, "
           "employees, capital_yen, account_type, as_of_time FROM businesses "
           "WHERE corporate_number = :number",
        soci::into(*business.mutable_name()),
        soci::into(*business.mutable_kana()),
        soci::into(*business.mutable_address()),
        soci::into(*business.mutable_representative()),
        soci::into(*business.mutable_establishment_date()),
        soci::into(employees), soci::into(capital), soci::into(type),
        soci::into(time), soci::use(number);
    if (!sql.got_data())
      return agency::Refusal(absl::StatusCode::kNotFound, "BUSINESS_UNKNOWN",
                             "no business has an account by this number");
    business.set_corporate_number(number);
    business.set_employees(static_cast<std::int32_t>(employees));
    business.set_capital_yen(capital);
    business.set_account_type(
        static_cast<GetBusinessResponse::AccountType>(type));
    *business.mutable_as_of_time() = TimeUtil::MicrosecondsToTimestamp(time);
    return absl::OkStatus();
  }));
  return business;
}

void BusinessRegister::SetPrime(soci::session& sql,
                                const std::string& corporate_number,
                                absl::Time now) {
  const long long type = GetBusinessResponse::PRIME;
  const long long time = absl::ToUnixMicros(now);
  sql << "UPDATE businesses SET account_type = :type, as_of_time = :time "
         "WHERE corporate_number = :number",
      soci::use(type), soci::use(time), soci::use(corporate_number);
}

}  // namespace psm
