// The customers of the fictitious Hoshizora Bank, by the bank's own `sub`.
// Knows no gRPC.
#ifndef PSM_SERVICES_BANK_CUSTOMER_REGISTER_H_
#define PSM_SERVICES_BANK_CUSTOMER_REGISTER_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/bank/v1/customers.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "soci/soci.h"

namespace psm::bank {

// Thread-safe. `database` must outlive it.
class CustomerRegister {
 public:
  explicit CustomerRegister(agency::Database* database) : database_(database) {}

  static absl::Span<const agency::Migration> Migrations();

  using Take = absl::FunctionRef<absl::Status(const seed::v1::Customer&)>;

  // At the first start: writes every customer that `source` gives, all or
  // none. Does nothing where there are customers already. INVALID_ARGUMENT
  // SEED_INVALID for one without `sub` or number.
  absl::Status ImportOnce(absl::Time now,
                          absl::FunctionRef<absl::Status(Take)> source);

  // OK where the bank has a customer of that `sub`; NOT_FOUND CUSTOMER_UNKNOWN
  // where it has not.
  absl::Status CheckKnown(absl::string_view sub);

  // Keeps a customer's address, durably, and says whether it changed; the
  // exchange stays on file as the source. A retry of the same exchange and
  // request gives the first answer again. NOT_FOUND CUSTOMER_UNKNOWN.
  absl::StatusOr<bank::v1::UpdateAddressResponse> KeepAddress(
      const agency::CallContext& call, absl::string_view sub,
      absl::string_view address, absl::string_view request_digest,
      absl::Time now);

  // Keeps the token by which the bank hears of a customer's moves, in place of
  // an earlier one; once per exchange. NOT_FOUND CUSTOMER_UNKNOWN.
  absl::Status KeepMovesConsent(const agency::CallContext& call,
                                absl::string_view sub, absl::string_view token,
                                absl::Time now);
  // These tokens, the newest first.
  absl::StatusOr<std::vector<std::string>> MovesConsents();

  // Within the caller's transaction: a customer has moved as of that day,
  // `YYYY-MM-DD`, so the address on file is an old one. Nothing for others.
  static void HearOfMove(soci::session& sql, const std::string& sub,
                         const std::string& date);

  // Likewise: events were missed. Who lets the bank hear of moves may have
  // moved since the address came; the bank cannot ask without another consent.
  static void MissMoves(soci::session& sql);

  // What is on file. NOT_FOUND CUSTOMER_UNKNOWN.
  absl::StatusOr<bank::v1::GetCustomerResponse> FileOf(absl::string_view sub);

  // The address on file. NOT_FOUND CUSTOMER_UNKNOWN.
  absl::StatusOr<std::string> AddressOf(absl::string_view sub);

 private:
  agency::Database* const database_;
};

}  // namespace psm::bank

#endif  // PSM_SERVICES_BANK_CUSTOMER_REGISTER_H_
