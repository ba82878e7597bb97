// What the gateway's own services have in common: how they read a request and
// how their answers leave.
#ifndef PSM_MESH_EXCHANGE_OWN_ANSWER_H_
#define PSM_MESH_EXCHANGE_OWN_ANSWER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/environment.h"

namespace psm {

// INVALID_ARGUMENT MESSAGE_MALFORMED: `type` is what the method takes.
absl::Status NotParsed(absl::string_view type);

// PERMISSION_DENIED with a reason: the configuration of the caller's agency
// lacks `needs`.
absl::Status NotAllowed(absl::string_view reason, absl::string_view needs,
                        const System& system);

// The person whom one of the caller's own codes names. INVALID_ARGUMENT
// SUBJECT_CODE_INVALID, which costs the caller a token of those that Admit
// looks at.
absl::StatusOr<PersonNumber> DecodeOwn(Environment& env, const System& system,
                                       const std::string& code);

// An answer without a record of its own: no exchange between agencies.
Answer Unrecorded(absl::Status status, std::string message);

// Appends what the draft says happened, unless this is a retry of what is
// recorded, and gives the answer that may leave: with a receipt where the
// record is the caller's.
Task<Answer> ReleaseRecorded(Environment& env, Draft& draft,
                             const std::string& message);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_OWN_ANSWER_H_
