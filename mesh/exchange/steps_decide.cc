// From the certificate to the permit: what is decided before anything is asked
// of a provider.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/exchange/protection.h"
#include "mesh/exchange/steps.h"

namespace psm {
namespace {

// Codes that are not the caller's own: a person's mistake now and then, or
// somebody who guesses.
constexpr double kForeignCodesPerSecond = 1;
constexpr double kForeignCodesAtOnce = 50;

// Under one exchange id. More are no retries, and all are read at each.
constexpr std::size_t kMaxRecordsOfAnId = 1000;

std::string ForeignCodeBucket(const System& consumer) {
  return absl::StrCat("foreign code ", consumer.id);
}

absl::Status QuotaExceeded(absl::Duration wait, absl::string_view what) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED", Party::kConsumer,
      absl::StrCat(what, "; try again later"),
      {{"retry_after_ms", absl::StrCat(absl::ToInt64Milliseconds(wait) + 1)}});
}

// A public corporate number (法人番号). Whether it is assigned is the
// register's business; here it keeps anything else out of the records.
bool IsCorporateNumber(absl::string_view text) {
  return text.size() == 13 && std::all_of(text.begin(), text.end(), [](char c) {
           return c >= '0' && c <= '9';
         });
}

absl::Status ProviderRequired(const MethodPlan& plan) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "PROVIDER_REQUIRED", Party::kConsumer,
      "several systems provide this service, and it is not known which one "
      "to ask; name it in psm-provider",
      {{"service", plan.service}});
}

// Those who hold a person, in the order of `ids`, as far as they provide the
// service today.
std::vector<const System*> HoldersAmong(
    const std::vector<const System*>& providers,
    const std::vector<std::string>& ids) {
  std::vector<const System*> holders;
  for (const std::string& id : ids) {
    for (const System* provider : providers) {
      if (provider->id == id) holders.push_back(provider);
    }
  }
  return holders;
}

// Which provider it is would say where the person lives.
bool AnyLocates(const PolicyEngine& policy, const MethodPlan& plan,
                const System& consumer) {
  const std::vector<const System*>& providers =
      policy.directory().ProvidersOf(plan.service);
  return std::any_of(
      providers.begin(), providers.end(),
      [&](const System* provider) { return Locates(*provider, consumer); });
}

absl::Status ConsentOfAnother() {
  return MakeError(absl::StatusCode::kPermissionDenied, "CONSENT_INVALID",
                   Party::kConsumer,
                   "the consent is not one of the person asked about; send "
                   "that person's own token");
}

// Who acts for `person`, by a verified token.
absl::StatusOr<PersonNumber> WhoActs(
    const Representation& by, const System& consumer, SubjectScope& scope,
    const std::optional<PersonNumber>& person) {
  if (by.consumer != consumer.id)
    return RepresentationInvalid("was issued to another consumer");
  const absl::StatusOr<PersonNumber> represented = scope.Decode(by.subject);
  if (!represented.ok() || person != *represented)
    return RepresentationInvalid("is not one for the person asked about");
  const absl::StatusOr<PersonNumber> acts = scope.Decode(by.representative);
  if (!acts.ok())
    return RepresentationInvalid("names who acts by a code of another agency");
  return *acts;
}

}  // namespace

absl::StatusOr<const System*> ChooseProvider(
    const Ask& ask, const PolicyEngine& policy, const MethodPlan& plan,
    const HoldingRegister* holdings,
    const std::optional<PersonNumber>& person) {
  const std::vector<const System*>& providers =
      policy.directory().ProvidersOf(plan.service);
  if (!ask.provider.empty()) {
    for (const System* provider : providers) {
      if (provider->id == ask.provider) return provider;
    }
    return MakeError(
        absl::StatusCode::kInvalidArgument, "PROVIDER_UNKNOWN",
        Party::kConsumer,
        "psm-provider must name a system that provides this service",
        {{"service", plan.service}});
  }
  if (providers.size() == 1) return providers.front();
  if (providers.empty()) {
    return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                     Party::kProvider, "no system provides this service",
                     {{"service", plan.service}});
  }
  if (holdings != nullptr && person.has_value()) {
    const std::vector<const System*> holders =
        HoldersAmong(providers, holdings->HoldersOf(plan.service, *person));
    if (holders.size() == 1 || (plan.one_holder && !holders.empty()))
      return holders.front();
  }
  return ProviderRequired(plan);
}

