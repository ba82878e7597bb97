#include "mesh/gateway/room.h"

#include <utility>
#include <vector>

#include "mesh/base/log.h"
#include "mesh/gateway/consent_follower.h"

namespace psm {
namespace {

constexpr absl::Duration kWriteRefusalsEvery = absl::Seconds(5);

// Asks once, with a bound of its own.
Task<absl::Status> AskOnce(Environment& env, edge::TimerQueue& timers) {
  Cancellation cancellation;
  edge::Timer late(timers, [&] {
    cancellation.Cancel(
        absl::DeadlineExceededError("the consent feed did not answer"));
  });
  late.Set(kConsentMaxAge);
  Task<absl::Status> follow = FollowConsents(env, cancellation);
  absl::Status followed = co_await follow;
  co_return followed;
}

Task<absl::Status> AppendCounted(Environment& env) {
  std::vector<records::v1::Record> counted =
      env.refusals.TakeFinished(env.clock.Now());
  if (counted.empty()) co_return absl::OkStatus();
  Completion<absl::Status> recorded;
  env.log.Append(std::move(counted), env.executor, &recorded);
  absl::Status durable = co_await recorded;
  co_return durable;
}

}  // namespace

Room::Room(int index, const SharedState& shared,
           std::shared_ptr<const PolicyEngine> policy,
           std::unique_ptr<SubjectScopes> scopes,
           std::shared_ptr<const edge::TlsConfig> tls)
    : worker_(shared.clock, index),
      scopes_(std::move(scopes)),
      upstream_(worker_, shared.endpoints, tls, edge::UpstreamLimits()),
      tls_(std::move(tls)),
      env_{shared.clock, std::move(policy), *scopes_,        shared.consents,
           shared.log,   worker_,           upstream_,       SystemRandom(),
           rates_,       shared.refusals,   shared.observer, shared.gateway},
      desk_(env_, tls_) {}

void Room::Update(std::shared_ptr<const PolicyEngine> policy) {
  worker_.Post([this, policy = std::move(policy)]() mutable {
    env_.policy = std::move(policy);
  });
}

void Room::Update(std::shared_ptr<const edge::TlsConfig> tls) {
  upstream_.Update(tls);
  worker_.Post(
      [this, tls = std::move(tls)]() mutable { tls_ = std::move(tls); });
}

void Room::TakeChores() {
  consents_ = std::make_unique<edge::Timer>(worker_.timers(),
                                            [this] { AskForConsents(); });
  refusals_ = std::make_unique<edge::Timer>(worker_.timers(),
                                            [this] { WriteRefusals(); });
  worker_.Post([this] {
    AskForConsents();
    refusals_->Set(kWriteRefusalsEvery);
  });
}

void Room::AskForConsents() {
  psm::Start(AskOnce(env_, worker_.timers()), [this](absl::Status followed) {
    if (followed.ok() != consents_followed_) {
      consents_followed_ = followed.ok();
      if (followed.ok()) {
        LogInfo("consents_followed");
      } else {
        LogWarning("consents_not_followed",
                   {{"error", std::string(followed.message())},
                    {"effect", "exchanges based on consent are refused"}});
      }
    }
    consents_->Set(kConsentAskEvery);
  });
}

void Room::WriteRefusals() {
  psm::Start(AppendCounted(env_), [this](absl::Status durable) {
    if (!durable.ok())
      LogError("counted_refusals_lost",
               {{"error", std::string(durable.message())}});
    refusals_->Set(kWriteRefusalsEvery);
  });
}

}  // namespace psm
