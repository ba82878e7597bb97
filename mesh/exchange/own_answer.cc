#include "mesh/exchange/own_answer.h"

#include <utility>

#include "mesh/base/error.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"
#include "mesh/records/receipt.h"

namespace psm {
namespace {

// Whether `earlier`, of the same consumer and exchange id, says that this very
// thing was asked and answered: what the answer says follows from what was
// asked.
bool SaysTheSame(const records::v1::Record& earlier, const Draft& draft) {
  return earlier.kind() == records::v1::Record::EXCHANGE &&
         earlier.method() == draft.method() &&
         earlier.affair() == draft.affair() &&
         earlier.provider() == draft.provider() &&
         earlier.request_digest() == draft.request_digest();
}

}  // namespace

absl::Status NotParsed(absl::string_view type) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "MESSAGE_MALFORMED", Party::kConsumer,
      "the request is not what this method takes", {{"expected", type}});
}

absl::Status NotAllowed(absl::string_view reason, absl::string_view flag,
                        const System& system) {
  return MakeError(absl::StatusCode::kPermissionDenied, reason,
                   Party::kConsumer,
                   "the configuration of the agency does not allow this",
                   {{"agency", system.agency->id}, {"needs", flag}});
}

absl::StatusOr<PersonNumber> DecodeOwn(Environment& env, const System& system,
                                       const std::string& code) {
  absl::StatusOr<PersonNumber> person =
      env.scopes.For(system.agency->scope_kind(), system.agency->id)
          .Decode(code);
  if (!person.ok()) CountForeignCode(env, system);
  return person;
}

Answer Unrecorded(absl::Status status, std::string message) {
  Answer answer;
  answer.status = std::move(status);
  answer.message = std::move(message);
  return answer;
}

Task<Answer> ReleaseRecorded(Environment& env, Draft& draft,
                             const std::string& message) {
  absl::StatusOr<std::vector<StoredRecord>> earlier = env.log.FindExchange(
      draft.consumer(), draft.exchange_id(), env.clock.Now() - absl::Hours(24));
  if (!earlier.ok()) co_return EndUnrecorded(env, draft, earlier.status());
  for (const StoredRecord& stored : *earlier) {
    if (!SaysTheSame(stored.record, draft)) continue;
    Answer again = EndUnrecorded(env, draft, absl::OkStatus());
    again.message = message;
    if (draft.is_callers())
      again.receipt = MakeReceipt(Recall({stored}, env.log));
    co_return again;
  }
  Completion<absl::StatusOr<Recorded>> recorded;
  env.log.Append(
      draft.Entries(env, records::v1::Record::EXCHANGE, absl::OkStatus()),
      env.executor, &recorded);
  absl::StatusOr<Recorded> durable = co_await recorded;
  Answer answer = EndUnrecorded(env, draft, durable.status());
  if (durable.ok()) {
    answer.message = message;
    if (draft.is_callers()) answer.receipt = MakeReceipt(*durable);
  }
  co_return answer;
}

}  // namespace psm