absl::StatusOr<Caller> Authenticate(Environment& env, const Ask& ask,
                                    const PolicyEngine& policy) {
  PSM_RETURN_IF_ERROR(ask.peer->CheckCertificate(env.clock.Now()));
  const System* system = policy.directory().FindSystem(ask.peer->system_id());
  if (system == nullptr) {
    return MakeError(absl::StatusCode::kPermissionDenied, "UNKNOWN_SYSTEM",
                     Party::kConsumer,
                     "the configuration does not know this system; add it to a "
                     "configuration folder",
                     {{"system", ask.peer->system_id()}});
  }
  return Caller(*system);
}

absl::Status Admit(Environment& env, const Caller& caller) {
  // Looks without taking: only a foreign code costs a token, in
  // IdentifySubjects.
  absl::Duration wait = env.rates.TimeToNext(ForeignCodeBucket(caller.system()),
                                             env.clock.Monotonic());
  if (wait > absl::ZeroDuration())
    return QuotaExceeded(wait,
                         "too many subject codes that are not this agency's");
  return absl::OkStatus();
}

void CountForeignCode(Environment& env, const System& consumer) {
  env.rates.Take(ForeignCodeBucket(consumer), kForeignCodesPerSecond,
                 kForeignCodesAtOnce, env.clock.Monotonic());
}

absl::StatusOr<Contracted> ResolveContract(const Ask& ask,
                                           const PolicyEngine& policy,
                                           Caller caller, Draft& draft) {
  const MethodPlan* plan = policy.contracts().FindByPath(ask.path);
  if (plan == nullptr) {
    return MakeError(absl::StatusCode::kUnimplemented, "UNKNOWN_METHOD",
                     Party::kConsumer,
                     "no contract of this mesh has this method",
                     {{"method", draft.method()}});
  }
  draft.SetPlan(*plan);
  if (!plan->transparent && ask.affair.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "AFFAIR_REQUIRED",
                     Party::kConsumer, "name the affair in psm-affair",
                     {{"method", plan->name}});
  }
  return Contracted(caller.system(), *plan);
}

absl::Status NotOfThisForm(const MethodPlan& plan) {
  return MakeError(absl::StatusCode::kUnimplemented, "UNKNOWN_METHOD",
                   Party::kConsumer,
                   "the contract of this method has just changed; call again",
                   {{"method", plan.name}});
}

absl::StatusOr<Identified> IdentifySubjects(Environment& env, const Ask& ask,
                                            Contracted contracted,
                                            Draft& draft) {
  const System& consumer = contracted.consumer();
  SubjectScope& scope =
      env.scopes.For(consumer.agency->scope_kind(), consumer.agency->id);
  Identified identified(contracted);

  PSM_ASSIGN_OR_RETURN(Named named, FindNamed(contracted.plan(), ask.message));
  if (!named.corporation.empty() && !IsCorporateNumber(named.corporation)) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     "CORPORATE_NUMBER_MALFORMED", Party::kConsumer,
                     "a corporation is named by its number of 13 digits");
  }
  draft.SetCorporation(named.corporation);
  if (!named.subject.empty()) {
    if (consumer.agency->relying_party) {
      return MakeError(absl::StatusCode::kInvalidArgument,
                       "SUBJECT_NOT_ACCEPTED", Party::kConsumer,
                       "a relying party leaves the subject empty; the consent "
                       "token names it");
    }
    absl::StatusOr<PersonNumber> person = scope.Decode(named.subject);
    if (!person.ok()) {
      CountForeignCode(env, consumer);
      return person.status();
    }
    identified.person_ = *person;
    identified.subject_in_message_ = true;
    draft.SetSubject(*person);
  }

  if (!ask.consent.empty()) {
    PSM_ASSIGN_OR_RETURN(identified.consent_,
                         env.consents.Verify(ask.consent, env.clock.Now()));
    absl::StatusOr<PersonNumber> person =
        scope.Decode(identified.consent_->subject);
    // A token made for another consumer names the person by a code that is not
    // ours.
    if (!person.ok()) return ConsentOfAnother();
    if (identified.person_.has_value() && *identified.person_ != *person)
      return ConsentOfAnother();
    identified.person_ = *person;
    draft.SetSubject(*person);
  }

  if (!ask.representation.empty()) {
    PSM_ASSIGN_OR_RETURN(
        identified.representation_,
        env.consents.VerifyRepresentation(ask.representation, env.clock.Now()));
    const Representation& by = *identified.representation_;
    PSM_ASSIGN_OR_RETURN(const PersonNumber representative,
                         WhoActs(by, consumer, scope, identified.person_));
    draft.SetRepresentation(by.id, representative);
  }
  return identified;
}

