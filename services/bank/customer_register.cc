#include "services/bank/customer_register.h"

#include <string>

#include "absl/strings/str_cat.h"
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
                   ":exchange, update_time = :time WHERE sub = :sub",
                soci::use(kept), soci::use(call.exchange_id), soci::use(time),
                soci::use(key);
            bank::v1::UpdateAddressResponse response;
            response.set_address(kept);
            response.set_changed(before != kept);
            return response.SerializeAsString();
          }));
  bank::v1::UpdateAddressResponse response;
  if (!response.ParseFromString(answer))
    return absl::InternalError("a kept answer does not parse");
  return response;
}

}  // namespace psm::bank
