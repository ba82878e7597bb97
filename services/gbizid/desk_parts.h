// What all desks of gbizid work with, and how they answer a WRITE once.
#ifndef PSM_SERVICES_GBIZID_DESK_PARTS_H_
#define PSM_SERVICES_GBIZID_DESK_PARTS_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/gbizid/password_hasher.h"
#include "services/gbizid/sessions.h"
#include "services/gbizid/token_key.h"

namespace psm::gbizid {

// All must outlive the desks.
struct DeskParts {
  agency::Database* database;
  const TokenKey* tokens;
  PasswordHasher* passwords;
  const Clock* clock;
  Random* random;

  Sessions sessions() const { return Sessions(tokens); }
};

template <typename Response>
absl::StatusOr<Response> ParseAnswer(const std::string& bytes) {
  Response response;
  if (!response.ParseFromString(bytes))
    return absl::InternalError("a kept answer does not parse");
  return response;
}

// Database::Once for an answer that is a message: what `body` gives is kept, so
// it holds no secret; those are derived again for a retry.
template <typename Response>
absl::StatusOr<Response> AnswerOnce(
    const DeskParts& parts, absl::string_view method,
    const agency::CallContext& call,
    absl::FunctionRef<absl::StatusOr<Response>(soci::session&, absl::Time)>
        body) {
  const absl::Time now = parts.clock->Now();
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      parts.database->Once(
          method, call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_ASSIGN_OR_RETURN(const Response response, body(sql, now));
            return response.SerializeAsString();
          }));
  return ParseAnswer<Response>(answer);
}

// Database::Read for an answer that is a message.
template <typename Response>
absl::StatusOr<Response> AnswerFrom(
    const DeskParts& parts,
    absl::FunctionRef<absl::StatusOr<Response>(soci::session&, absl::Time)>
        body) {
  Response response;
  const absl::Time now = parts.clock->Now();
  PSM_RETURN_IF_ERROR(
      parts.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(response, body(sql, now));
        return absl::OkStatus();
      }));
  return response;
}

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DESK_PARTS_H_
