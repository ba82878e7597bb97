// How a notice becomes an entry: once per exchange, in one transaction.
#ifndef PSM_SERVICES_RESIDENTS_REGISTER_BOOK_H_
#define PSM_SERVICES_RESIDENTS_REGISTER_BOOK_H_

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/japan_time.h"
#include "services/residents/notice_rules.h"
#include "services/residents/register_facts.h"

namespace psm {

class ProtectionGate;

// A notice as it comes in: who hands it over, and when.
struct Notice {
  const agency::CallContext& call;
  absl::Time now;
  // What whoever the notice concerns passes in the transaction that enters it;
  // null: nothing. Outlives the notice.
  const ProtectionGate* gate = nullptr;
  std::string subject = {};  // whom it is about, where there is a gate

  absl::CivilDay today() const { return DayInJapan(now); }
  // As ProtectionGate::PassPerson, as the register is within the transaction.
  absl::Status Pass(RegisterFacts& facts, const std::string& person) const;
};

// Runs `body` once per exchange, where the notice passes its gate: a retry gets
// the first response. `body` gets the register's facts and fills the response;
// its error leaves nothing behind. Errors as Database::Once, Notice::Pass, and
// `body`'s.
template <typename Response>
absl::StatusOr<Response> EnterOnce(
    agency::Database& database, absl::string_view method, const Notice& notice,
    absl::FunctionRef<absl::Status(RegisterFacts&, Response&)> body) {
  absl::StatusOr<std::string> answer = database.Once(
      method, notice.call, notice.now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        RegisterFacts facts(sql);
        Response response;
        if (absl::Status passed = notice.Pass(facts, notice.subject);
            !passed.ok())
          return passed;
        if (absl::Status entered = body(facts, response); !entered.ok())
          return entered;
        return response.SerializeAsString();
      });
  return agency::ParseAnswer<Response>(answer);
}

// What EnterOnce would give, without entering anything: `body` runs in a
// transaction that is rolled back, whatever it says.
template <typename Response>
absl::StatusOr<Response> LookOnly(
    agency::Database& database,
    absl::FunctionRef<absl::Status(RegisterFacts&, Response&)> body) {
  const absl::Status rolled_back = absl::CancelledError("only looked");
  Response response;
  const absl::Status status =
      database.Write([&](soci::session& sql) -> absl::Status {
        RegisterFacts facts(sql);
        if (absl::Status would = body(facts, response); !would.ok())
          return would;
        return rolled_back;
      });
  if (status != rolled_back) return status;
  return response;
}

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_REGISTER_BOOK_H_
