#include "mesh/exchange/holdings.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/own_answer.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"
#include "psm/holdings/v1/holdings.pb.h"

namespace psm {
namespace {

absl::Status NoRegister() {
  return MakeError(absl::StatusCode::kUnavailable, "HOLDINGS_NOT_DURABLE",
                   Party::kGateway, "this gateway keeps no holdings");
}

// The persons of a request, of a service that the caller provides.
template <typename Request>
absl::StatusOr<std::vector<PersonNumber>> ReadPersons(Environment& env,
                                                      const System& system,
                                                      const Request& request) {
  if (std::find(system.services.begin(), system.services.end(),
                request.service()) == system.services.end()) {
    return MakeError(absl::StatusCode::kPermissionDenied, "NOT_A_PROVIDER",
                     Party::kConsumer,
                     "the configuration lists no such service for this system",
                     {{"system", system.id}});
  }
  if (request.subjects().empty() ||
      request.subjects_size() > kMaxHoldingsAtOnce) {
    return MakeError(absl::StatusCode::kInvalidArgument, "HOLDINGS_MALFORMED",
                     Party::kConsumer,
                     "name 1 to 10,000 persons by your agency's codes");
  }
  std::vector<PersonNumber> persons;
  for (const std::string& code : request.subjects()) {
    PSM_ASSIGN_OR_RETURN(persons.emplace_back(), DecodeOwn(env, system, code));
  }
  return persons;
}

using Change = void (HoldingRegister::*)(absl::string_view, absl::string_view,
                                         absl::Span<const PersonNumber>,
                                         Executor&, Completion<absl::Status>*);

template <typename Request>
Task<Answer> ChangeHoldings(Environment& env, Ask ask, Change change,
                            absl::string_view type) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  absl::Status admitted = Admit(env, *caller);
  if (!admitted.ok()) co_return co_await Refuse(env, draft, admitted);
  Request request;
  if (!request.ParseFromString(ask.message))
    co_return Unrecorded(NotParsed(type), "");
  absl::StatusOr<std::vector<PersonNumber>> persons =
      ReadPersons(env, caller->system(), request);
  if (!persons.ok()) co_return co_await Refuse(env, draft, persons.status());
  if (env.holdings == nullptr) co_return Unrecorded(NoRegister(), "");
  Completion<absl::Status> durable;
  (env.holdings->*change)(caller->system().id, request.service(), *persons,
                          env.executor, &durable);
  absl::Status changed = co_await durable;
  co_return Unrecorded(changed, "");
}

}  // namespace

Task<Answer> DeclareHoldings(Environment& env, Ask ask) {
  return ChangeHoldings<holdings::v1::DeclareRequest>(
      env, std::move(ask), &HoldingRegister::Declare,
      "psm.holdings.v1.DeclareRequest");
}

Task<Answer> EndHoldings(Environment& env, Ask ask) {
  return ChangeHoldings<holdings::v1::EndRequest>(
      env, std::move(ask), &HoldingRegister::End, "psm.holdings.v1.EndRequest");
}

Task<Answer> SetProtection(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  absl::Status admitted = Admit(env, *caller);
  if (!admitted.ok()) co_return co_await Refuse(env, draft, admitted);
  const System& system = caller->system();
  draft.SetProvider(kGatewaySystem);
  if (!system.agency->protects) {
    const absl::Status refused =
        NotAllowed("NOT_A_PROTECTING_AGENCY", "protects: true", system);
    co_return co_await Refuse(env, draft, refused);
  }
  holdings::v1::SetProtectionRequest request;
  if (!request.ParseFromString(ask.message))
    co_return Unrecorded(NotParsed("psm.holdings.v1.SetProtectionRequest"), "");
  absl::StatusOr<PersonNumber> person =
      DecodeOwn(env, system, request.subject());
  if (!person.ok()) co_return co_await Refuse(env, draft, person.status());
  draft.SetSubject(*person);
  absl::Status fresh = CheckExchangeId(env, ask, draft);
  if (!fresh.ok()) co_return co_await Refuse(env, draft, fresh);
  if (env.holdings == nullptr)
    co_return EndUnrecorded(env, draft, NoRegister());
  // In force before it is recorded: where the record fails, the person is
  // protected and the caller tries again.
  Completion<absl::Status> durable;
  env.holdings->SetProtection(system.agency->id, *person, request.protected_(),
                              env.executor, &durable);
  absl::Status changed = co_await durable;
  if (!changed.ok()) co_return EndUnrecorded(env, draft, changed);
  const std::string nothing;
  co_return co_await ReleaseRecorded(env, draft, nothing);
}

}  // namespace psm
