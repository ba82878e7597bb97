// The order for each event is that of an exchange: looked at under the policy
// in force, recorded, durably, looked at once more, and only then given out.
#include "mesh/exchange/life_events.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/own_answer.h"
#include "mesh/exchange/protection.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"
#include "mesh/records/leg_exchange_id.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

constexpr std::size_t kAtOnce = 64;       // events looked at in one step
constexpr std::uint64_t kQuietly = 1024;  // events passed over without a word

absl::Status NoQueue() {
  return MakeError(absl::StatusCode::kUnavailable, "EVENTS_NOT_DURABLE",
                   Party::kGateway, "this gateway keeps no events");
}

// The contract of a method about one event: its type is the attribute.
MethodPlan PlanOf(absl::string_view method, const std::string& type) {
  MethodPlan plan;
  plan.name = std::string(method);
  plan.dataset = EventsPlan().dataset;
  plan.attributes = {type};
  return plan;
}

}  // namespace

Task<Answer> PublishEvent(Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  absl::Status admitted = Admit(env, *caller);
  if (!admitted.ok()) co_return co_await Refuse(env, draft, admitted);
  const System& system = caller->system();
  events::v1::PublishRequest request;
  if (!request.ParseFromString(ask.message))
    co_return Unrecorded(NotParsed("psm.events.v1.PublishRequest"), "");
  draft.SetProvider(kGatewaySystem);
  if (!system.Publishes(request.type())) {
    const absl::Status refused =
        MakeError(absl::StatusCode::kPermissionDenied, "NOT_A_PUBLISHER",
                  Party::kConsumer,
                  "the configuration lists no such event type for this system",
                  {{"system", system.id}});
    co_return co_await Refuse(env, draft, refused);
  }
  const MethodPlan plan =
      PlanOf("psm.events.v1.EventsService/Publish", request.type());
  draft.SetPlan(plan);
  absl::StatusOr<PersonNumber> person =
      DecodeOwn(env, system, request.subject());
  if (!person.ok()) co_return co_await Refuse(env, draft, person.status());
  draft.SetSubject(*person);
  if (!StartOfDay(request.effective_date()).has_value()) {
    const absl::Status refused =
        MakeError(absl::StatusCode::kInvalidArgument, "EVENT_MALFORMED",
                  Party::kConsumer, "effective_date is a day, YYYY-MM-DD");
    co_return co_await Refuse(env, draft, refused);
  }
  absl::Status fresh = CheckExchangeId(env, ask, draft);
  if (!fresh.ok()) co_return co_await Refuse(env, draft, fresh);
  if (env.events == nullptr) co_return EndUnrecorded(env, draft, NoQueue());

  LifeEvent event;
  event.key = EventQueue::KeyOf(system.id, draft.exchange_id());
  event.person = *person;
  event.type = request.type();
  event.publisher = system.id;
  event.effective_date = request.effective_date();
  Completion<absl::Status> durable;
  env.events->Publish(event, env.executor, &durable);
  absl::Status published = co_await durable;
  if (!published.ok()) co_return EndUnrecorded(env, draft, published);
  const std::string nothing;
  draft.SetReleased(1, 0, nothing);
  co_return co_await ReleaseRecorded(env, draft, nothing);
}

struct Subscription::Candidate {
  LifeEvent event;
  std::string agreement;
  bool hidden = false;
  bool by_consent = false;
  std::string message;
  std::vector<records::v1::Record> records;  // none: recorded already
};

Task<absl::StatusOr<std::unique_ptr<Subscription>>> Subscription::Open(
    Environment& env, Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  draft.SetMethod(EventsPlan().name);
  draft.SetProvider(kGatewaySystem);
  events::v1::SubscribeRequest request;
  absl::Status refusal;
  std::unique_ptr<Subscription> subscription(new Subscription(env, ask));
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) {
    refusal = caller.status();
  } else if (!request.ParseFromString(ask.message)) {
    refusal = NotParsed("psm.events.v1.SubscribeRequest");
  } else if (ask.affair.empty()) {
    refusal = MakeError(absl::StatusCode::kInvalidArgument, "AFFAIR_REQUIRED",
                        Party::kConsumer, "name the affair in psm-affair",
                        {{"method", EventsPlan().name}});
  } else {
    refusal =
        policy->MaySubscribe(caller->system(), ask.affair, env.clock.Now());
    if (refusal.ok()) refusal = subscription->Take(request, caller->system());
  }
  if (refusal.ok()) co_return subscription;
  Answer refused = co_await Refuse(env, draft, refusal);
  co_return refused.status;
}