absl::StatusOr<Authorised> Authorise(Environment& env, const Ask& ask,
                                     const PolicyEngine& policy,
                                     Identified identified, Draft& draft) {
  const System& consumer = identified.consumer();
  const MethodPlan& plan = identified.plan();
  const absl::Time now = env.clock.Now();
  PSM_RETURN_IF_ERROR(policy.MayCall(consumer, plan, ask.affair, now,
                                     identified.representation()));

  Question question;
  question.consumer = &consumer;
  question.plan = &plan;
  question.affair = ask.affair;
  question.wanted = ask.wanted;
  question.consent = identified.consent();
  question.representation = identified.representation();
  question.now = now;
  // Says too little for a permit, and is withheld where the rest would be.
  const auto without_permit = [&](const absl::Status& refusal) {
    if (const CompiledAgreement* withholding =
            policy.FindWithholding(consumer, plan, ask.affair, now))
      draft.SetAgreement(*withholding);
    return refusal;
  };
  const std::optional<PersonNumber>& person = identified.person();
  const bool by_holding =
      ask.provider.empty() &&
      policy.directory().ProvidersOf(plan.service).size() > 1;
  absl::StatusOr<const System*> provider =
      ChooseProvider(ask, policy, plan, env.holdings, person);
  // Before anything hangs on who it is, and whether it is anybody.
  if (by_holding && person.has_value() && IsProtected(env, *person) &&
      AnyLocates(policy, plan, consumer) &&
      (!provider.ok() || Locates(**provider, consumer)))
    return without_permit(NoAutomaticAnswer());
  if (!provider.ok()) return without_permit(provider.status());
  question.provider = *provider;
  if (!by_holding) draft.SetProvider(question.provider->id);
  absl::StatusOr<Permit> authorised = policy.Authorise(question);
  if (!authorised.ok() && by_holding &&
      ReasonOf(authorised.status()) != "CONSENT_INVALID" &&
      absl::IsPermissionDenied(authorised.status())) {
    // That the holder is none of those whom the agreement names says as much as
    // its name.
    return without_permit(ProviderRequired(plan));
  }
  if (!authorised.ok()) return authorised.status();
  Permit permit = *std::move(authorised);
  draft.SetPermit(permit);

  if (plan.request_subject_field != 0 && !person.has_value()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "SUBJECT_REQUIRED",
                     Party::kConsumer, "name the person by your agency's code");
  }
  AttributeMask hidden = 0;
  if (person.has_value()) {
    PSM_RETURN_IF_ERROR(
        CheckMayAnswer(env, *person, consumer, permit.provider()));
    hidden = HiddenOf(env, *person, plan, consumer, permit.provider());
  }
  if (identified.representation() != nullptr) {
    PSM_RETURN_IF_ERROR(env.consents.CheckInForce(*identified.representation(),
                                                  now, env.clock.Monotonic()));
  }
  if (!permit.consent_id().empty()) {
    PSM_RETURN_IF_ERROR(
        env.consents.CheckInForce(permit.consent_id(), env.clock.Monotonic()));
  }
  if (const std::uint32_t rate = permit.agreement().max_calls_per_second;
      rate != 0) {
    absl::Duration wait =
        env.rates.Take(absl::StrCat("agreement ", permit.agreement().id), rate,
                       rate, env.clock.Monotonic());
    if (wait > absl::ZeroDuration())
      return QuotaExceeded(wait, "the agreement allows no more calls a second");
  }
  return Authorised(std::move(identified), std::move(permit), hidden);
}

absl::Status CheckExchangeId(Environment& env, const Ask& ask, Draft& draft) {
  if (ask.exchange_id.empty()) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(
      std::vector<StoredRecord> earlier,
      env.log.FindExchange(ask.peer->system_id(), ask.exchange_id,
                           env.clock.Now() - absl::Hours(24)));
  if (earlier.size() >= kMaxRecordsOfAnId) {
    return MakeError(
        absl::StatusCode::kAlreadyExists, "EXCHANGE_ID_REUSED",
        Party::kConsumer,
        "this psm-exchange-id has been used too often; choose a new one");
  }
  for (const StoredRecord& stored : earlier) {
    const records::v1::Record& record = stored.record;
    const bool released = record.kind() == records::v1::Record::EXCHANGE;
    const bool other_consent =
        released && record.consent_id() != draft.consent_id();
    // Of the person's own entry and of who acts, not of those whom the answer
    // named.
    const bool other_representation =
        released && (!record.named_in_answer() || record.acting()) &&
        record.representation_id() != draft.representation_id();
    if (other_consent || other_representation ||
        record.method() != draft.method() || record.affair() != ask.affair ||
        record.request_digest() != draft.request_digest()) {
      return MakeError(
          absl::StatusCode::kAlreadyExists, "EXCHANGE_ID_REUSED",
          Party::kConsumer,
          "this psm-exchange-id belongs to another request; choose a new one");
    }
  }
  draft.SetEarlier(std::move(earlier));
  return absl::OkStatus();
}

}  // namespace psm
