#include "mesh/exchange/own_services.h"

#include <algorithm>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/history.h"
#include "mesh/exchange/own_answer.h"
#include "mesh/exchange/protection.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"
#include "mesh/records/receipt.h"
#include "mesh/records/timestamp.h"
#include "psm/disclosure/v1/disclosure.pb.h"
#include "psm/records/v1/records_service.pb.h"
#include "psm/subjects/v1/subjects.pb.h"

namespace psm {
namespace {

// In one consent; far from what an AttributeMask holds.
constexpr std::size_t kMaxEventTypes = 16;

absl::StatusOr<std::string> EnrolPerson(Environment& env, const System& system,
                                        Draft& draft) {
  if (!system.agency->enrols)
    return NotAllowed("NOT_AN_ENROLLING_AGENCY", "enrols: true", system);
  const PersonNumber person =
      env.scopes.Enrol(system.agency->id, draft.exchange_id());
  draft.SetSubject(person);
  draft.SetProvider(kGatewaySystem);
  subjects::v1::EnrolResponse response;
  response.set_subject(
      env.scopes.For(system.agency->scope_kind(), system.agency->id)
          .Encode(person));
  return response.SerializeAsString();
}

// What an agency may tell an audience is what an agreement of the audience with
// it grants. Identity issues the consent tokens itself, so it speaks here for
// the consent that the person is giving: the agreement decides whether one can
// be given at all. Nobody else speaks for a consent. `events` holds what the
// draft keeps a view of.
absl::StatusOr<std::string> DiscloseTo(Environment& env, const Ask& ask,
                                       const PolicyEngine& policy,
                                       const System& discloser, Draft& draft,
                                       MethodPlan& events) {
  if (!discloser.agency->discloses && !discloser.agency->signs_in)
    return NotAllowed("NOT_A_DISCLOSING_AGENCY", "signs_in: true", discloser);
  disclosure::v1::DiscloseRequest request;
  if (!request.ParseFromString(ask.message))
    return NotParsed("psm.disclosure.v1.DiscloseRequest");
  PSM_ASSIGN_OR_RETURN(PersonNumber person,
                       DecodeOwn(env, discloser, request.subject()));
  draft.SetSubject(person);

  const absl::Status no_agreement = MakeError(
      absl::StatusCode::kPermissionDenied, "NO_AGREEMENT", Party::kConsumer,
      "the audience has no agreement for these attributes and this affair",
      {{"audience", request.audience()},
       {"method", request.method()},
       {"affair", ask.affair}});
  const System* audience = policy.directory().FindSystem(request.audience());
  const auto answer = [&] {
    disclosure::v1::DiscloseResponse response;
    response.set_code(
        env.scopes.For(audience->agency->scope_kind(), audience->agency->id)
            .Encode(person));
    response.set_exchange_id(draft.exchange_id());
    return response.SerializeAsString();
  };
  if (audience != nullptr && request.method() == EventsPlan().name) {
    // A consent to be told of life events: which, the agreement says.
    events = EventsPlan();
    events.attributes.assign(request.attributes().begin(),
                             request.attributes().end());
    draft.SetConsumer(*audience);
    const CompiledAgreement* const agreement = policy.FindConsentableEvents(
        *audience, ask.affair, events.attributes, env.clock.Now());
    if (!discloser.agency->discloses || agreement == nullptr ||
        events.attributes.empty() || events.attributes.size() > kMaxEventTypes)
      return no_agreement;
    draft.SetPlan(events);
    draft.SetMethod(absl::string_view(ask.path).substr(1));
    draft.SetAgreement(*agreement);
    draft.SetProvider(discloser.id);
    draft.SetReleased((AttributeMask{1} << events.attributes.size()) - 1, 0,
                      "");
    return answer();
  }
  const MethodPlan* plan = policy.contracts().FindByName(request.method());
  if (audience == nullptr || plan == nullptr) return no_agreement;
  // The record says who learns and who tells, not who called.
  draft.SetConsumer(*audience);
  draft.SetPlan(*plan);
  draft.SetMethod(absl::string_view(ask.path).substr(1));

  Consent spoken_for;
  spoken_for.id = draft.exchange_id();
  spoken_for.consumer = audience->id;
  spoken_for.affair = ask.affair;
  spoken_for.method = plan->name;
  spoken_for.attributes.assign(request.attributes().begin(),
                               request.attributes().end());
  spoken_for.issue_time = env.clock.Now();
  spoken_for.expire_time =
      request.has_duration()
          ? env.clock.Now() + absl::Seconds(request.duration().seconds())
          : absl::InfiniteFuture();
  Question question;
  question.consumer = audience;
  question.plan = plan;
  question.affair = ask.affair;
  question.provider = &discloser;
  if (discloser.agency->discloses) question.consent = &spoken_for;
  question.now = env.clock.Now();
  // A consent to what another agency's method does: nothing of it is disclosed
  // here but how the audience names the person. Which of several providers it
  // would be is nobody's to say.
  const std::vector<const System*>& providers =
      policy.directory().ProvidersOf(plan->service);
  const bool own = std::any_of(
      providers.begin(), providers.end(),
      [&](const System* system) { return system->id == discloser.id; });
  if (!own) {
    if (!discloser.agency->discloses || !plan->consentable ||
        providers.size() != 1)
      return no_agreement;
    question.provider = providers.front();
  }
  PSM_ASSIGN_OR_RETURN(Permit permit, policy.Authorise(question));
  if (!own && !permit.agreement().by_consent) return no_agreement;
  AttributeMask wanted = 0;
  for (const std::string& attribute : request.attributes()) {
    const AttributeMask bit = plan->BitOf(attribute) & permit.attributes();
    if (bit == 0) return no_agreement;
    wanted |= bit;
  }
  if (const AttributeMask hidden =
          HiddenOf(env, person, *plan, *audience, discloser);
      (wanted & hidden) != 0)
    return NoAutomaticAnswer();
  draft.SetPermit(permit);
  draft.ForgetConsent();  // none exists yet
  draft.SetProvider(discloser.id);
  draft.SetReleased(wanted, 0, "");

  return answer();
}

absl::StatusOr<std::string> ReadRecords(Environment& env, const Ask& ask,
                                        const System& system,
                                        const PolicyEngine& policy) {
  records::v1::ListRecordsRequest request;
  if (!request.ParseFromString(ask.message))
    return NotParsed("psm.records.v1.ListRecordsRequest");
  // Who shows businesses theirs shows nobody a person's.
  const bool corporations =
      request.subject().empty() && !request.corporation().empty();
  PSM_RETURN_IF_ERROR(
      policy.MayReadRecords(system, corporations ? kCorporations : kPersons,
                            ask.affair, env.clock.Now()));
  RecordQuery query;
  bool is_protected = false;
  if (request.subject().empty() == request.corporation().empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "SUBJECT_REQUIRED",
                     Party::kConsumer,
                     "name either a subject or a corporation");
  }
  if (!request.subject().empty()) {
    PSM_ASSIGN_OR_RETURN(PersonNumber person,
                         DecodeOwn(env, system, request.subject()));
    is_protected = IsProtected(env, person);
    query.subject =
        env.scopes.For(SubjectScopeKind::kRecords, "").Encode(person);
  }
  query.corporation = request.corporation();
  if (request.has_start_time())
    query.start_time = FromTimestamp(request.start_time());
  if (request.has_end_time())
    query.end_time = FromTimestamp(request.end_time());
  const int size =
      request.page_size() <= 0 ? 100 : std::min(request.page_size(), 1000);
  query.limit = static_cast<std::size_t>(size);
  query.page_token = request.page_token();