absl::Status Subscription::TakeConsents(
    const events::v1::SubscribeRequest& request, const System& consumer) {
  if (request.consents_size() > kMaxEventConsents) {
    return MakeError(absl::StatusCode::kInvalidArgument, "TOO_MANY_CONSENTS",
                     Party::kConsumer,
                     "a subscription begins with so many consents at most; "
                     "open another for the rest",
                     {{"most", absl::StrCat(kMaxEventConsents)}});
  }
  SubjectScope& scope =
      env_.scopes.For(consumer.agency->scope_kind(), consumer.agency->id);
  for (int i = 0; i < request.consents_size(); ++i) {
    const std::string& token = request.consents(i);
    absl::StatusOr<std::shared_ptr<const Consent>> consent =
        env_.consents.Verify(token, env_.clock.Now());
    if (absl::IsUnavailable(consent.status())) return consent.status();
    if (!consent.ok()) {
      refused_.push_back(i);
      continue;
    }
    absl::StatusOr<PersonNumber> person = scope.Decode((*consent)->subject);
    if (!person.ok() || (*consent)->consumer != consumer.id ||
        (*consent)->affair != ask_.affair ||
        (*consent)->method != EventsPlan().name) {
      refused_.push_back(i);
      continue;
    }
    consents_[*person].push_back(*std::move(consent));
  }
  return absl::OkStatus();
}

absl::Status Subscription::Take(const events::v1::SubscribeRequest& request,
                                const System& consumer) {
  if (env_.events == nullptr) return NoQueue();
  PSM_RETURN_IF_ERROR(TakeConsents(request, consumer));
  types_.assign(request.types().begin(), request.types().end());
  known_ = env_.events->last_sequence();
  begin_ = known_;
  if (!request.resume_token().empty()) {
    const std::string method =
        absl::StrCat(EventsPlan().name, " ", ask_.affair);
    absl::StatusOr<std::string> opened = env_.pages.Open(
        {ask_.peer->system_id(), kGatewaySystem, method, std::nullopt},
        request.resume_token());
    if (!opened.ok() || !absl::SimpleAtoi(*opened, &begin_)) {
      return MakeError(absl::StatusCode::kInvalidArgument,
                       "RESUME_TOKEN_INVALID", Party::kConsumer,
                       "the token is not one of this consumer and affair; use "
                       "the newest you got, or none");
    }
    PSM_RETURN_IF_ERROR(env_.events->Read(begin_, 0).status());
  }
  position_ = begin_;
  told_ = begin_;
  return absl::OkStatus();
}

std::string Subscription::TokenAt(std::uint64_t sequence) const {
  const std::string method = absl::StrCat(EventsPlan().name, " ", ask_.affair);
  return env_.pages
      .Seal({ask_.peer->system_id(), kGatewaySystem, method, std::nullopt},
            absl::StrCat(sequence))
      .value();  // is short enough
}

std::string Subscription::Begin() {
  events::v1::SubscribeResponse response;
  response.set_resume_token(TokenAt(begin_));
  response.mutable_refused_consents()->Add(refused_.begin(), refused_.end());
  return response.SerializeAsString();
}

std::string Subscription::DeliveryId(const LifeEvent& event) const {
  return LegExchangeId(
      event.key, absl::StrCat("psm event delivery\n", ask_.peer->system_id(),
                              "\n", ask_.affair));
}

absl::StatusOr<Subscription::Basis> Subscription::BasisOf(
    const PolicyEngine& policy, const LifeEvent& event) const {
  Basis basis;
  if (!types_.empty() &&
      std::find(types_.begin(), types_.end(), event.type) == types_.end())
    return basis;
  const Directory& directory = policy.directory();
  const System* consumer = directory.FindSystem(ask_.peer->system_id());
  const System* publisher = directory.FindSystem(event.publisher);
  // What it may not publish any more, nobody is told any more.
  if (consumer == nullptr || publisher == nullptr ||
      !publisher->Publishes(event.type))
    return basis;
  const absl::Time now = env_.clock.Now();
  basis.hidden =
      Locates(*publisher, *consumer) && IsProtected(env_, event.person);
  basis.agreement =
      policy.FindEvents(*consumer, ask_.affair, event.type, publisher->id,
                        basis.hidden, /*by_consent=*/false, now);
  // What a protected person once agreed to tell may be what finds the person
  // today.
  if (basis.agreement != nullptr || basis.hidden) return basis;
  const auto found = consents_.find(event.person);
  if (found == consents_.end()) return basis;
  const CompiledAgreement* const agreement =
      policy.FindEvents(*consumer, ask_.affair, event.type, publisher->id,
                        /*any_publisher=*/false, /*by_consent=*/true, now);
  if (agreement == nullptr) return basis;
  for (const std::shared_ptr<const Consent>& consent : found->second) {
    // A consent opens nothing that happened before it was given.
    if (now >= consent->expire_time ||
        event.publish_time < consent->issue_time ||
        std::find(consent->attributes.begin(), consent->attributes.end(),
                  event.type) == consent->attributes.end())
      continue;
    const absl::Status holds =
        env_.consents.CheckInForce(consent->id, env_.clock.Monotonic());
    if (absl::IsUnavailable(holds)) return holds;
    if (!holds.ok()) continue;
    basis.agreement = agreement;
    basis.consent = consent.get();
    break;
  }
  return basis;
}

