// A WRITE that is answered once, and a READ of one snapshot, where the answer
// is a message.
#ifndef PSM_SERVICES_GBIZID_ANSWER_ONCE_H_
#define PSM_SERVICES_GBIZID_ANSWER_ONCE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/answers.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::gbizid {

// What answers a call from a transaction, as of a time.
template <typename Response>
using AnswerBody =
    absl::FunctionRef<absl::StatusOr<Response>(soci::session&, absl::Time)>;

// As Database::Once. What `body` gives is kept, so it holds no secret.
template <typename Response>
absl::StatusOr<Response> AnswerOnce(agency::Database& database,
                                    const Clock& clock,
                                    absl::string_view method,
                                    const agency::CallContext& call,
                                    AnswerBody<Response> body) {
  const absl::Time now = clock.Now();
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database.Once(method, call, now,
                    [&](soci::session& sql) -> absl::StatusOr<std::string> {
                      PSM_ASSIGN_OR_RETURN(const Response response,
                                           body(sql, now));
                      return response.SerializeAsString();
                    }));
  return agency::ParseAnswer<Response>(answer);
}

// As Database::Read.
template <typename Response>
absl::StatusOr<Response> AnswerFrom(agency::Database& database,
                                    const Clock& clock,
                                    AnswerBody<Response> body) {
  Response response;
  const absl::Time now = clock.Now();
  PSM_RETURN_IF_ERROR(database.Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(response, body(sql, now));
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ANSWER_ONCE_H_
