// WRITE methods whose answer is a message: Database::Once without the bytes.
#ifndef PSM_SERVICES_BENEFITS_KEPT_ANSWER_H_
#define PSM_SERVICES_BENEFITS_KEPT_ANSWER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/status_macros.h"

namespace psm {

// As Database::Once. INTERNAL where a kept answer does not parse.
template <typename Response>
absl::StatusOr<Response> Once(
    agency::Database& database, const char* method,
    const agency::CallContext& call, absl::Time now,
    absl::FunctionRef<absl::StatusOr<Response>(soci::session&)> body) {
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database.Once(method, call, now,
                    [&](soci::session& sql) -> absl::StatusOr<std::string> {
                      PSM_ASSIGN_OR_RETURN(const Response response, body(sql));
                      return response.SerializeAsString();
                    }));
  return agency::ParseAnswer<Response>(answer);
}

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_KEPT_ANSWER_H_
