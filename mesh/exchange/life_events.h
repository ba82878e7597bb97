// EventsService: who may publish a life event, and who is told of it. Knows no
// streams: a subscription is asked for its next messages.
#ifndef PSM_MESH_EXCHANGE_LIFE_EVENTS_H_
#define PSM_MESH_EXCHANGE_LIFE_EVENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "mesh/policy/consent.h"
#include "mesh/subjects/subject_code.h"
#include "psm/events/v1/events.pb.h"

namespace psm {

inline constexpr char kSubscribePath[] =
    "/psm.events.v1.EventsService/Subscribe";

// psm.events.v1.EventsService/Publish; errors as the proto says.
Task<Answer> PublishEvent(Environment& env, Ask ask);

// Most consents that one subscription begins with: each is a signature to
// verify before anything else on the worker goes on.
inline constexpr int kMaxEventConsents = 256;

// What a subscription gives next.
struct Deliveries {
  // Serialised SubscribeResponses whose records are durable.
  std::vector<std::string> messages;
  // Whether there is more to look at now; else: when there is news.
  bool more = false;
};

// One consumer's way through the events. Belongs to one worker; `env`, and what
// the ask points to, outlive it. An event is decided on when it is about to
// leave, by the configuration, the certificate, the consents and the protection
// of then.
class Subscription {
 public:
  // Decides whether there may be one; a refusal is recorded. Errors as the
  // proto says of Subscribe.
  static Task<absl::StatusOr<std::unique_ptr<Subscription>>> Open(
      Environment& env, Ask ask);

  // The first message: where it begins.
  std::string Begin();

  // Records deliveries durably, and gives them. One call at a time. An error is
  // the subscription's end.
  Task<absl::StatusOr<Deliveries>> Next();

 private:
  struct Candidate;

  Subscription(Environment& env, Ask ask) : env_(env), ask_(std::move(ask)) {}
  // Why the consumer may be told of an event now.
  struct Basis {
    const CompiledAgreement* agreement = nullptr;  // null: it may not
    const Consent* consent = nullptr;  // null: a statute; else one of consents_
    bool hidden = false;               // without its publisher
  };

  absl::Status Take(const events::v1::SubscribeRequest& request,
                    const System& consumer);
  // Verifies the tokens, each by itself: one that somebody handed the company
  // in bad faith must not stop the others' events.
  absl::Status TakeConsents(const events::v1::SubscribeRequest& request,
                            const System& consumer);
  // CONSENT_STATE_STALE where nobody knows whether the consent holds: to pass
  // the event over then would lose it.
  absl::StatusOr<Basis> BasisOf(const PolicyEngine& policy,
                                const LifeEvent& event) const;
  // Fills in what leaves and what is recorded of an event, if it may be told.
  absl::Status Consider(const PolicyEngine& policy, const LifeEvent& event,
                        std::vector<Candidate>& candidates);
  std::string DeliveryId(const LifeEvent& event) const;
  std::string TokenAt(std::uint64_t sequence) const;

  Environment& env_;
  const Ask ask_;
  std::vector<std::string> types_;  // empty: all
  // By person: what the company was trusted with, verified at the beginning.
  absl::flat_hash_map<PersonNumber, std::vector<std::shared_ptr<const Consent>>>
      consents_;
  std::vector<int> refused_;    // of the request's consents, from 0
  std::uint64_t begin_ = 0;     // sequence it was resumed at
  std::uint64_t known_ = 0;     // of the newest event at the beginning
  std::uint64_t position_ = 0;  // of the last event looked at
  std::uint64_t told_ = 0;      // that the consumer has a token of
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_LIFE_EVENTS_H_
