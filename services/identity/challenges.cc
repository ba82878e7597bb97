#include "services/identity/challenges.h"

#include <utility>

#include "mesh/base/error.h"

namespace psm::identity {

Challenges::Challenge Challenges::Begin(absl::string_view consumer) {
  Challenge challenge{NewUuid(*random_), random_->Bytes(kChallengeSize)};
  const absl::Duration now = clock_->Monotonic();
  MutexLock lock(mu_);
  while (!order_.empty()) {
    const auto oldest = open_.find(order_.front());
    const bool dead = oldest == open_.end() || oldest->second.expire <= now;
    if (!dead && order_.size() < max_open_) break;
    DropOldest();
  }
  order_.push_back(challenge.id);
  open_[challenge.id] =
      Open{challenge.bytes, std::string(consumer), now + kChallengeLifetime};
  return challenge;
}

void Challenges::DropOldest() {
  open_.erase(order_.front());
  order_.pop_front();
}

absl::StatusOr<std::string> Challenges::Take(absl::string_view id,
                                             absl::string_view consumer) {
  const absl::Duration now = clock_->Monotonic();
  MutexLock lock(mu_);
  auto node = open_.extract(std::string(id));
  // Where the gateway did not say at the beginning who asked, it does not bind.
  if (node.empty() || node.mapped().expire <= now ||
      (!node.mapped().consumer.empty() && node.mapped().consumer != consumer)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "CHALLENGE_EXPIRED",
                     Party::kProvider,
                     "the challenge is unknown, used or too old: begin the "
                     "sign-in again");
  }
  return std::move(node.mapped().bytes);
}

}  // namespace psm::identity