absl::Status Subscription::Consider(const PolicyEngine& policy,
                                    const LifeEvent& event,
                                    std::vector<Candidate>& candidates) {
  PSM_ASSIGN_OR_RETURN(const Basis basis, BasisOf(policy, event));
  if (basis.agreement == nullptr) return absl::OkStatus();
  Candidate candidate;
  candidate.hidden = basis.hidden;
  candidate.by_consent = basis.consent != nullptr;
  const CompiledAgreement* const agreement = basis.agreement;
  const System& consumer =
      *policy.directory().FindSystem(ask_.peer->system_id());
  events::v1::SubscribeResponse response;
  response.set_resume_token(TokenAt(event.sequence));
  events::v1::Event& out = *response.mutable_event();
  out.set_id(DeliveryId(event));
  out.set_type(event.type);
  out.set_subject(
      env_.scopes.For(consumer.agency->scope_kind(), consumer.agency->id)
          .Encode(event.person));
  out.set_effective_date(event.effective_date);
  if (!candidate.hidden) out.set_publisher(event.publisher);
  SetTimestamp(event.publish_time, out.mutable_publish_time());
  candidate.message = response.SerializeAsString();
  candidate.agreement = agreement->id;

  const MethodPlan plan = PlanOf(EventsPlan().name, event.type);
  Ask delivery = ask_;
  delivery.exchange_id = out.id();
  delivery.ask_time = env_.clock.Now();
  Draft draft(env_, delivery);
  draft.SetPlan(plan);
  draft.SetSubject(event.person);
  draft.SetAgreement(*agreement);
  if (basis.consent != nullptr) draft.SetConsent(basis.consent->id);
  // The consumer may have its record opened to it, so that must not say more
  // than the event does.
  draft.SetProvider(candidate.hidden ? absl::string_view(kGatewaySystem)
                                     : absl::string_view(event.publisher));
  draft.SetProvided(event.publish_time, out.SerializeAsString());
  draft.SetReleased(1, 0, candidate.message);
  candidate.records =
      draft.Entries(env_, records::v1::Record::EXCHANGE, absl::OkStatus());
  candidate.event = event;
  candidates.push_back(std::move(candidate));
  return absl::OkStatus();
}

Task<absl::StatusOr<Deliveries>> Subscription::Next() {
  const std::shared_ptr<const PolicyEngine> policy = env_.policy;
  Deliveries deliveries;
  absl::StatusOr<Caller> caller = Authenticate(env_, ask_, *policy);
  if (!caller.ok()) co_return caller.status();
  absl::Status may =
      policy->MaySubscribe(caller->system(), ask_.affair, env_.clock.Now());
  if (!may.ok()) co_return may;
  absl::StatusOr<std::vector<LifeEvent>> events =
      env_.events->Read(position_, kAtOnce);
  if (!events.ok()) co_return events.status();

  std::vector<Candidate> candidates;
  for (const LifeEvent& event : *events) {
    absl::Status considered = Consider(*policy, event, candidates);
    if (!considered.ok()) co_return considered;
  }
  std::vector<records::v1::Record> records;
  for (Candidate& candidate : candidates) {
    // What it may have been given before it was cut off is recorded once.
    if (candidate.event.sequence <= known_) {
      absl::StatusOr<std::vector<StoredRecord>> earlier = env_.log.FindExchange(
          ask_.peer->system_id(), candidate.records.front().exchange_id(),
          candidate.event.publish_time);
      if (!earlier.ok()) co_return earlier.status();
      if (!earlier->empty()) continue;
    }
    for (records::v1::Record& record : candidate.records)
      records.push_back(std::move(record));
  }
  if (!records.empty()) {
    Completion<absl::StatusOr<Recorded>> recorded;
    env_.log.Append(std::move(records), env_.executor, &recorded);
    absl::StatusOr<Recorded> durable = co_await recorded;
    if (!durable.ok()) co_return durable.status();
  }

  // The disk may have taken its time: what ended meanwhile stays here.
  absl::Status still = ask_.peer->CheckCertificate(env_.clock.Now());
  if (!still.ok()) co_return still;
  for (Candidate& candidate : candidates) {
    absl::StatusOr<Basis> basis = BasisOf(*env_.policy, candidate.event);
    // What left before it goes on behind its token, this comes again.
    if (!basis.ok()) co_return basis.status();
    if (basis->agreement == nullptr || (basis->hidden && !candidate.hidden) ||
        (basis->consent != nullptr) != candidate.by_consent)
      continue;
    told_ = candidate.event.sequence;
    deliveries.messages.push_back(std::move(candidate.message));
  }
  if (!events->empty()) position_ = events->back().sequence;
  deliveries.more = events->size() == kAtOnce;
  if (position_ - told_ >= kQuietly) {
    told_ = position_;
    events::v1::SubscribeResponse response;
    response.set_resume_token(TokenAt(position_));
    deliveries.messages.push_back(response.SerializeAsString());
  }
  co_return deliveries;
}

}  // namespace psm
