// EventsService: who may publish a life event, and who is told of it. Knows no
// streams: a subscription is asked for its next messages.
#ifndef PSM_MESH_EXCHANGE_LIFE_EVENTS_H_
#define PSM_MESH_EXCHANGE_LIFE_EVENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "psm/events/v1/events.pb.h"

namespace psm {

inline constexpr char kSubscribePath[] =
    "/psm.events.v1.EventsService/Subscribe";

// psm.events.v1.EventsService/Publish; errors as the proto says.
Task<Answer> PublishEvent(Environment& env, Ask ask);

// What a subscription gives next.
struct Deliveries {
  // Serialised SubscribeResponses whose records are durable.
  std::vector<std::string> messages;
  // Whether there is more to look at now; else: when there is news.
  bool more = false;
};

// One consumer's way through the events. Belongs to one worker; `env`, and what
// the ask points to, outlive it. An event is decided on when it is about to
// leave, by the configuration, the certificate and the protection of then.
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
  absl::Status Take(const events::v1::SubscribeRequest& request);
  // The agreement under which the consumer may be told of the event now; null:
  // none. `hidden`: without its publisher.
  const CompiledAgreement* AgreementFor(const PolicyEngine& policy,
                                        const LifeEvent& event,
                                        bool* hidden) const;
  // Fills in what leaves and what is recorded of an event, if it may be told.
  bool Consider(const PolicyEngine& policy, const LifeEvent& event,
                std::vector<Candidate>& candidates);
  std::string DeliveryId(const LifeEvent& event) const;
  std::string TokenAt(std::uint64_t sequence) const;

  Environment& env_;
  const Ask ask_;
  std::vector<std::string> types_;  // empty: all
  std::uint64_t begin_ = 0;         // sequence it was resumed at
  std::uint64_t known_ = 0;         // of the newest event at the beginning
  std::uint64_t position_ = 0;      // of the last event looked at
  std::uint64_t told_ = 0;          // that the consumer has a token of
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_LIFE_EVENTS_H_
