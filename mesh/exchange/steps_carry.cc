// From the permit to the durable record: what is carried to the provider and
// back.
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/crypto/digest.h"
#include "mesh/exchange/protection.h"
#include "mesh/exchange/steps.h"
#include "mesh/exchange/trace.h"

namespace psm {
namespace {

SubjectScope& ScopeOf(Environment& env, const System& system) {
  return env.scopes.For(system.agency->scope_kind(), system.agency->id);
}

Listing ListingOf(const Authorised& authorised) {
  const Permit& permit = authorised.permit();
  return {authorised.identified().consumer().id, permit.provider().id,
          permit.plan().name, authorised.identified().person()};
}

// Writes the person already identified into the request: a request has at most
// one subject field. Opens the page token.
class RequestTranslator : public FieldTranslator {
 public:
  RequestTranslator(Environment& env, const Authorised& authorised)
      : env_(env), authorised_(authorised) {
    const std::optional<PersonNumber>& person =
        authorised.identified().person();
    if (person.has_value())
      code_ = ScopeOf(env, authorised.permit().provider()).Encode(*person);
  }
  absl::StatusOr<std::string> TranslateSubject(absl::string_view) override {
    return code_;
  }
  absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) override {
    return env_.pages.Open(ListingOf(authorised_), token);
  }
  const std::string& code() const { return code_; }

 private:
  Environment& env_;
  const Authorised& authorised_;
  std::string code_;  // the provider's; empty where nobody was identified
};

// Provider's codes to consumer's, and everyone named to the draft. Seals the
// page token.
class ResponseTranslator : public FieldTranslator {
 public:
  ResponseTranslator(Environment& env, const Authorised& authorised,
                     Draft& draft)
      : env_(env),
        authorised_(authorised),
        from_(ScopeOf(env, authorised.permit().provider())),
        to_(ScopeOf(env, authorised.identified().consumer())),
        draft_(draft) {}
  // Whether the answer names somebody who is protected.
  bool names_protected() const { return names_protected_; }
  absl::StatusOr<std::string> TranslateSubject(
      absl::string_view code) override {
    PSM_ASSIGN_OR_RETURN(PersonNumber person, from_.Decode(code));
    draft_.AddNamedInAnswer(person);
    names_protected_ = names_protected_ || IsProtected(env_, person);
    return to_.Encode(person);
  }
  absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) override {
    return env_.pages.Seal(ListingOf(authorised_), token);
  }

 private:
  Environment& env_;
  const Authorised& authorised_;
  SubjectScope& from_;
  SubjectScope& to_;
  Draft& draft_;
  bool names_protected_ = false;
};

// What the provider is told beside the message.
Metadata MetadataOf(Environment& env, const Ask& ask,
                    const Authorised& authorised, const Draft& draft) {
  const Permit& permit = authorised.permit();
  Metadata metadata;
  metadata.reserve(6);
  metadata.emplace_back("psm-consumer", ask.peer->system_id());
  metadata.emplace_back("psm-affair", ask.affair);
  metadata.emplace_back("psm-exchange-id", draft.exchange_id());
  metadata.emplace_back(
      "psm-attributes",
      absl::StrJoin(permit.plan().NamesOf(permit.attributes() & ask.wanted &
                                          ~authorised.hidden()),
                    ","));
  if (!permit.consent_id().empty()) {
    metadata.emplace_back(
        "psm-consent-id",
        ConsentIdFor(permit.provider().agency->id, permit.consent_id()));
  }
  if (std::string trace = ContinueTrace(ask.traceparent, env.random);
      !trace.empty()) {
    metadata.emplace_back("traceparent", std::move(trace));
  }
  return metadata;
}

absl::Status Malformed(const System& provider) {
  return MakeError(
      absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED",
      Party::kProvider,
      "the provider's answer breaks its contract and was not released",
      {{"provider", provider.id}});
}

}  // namespace

std::string ConsentIdFor(absl::string_view agency,
                         absl::string_view consent_id) {
  // No agency's id has a line feed, and identity's ids are random: whoever does
  // not have one finds it by no digest.
  return absl::BytesToHexString(
      Sha256(absl::StrCat("psm consent id\n", agency, "\n", consent_id))
          .substr(0, 16));
}

absl::Status InContractWords(const absl::Status& refusal,
                             const MethodPlan& plan, const System& provider) {
  const ProviderReason* reason = plan.FindReason(ReasonOf(refusal));
  if (reason == nullptr && absl::IsCancelled(refusal)) {
    // Nobody cancelled: gRPC servers end so what they have taken and not begun
    // when they are stopped.
    return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                     Party::kProvider,
                     "the provider gave the call up; try again",
                     {{"provider", provider.id}});
  }
  if (reason == nullptr) {
    return MakeError(refusal.code(), "PROVIDER_ERROR", Party::kProvider,
                     "the provider failed; ask its operator",
                     {{"provider", provider.id}});
  }
  return MakeError(refusal.code(), reason->id, Party::kProvider,
                   absl::StrCat("the provider refused: ", reason->remedy),
                   {{"provider", provider.id}, {"remedy", reason->remedy}});
}

