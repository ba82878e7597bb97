// An event and the token behind it are written in one transaction: neither is
// taken without the other, so what was taken does not come again and what was
// not taken does.
#include "mesh/agency/event_subscription.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/timestamp.h"
#include "psm/events/v1/events.grpc.pb.h"

namespace psm::agency {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);
constexpr std::size_t kMostConsents = 256;  // events.proto
constexpr absl::Duration kWatchInterval = absl::Milliseconds(500);

LifeEvent FromWire(const events::v1::Event& from) {
  LifeEvent event;
  event.id = from.id();
  event.type = from.type();
  event.subject = from.subject();
  event.effective_date = from.effective_date();
  event.publisher = from.publisher();
  event.publish_time = FromTimestamp(from.publish_time());
  return event;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventSubscription>> EventSubscription::Start(
    Database& database, GatewaySource gateway, EventSubscriptionOptions options,
    Take take) {
  PSM_RETURN_IF_ERROR(
      database.Write([](soci::session& session) -> absl::Status {
        session << "create table if not exists event_subscriptions ("
                   "affair text primary key, token text not null)";
        return absl::OkStatus();
      }));
  return std::unique_ptr<EventSubscription>(new EventSubscription(
      database, std::move(gateway), std::move(options), std::move(take)));
}

EventSubscription::EventSubscription(Database& database, GatewaySource gateway,
                                     EventSubscriptionOptions options,
                                     Take take)
    : database_(database),
      gateway_(std::move(gateway)),
      options_(std::move(options)),
      take_(std::move(take)),
      thread_([this] { Run(); }),
      watch_([this] { Watch(); }) {}

EventSubscription::~EventSubscription() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    if (following_ != nullptr) following_->TryCancel();
  }
  stop_.NotifyAll();
  thread_.join();
  watch_.join();
}

void EventSubscription::Refresh() {
  MutexLock lock(mu_);
  moves_ = true;
  if (following_ != nullptr) following_->TryCancel();
  stop_.NotifyAll();
}

void EventSubscription::Run() {
  absl::Duration pause = kFirstPause;
  for (;;) {
    progress_ = false;
    const absl::Status ended = Follow();
    if (progress_) pause = kFirstPause;
    MutexLock lock(mu_);
    if (stopping_) return;
    if (std::exchange(moves_, false)) continue;
    if (ReasonOf(ended) == "EVENTS_EXPIRED") {
      missed_ = true;
      LogError("events_missed", {{"affair", options_.affair},
                                 {"effect", "this agency has to reconcile"}});
    } else if (followed_.value_or(true)) {
      followed_ = false;
      LogWarning("events_not_followed",
                 {{"affair", options_.affair},
                  {"error", ended.ToString(
                                absl::StatusToStringMode::kWithNoExtraData)}});
    }
    stop_.WaitFor(mu_, absl::ToChronoNanoseconds(pause));
    if (stopping_) return;
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::Status EventSubscription::Follow() {
  events::v1::SubscribeRequest request;
  request.mutable_types()->Add(options_.types.begin(), options_.types.end());
  {
    // What comes into the consents after this has Refresh called after this.
    MutexLock lock(mu_);
    moves_ = false;
  }
  if (options_.consents) {
    PSM_ASSIGN_OR_RETURN(const std::vector<std::string> tokens,
                         options_.consents());
    const std::size_t count = std::min(tokens.size(), kMostConsents);
    request.mutable_consents()->Add(
        tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (!missed_) {
    PSM_ASSIGN_OR_RETURN(*request.mutable_resume_token(), Token());
  }
  const std::unique_ptr<grpc::ClientContext> context =
      Outgoing(nullptr, options_.affair, absl::InfiniteDuration());
  const std::shared_ptr<grpc::Channel> channel = gateway_();
  {
    MutexLock lock(mu_);
    if (stopping_) return absl::CancelledError("the subscription ends");
    if (moves_) return absl::CancelledError("the consents are others");
    following_ = context.get();
    channel_ = channel;
  }
  events::v1::EventsService::Stub stub(channel);
  const auto stream = stub.Subscribe(context.get(), request);
  absl::Status taken;
  events::v1::SubscribeResponse response;
  while (taken.ok() && stream->Read(&response)) {
    if (response.refused_consents_size() > 0) {
      LogWarning("event_consents_refused",
                 {{"affair", options_.affair},
                  {"count", std::to_string(response.refused_consents_size())}});
    }
    taken = database_.Write([&](soci::session& session) -> absl::Status {
      if (missed_ && options_.missed)
        PSM_RETURN_IF_ERROR(options_.missed(session));
      if (response.has_event())
        PSM_RETURN_IF_ERROR(take_(session, FromWire(response.event())));
      return KeepToken(session, response.resume_token());
    });
    if (!taken.ok()) {
      LogError("event_not_taken",
               {{"affair", options_.affair},
                {"type", response.event().type()},
                {"error",
                 taken.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
      context->TryCancel();
      break;
    }
    missed_ = false;
    progress_ = true;
    Followed(true);
  }
  const absl::Status ended = FromGrpc(stream->Finish());
  MutexLock lock(mu_);
  following_ = nullptr;
  return taken.ok() ? ended : taken;
}

void EventSubscription::Watch() {
  MutexLock lock(mu_);
  while (!stopping_) {
    stop_.WaitFor(mu_, absl::ToChronoNanoseconds(kWatchInterval));
    if (following_ == nullptr || moves_ || gateway_() == channel_) continue;
    moves_ = true;
    following_->TryCancel();
  }
}

absl::StatusOr<std::string> EventSubscription::Token() {
  std::string token;
  PSM_RETURN_IF_ERROR(
      database_.Read([&](soci::session& session) -> absl::Status {
        session << "select token from event_subscriptions where affair = :a",
            soci::use(options_.affair), soci::into(token);
        if (!session.got_data()) token.clear();
        return absl::OkStatus();
      }));
  return token;
}

absl::Status EventSubscription::KeepToken(soci::session& session,
                                          const std::string& token) {
  session << "insert into event_subscriptions (affair, token) values (:a, :t) "
             "on conflict (affair) do update set token = excluded.token",
      soci::use(options_.affair, "a"), soci::use(token, "t");
  return absl::OkStatus();
}

void EventSubscription::Followed(bool is) {
  if (is == followed_) return;
  followed_ = is;
  LogInfo("events_followed", {{"affair", options_.affair}});
}

}  // namespace psm::agency
