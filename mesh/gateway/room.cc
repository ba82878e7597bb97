#include "mesh/gateway/room.h"

#include <utility>

namespace psm {

Room::Room(int index, const SharedState& shared,
           std::shared_ptr<const PolicyEngine> policy,
           std::unique_ptr<SubjectScopes> scopes,
           std::shared_ptr<const edge::TlsConfig> tls)
    : worker_(shared.clock, index),
      scopes_(std::move(scopes)),
      upstream_(worker_, shared.endpoints, tls, shared.upstream_limits),
      tls_(std::move(tls)),
      env_{shared.clock,   std::move(policy), *scopes_,
           shared.pages,   shared.consents,   shared.log,
           worker_,        upstream_,         SystemRandom(),
           rates_,         shared.refusals,   shared.observer,
           shared.gateway, &shared.holdings,  &shared.events},
      event_streams_(env_, worker_, tls_),
      batch_streams_(env_, tls_),
      desk_(env_, upstream_, event_streams_, batch_streams_, tls_) {}

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

void Room::EndStreams() {
  worker_.Post([this] {
    event_streams_.EndAll();
    batch_streams_.EndAll();
  });
}

void Room::TakeChores() {
  chores_ = std::make_unique<Chores>(env_, worker_.timers());
  worker_.Post([this] { chores_->Begin(); });
}

void Room::EndChores(absl::AnyInvocable<void()> done) {
  worker_.Post([this, done = std::move(done)]() mutable {
    chores_->End(std::move(done));
  });
}

}  // namespace psm