absl::StatusOr<Encoded> EncodeForProvider(Environment& env, const Ask& ask,
                                          Authorised authorised, Draft& draft) {
  const Permit& permit = authorised.permit();
  const MethodPlan& plan = permit.plan();

  RequestTranslator translator(env, authorised);
  RewriteOptions options;
  options.allowed = permit.attributes();
  options.translator = &translator;
  if (plan.request_subject_field != 0 &&
      !authorised.identified().subject_in_message()) {
    options.insert_subject = translator.code();
    options.insert_field = plan.request_subject_field;
  }
  PSM_ASSIGN_OR_RETURN(Rewritten rewritten,
                       Rewrite(*plan.request, ask.message, options));

  ProviderRequest request;
  request.provider = &permit.provider();
  request.path = plan.path;
  request.message = std::move(rewritten.message);
  request.time_left = ask.deadline - env.clock.Monotonic();
  request.metadata = MetadataOf(env, ask, authorised, draft);
  draft.SetSent(rewritten.released, rewritten.withheld);
  return Encoded{std::move(authorised), std::move(request)};
}

Task<absl::StatusOr<Provided>> Invoke(Environment& env, const Ask& ask,
                                      Encoded& encoded, Draft& draft) {
  const Permit& permit = encoded.authorised.permit();
  draft.SetAsked(env.log);
  Completion<ProviderReply> completion;
  env.link.Invoke(std::move(encoded.request), *ask.cancellation, &completion);
  ProviderReply reply = co_await completion;
  if (!reply.status.ok() && !reply.from_provider) co_return reply.status;
  draft.SetProvided(env.clock.Now(), reply.message);
  if (!reply.status.ok())
    co_return InContractWords(reply.status, permit.plan(), permit.provider());
  co_return Provided{std::move(encoded.authorised), std::move(reply.message)};
}

absl::StatusOr<Minimised> Minimise(Environment& env, const Ask& ask,
                                   Provided provided, Draft& draft) {
  const Permit& permit = provided.authorised.permit();
  ResponseTranslator translator(env, provided.authorised, draft);
  RewriteOptions options;
  options.allowed =
      permit.attributes() & ask.wanted & ~provided.authorised.hidden();
  options.translator = &translator;
  absl::StatusOr<Rewritten> rewritten =
      Rewrite(*permit.plan().response, provided.message, options);
  if (!rewritten.ok()) return Malformed(permit.provider());
  // Whoever shares a household with the person asked about lives where that
  // one lives.
  const System& consumer = provided.authorised.identified().consumer();
  if (translator.names_protected() &&
      permit.provider().agency->id != consumer.agency->id &&
      (permit.provider().agency->municipality ||
       (permit.plan().locating & rewritten->released) != 0))
    return NoAutomaticAnswer();
  draft.SetReleased(rewritten->released, rewritten->withheld,
                    rewritten->message);
  return Minimised{std::move(provided.authorised),
                   std::move(rewritten->message)};
}

absl::Status CheckInForce(Environment& env, const Ask& ask,
                          const Authorised& authorised) {
  const Permit& permit = authorised.permit();
  PSM_RETURN_IF_ERROR(ask.peer->CheckCertificate(env.clock.Now()));
  PSM_RETURN_IF_ERROR(env.policy->Recheck(permit, env.clock.Now()));
  if (const Representation* const by = authorised.identified().representation();
      by != nullptr) {
    PSM_RETURN_IF_ERROR(
        env.consents.CheckInForce(*by, env.clock.Now(), env.clock.Monotonic()));
  }
  if (permit.consent_id().empty()) return absl::OkStatus();
  return env.consents.CheckInForce(permit.consent_id(), env.clock.Monotonic());
}

absl::StatusOr<Rechecked> Recheck(Environment& env, const Ask& ask,
                                  Minimised minimised) {
  if (ask.cancellation->cancelled()) return ask.cancellation->reason();
  const Authorised& authorised = minimised.authorised;
  const Permit& permit = authorised.permit();
  PSM_RETURN_IF_ERROR(CheckInForce(env, ask, authorised));
  if (authorised.identified().person().has_value()) {
    const PersonNumber& person = *authorised.identified().person();
    const System& consumer = authorised.identified().consumer();
    PSM_RETURN_IF_ERROR(
        CheckMayAnswer(env, person, consumer, permit.provider()));
    if (HiddenOf(env, person, permit.plan(), consumer, permit.provider()) !=
        authorised.hidden())
      return NoAutomaticAnswer();
  }
  return Rechecked(std::move(minimised));
}

Task<absl::StatusOr<Durable>> RecordDurably(Environment& env,
                                            Rechecked& rechecked,
                                            Draft& draft) {
  std::optional<Recorded> before = draft.RecordedBefore(env.log);
  if (before.has_value())
    co_return Durable(rechecked.TakeMessage(), *std::move(before));
  draft.EndExpected();
  Completion<absl::StatusOr<Recorded>> recorded;
  env.log.Append(
      draft.Entries(env, records::v1::Record::EXCHANGE, absl::OkStatus()),
      env.executor, &recorded);
  absl::StatusOr<Recorded> durable = co_await recorded;
  if (!durable.ok()) co_return durable.status();
  co_return Durable(rechecked.TakeMessage(), *std::move(durable));
}

Task<absl::Status> RecordIntent(Environment& env, Draft& draft) {
  if (draft.IntendedBefore()) {
    draft.SetIntended();
    co_return absl::OkStatus();
  }
  Completion<absl::StatusOr<Recorded>> recorded;
  env.log.Append(
      draft.Entries(env, records::v1::Record::INTENT, absl::OkStatus()),
      env.executor, &recorded);
  absl::StatusOr<Recorded> durable = co_await recorded;
  if (durable.ok()) draft.SetIntended();
  co_return durable.status();
}

}  // namespace psm
