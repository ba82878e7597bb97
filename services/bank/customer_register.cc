#include "services/bank/customer_register.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::bank {
namespace {

// Times are microseconds since 1970, UTC. `exchange_id`: the exchange that the
// address came with; empty for one that the bank had before.
constexpr agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE customers (
  sub TEXT PRIMARY KEY,
  customer_number TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL,
  exchange_id TEXT NOT NULL,
  update_time BIGINT NOT NULL);
)"},
    // `moved_date` '': not since the address came.
    {2, R"(
ALTER TABLE customers ADD COLUMN moved_date TEXT NOT NULL DEFAULT '';
CREATE TABLE moves_consents (
  sub TEXT PRIMARY KEY REFERENCES customers (sub),
  token TEXT NOT NULL,
  keep_time BIGINT NOT NULL);
)"},
    // 1: events were missed since the address came.
    {3, R"(
ALTER TABLE customers ADD COLUMN moves_missed BIGINT NOT NULL DEFAULT 0;
)"},
};

absl::Status Unknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "CUSTOMER_UNKNOWN",
                         "the person is no customer of the bank");
}

absl::StatusOr<std::string> Find(soci::session& sql, const std::string& sub) {
  std::string address;
  sql << "SELECT address FROM customers WHERE sub = :sub", soci::into(address),
      soci::use(sub);
  if (!sql.got_data()) return Unknown();
  return address;
}

}  // namespace

absl::Span<const agency::Migration> CustomerRegister::Migrations() {
  return kMigrations;
}

absl::Status CustomerRegister::ImportOnce(
    absl::Time now, absl::FunctionRef<absl::Status(Take)> source) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    std::string sub, number, address;
    sql << "SELECT sub FROM customers LIMIT 1", soci::into(sub);
    if (sql.got_data()) return absl::OkStatus();
    const long long time = absl::ToUnixMicros(now);
    soci::statement insert =
        (sql.prepare << "INSERT INTO customers (sub, customer_number, address, "
                        "exchange_id, update_time) VALUES (:sub, :number, "
                        ":address, '', :time)",
         soci::use(sub), soci::use(number), soci::use(address),
         soci::use(time));
    return source([&](const seed::v1::Customer& customer) -> absl::Status {
      if (customer.subject().empty() || customer.customer_number().empty()) {
        return agency::Refusal(absl::StatusCode::kInvalidArgument,
                               "SEED_INVALID",
                               "a customer lacks a sub or a number");
      }
      sub = customer.subject();
      number = customer.customer_number();
      address = customer.address();
      insert.execute(true);
      return absl::OkStatus();
    });
  });
}

absl::Status CustomerRegister::CheckKnown(absl::string_view sub) {
  return AddressOf(sub).status();
}

absl::StatusOr<std::string> CustomerRegister::AddressOf(absl::string_view sub) {
  const std::string key(sub);
  std::string address;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(address, Find(sql, key));
    return absl::OkStatus();
  }));
  return address;
}

absl::StatusOr<bank::v1::UpdateAddressResponse> CustomerRegister::KeepAddress(
    const agency::CallContext& call, absl::string_view sub,
    absl::string_view address, absl::string_view request_digest,
    absl::Time now) {
  const std::string key(sub);
  const std::string kept(address);
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_->Once(
          // With the digest, an exchange id used again for another request,
          // when the gateway has forgotten it, is another exchange.
          absl::StrCat("UpdateAddress/", request_digest), call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_ASSIGN_OR_RETURN(const std::string before, Find(sql, key));
            const long long time = absl::ToUnixMicros(now);
            sql << "UPDATE customers SET address = :address, exchange_id = "
                   ":exchange, update_time = :time, moved_date = '', "
                   "moves_missed = 0 WHERE sub = :sub",
                soci::use(kept), soci::use(call.exchange_id), soci::use(time),
                soci::use(key);
            bank::v1::UpdateAddressResponse response;
            response.set_address(kept);
            response.set_changed(before != kept);
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<bank::v1::UpdateAddressResponse>(answer);
}

absl::Status CustomerRegister::KeepMovesConsent(const agency::CallContext& call,
                                                absl::string_view sub,
                                                absl::string_view token,
                                                absl::Time now) {
  const std::string key(sub);
  const std::string kept(token);
  return database_
      ->Once("FollowMoves", call, now,
             [&](soci::session& sql) -> absl::StatusOr<std::string> {
               PSM_RETURN_IF_ERROR(Find(sql, key).status());
               const long long time = absl::ToUnixMicros(now);
               sql << "INSERT INTO moves_consents (sub, token, keep_time) "
                      "VALUES (:sub, :token, :time) ON CONFLICT (sub) DO "
                      "UPDATE SET token = excluded.token, keep_time = "
                      "excluded.keep_time",
                   soci::use(key), soci::use(kept), soci::use(time);
               return std::string();
             })
      .status();
}

absl::StatusOr<std::vector<std::string>> CustomerRegister::MovesConsents() {
  std::vector<std::string> tokens;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    std::string token;
    soci::statement select =
        (sql.prepare << "SELECT token FROM moves_consents ORDER BY keep_time "
                        "DESC, sub",
         soci::into(token));
    select.execute();
    while (select.fetch()) tokens.push_back(token);
    return absl::OkStatus();
  }));
  return tokens;
}

void CustomerRegister::HearOfMove(soci::session& sql, const std::string& sub,
                                  const std::string& date) {
  sql << "UPDATE customers SET moved_date = :date WHERE sub = :sub",
      soci::use(date), soci::use(sub);
}

void CustomerRegister::MissMoves(soci::session& sql) {
  sql << "UPDATE customers SET moves_missed = 1 WHERE sub IN (SELECT sub FROM "
         "moves_consents)";
}

absl::StatusOr<bank::v1::GetCustomerResponse> CustomerRegister::FileOf(
    absl::string_view sub) {
  const std::string key(sub);
  bank::v1::GetCustomerResponse response;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(*response.mutable_address(), Find(sql, key));
    long long missed = 0;
    sql << "SELECT moved_date, moves_missed FROM customers WHERE sub = :sub",
        soci::into(*response.mutable_moved_date()), soci::into(missed),
        soci::use(key);
    response.set_moves_missed(missed != 0);
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm::bank