  PSM_ASSIGN_OR_RETURN(const records::v1::ListRecordsResponse response,
                       ReadHistory(env.log, std::move(query), policy,
                                   is_protected ? Municipalities::kNotNamed
                                                : Municipalities::kNamed));
  return response.SerializeAsString();
}

// Proofs of the caller's own receipts. What is another's is not there.
absl::StatusOr<std::string> ProveReceipts(Environment& env, const Ask& ask,
                                          const System& system) {
  records::v1::GetProofsRequest request;
  if (!request.ParseFromString(ask.message))
    return NotParsed("psm.records.v1.GetProofsRequest");
  if (request.items().empty() || request.items_size() > kMaxProofs) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "PROOF_REQUEST_INVALID",
        Party::kConsumer,
        absl::StrCat("ask for 1 to ", kMaxProofs, " proofs at a time"));
  }
  records::v1::GetProofsResponse response;
  for (const auto& item : request.items()) {
    PSM_ASSIGN_OR_RETURN(ProvedRecord proved,
                         env.log.Prove(item.index(), item.tree_size()));
    const bool is_callers = proved.record.consumer() == system.id &&
                            (!item.left_out() || HasReceipt(proved.record));
    if (!proved.expunged && !is_callers) {
      return MakeError(absl::StatusCode::kNotFound, "RECEIPT_UNKNOWN",
                       Party::kConsumer,
                       "there is no such record for the caller",
                       {{"index", std::to_string(item.index())}});
    }
    *response.add_proofs() = ShownProof(item, proved);
  }
  return response.SerializeAsString();
}

}  // namespace

Task<Answer> Enrol(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  absl::StatusOr<std::string> message =
      EnrolPerson(env, caller->system(), draft);
  if (!message.ok()) co_return co_await Refuse(env, draft, message.status());
  co_return co_await ReleaseRecorded(env, draft, *message);
}

Task<Answer> Disclose(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  MethodPlan events;
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  absl::StatusOr<std::string> message =
      DiscloseTo(env, ask, *policy, caller->system(), draft, events);
  if (!message.ok()) co_return co_await Refuse(env, draft, message.status());
  co_return co_await ReleaseRecorded(env, draft, *message);
}

Task<Answer> ListRecords(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return Unrecorded(caller.status(), "");
  absl::StatusOr<std::string> message =
      ReadRecords(env, ask, caller->system(), *policy);
  if (!message.ok()) co_return Unrecorded(message.status(), "");
  co_return Unrecorded(absl::OkStatus(), *std::move(message));
}

Task<Answer> GetProofs(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return Unrecorded(caller.status(), "");
  absl::StatusOr<std::string> message =
      ProveReceipts(env, ask, caller->system());
  if (!message.ok()) co_return Unrecorded(message.status(), "");
  co_return Unrecorded(absl::OkStatus(), *std::move(message));
}

}  // namespace psm
