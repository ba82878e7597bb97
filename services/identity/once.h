// A WRITE that is answered once, whatever the message.
#ifndef PSM_SERVICES_IDENTITY_ONCE_H_
#define PSM_SERVICES_IDENTITY_ONCE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/answers.h"
#include "mesh/agency/database.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

// The name under which an answer is kept: of method and request, so that an
// exchange id that is used again for another request, when the gateway has
// forgotten it, does not bring back another person's answer.
template <typename Request>
std::string NameOfAnswer(absl::string_view method, const Request& request) {
  return absl::StrCat(
      method, "/", absl::BytesToHexString(Sha256(request.SerializeAsString())));
}

// Database::Once for messages.
template <typename Response, typename Request>
absl::StatusOr<Response> AnswerOnce(
    agency::Database* database, absl::string_view method,
    const agency::CallContext& call, absl::Time now, const Request& request,
    absl::FunctionRef<absl::StatusOr<Response>(soci::session&)> body) {
  PSM_ASSIGN_OR_RETURN(
      const std::string bytes,
      database->Once(
          NameOfAnswer(method, request), call, now,
          [&body](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_ASSIGN_OR_RETURN(const Response response, body(sql));
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<Response>(bytes);
}

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_ONCE_H_
