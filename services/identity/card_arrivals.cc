#include "services/identity/card_arrivals.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_format.h"
#include "mesh/base/error.h"
#include "mesh/base/secret.h"

namespace psm::identity {
namespace {

absl::Status Over() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CHALLENGE_EXPIRED",
                   Party::kProvider,
                   "the challenge is unknown, used or too old: begin the "
                   "sign-in again");
}

// Of 64 random bits the bias is far below what three tries could see.
std::string NewNumber(Random& random) {
  std::uint64_t bits = 0;
  for (const char c : random.Bytes(8))
    bits = bits << 8 | static_cast<unsigned char>(c);
  return absl::StrFormat("%0*d", kNumberDigits, bits % 1'000'000);
}

}  // namespace

void CardArrivals::Expect(const std::string& challenge_id,
                          const std::string& challenge, absl::Duration life) {
  const absl::Duration now = clock_->Monotonic();
  MutexLock lock(mu_);
  while (!order_.empty()) {
    const auto oldest = open_.find(order_.front());
    const bool dead = oldest == open_.end() || oldest->second.expire <= now;
    if (!dead && order_.size() < max_open_) break;
    Forget(order_.front());
    order_.pop_front();
  }
  order_.push_back(challenge_id);
  open_[challenge_id] = Open{challenge, now + life, std::nullopt, "", 0};
  ids_[challenge] = challenge_id;
}

void CardArrivals::Forget(const std::string& challenge_id) {
  const auto found = open_.find(challenge_id);
  if (found == open_.end()) return;
  ids_.erase(found->second.challenge);
  open_.erase(found);
}

CardArrivals::Open* CardArrivals::Find(const std::string& challenge_id) {
  const auto found = open_.find(challenge_id);
  if (found == open_.end() || found->second.expire <= clock_->Monotonic())
    return nullptr;
  return &found->second;
}

CardArrivals::Open* CardArrivals::FindByChallenge(const std::string& challenge,
                                                  std::string* id) {
  const auto found = ids_.find(challenge);
  if (found == ids_.end()) return nullptr;
  *id = found->second;
  return Find(*id);
}

std::optional<std::string> CardArrivals::Waiting(const std::string& challenge) {
  MutexLock lock(mu_);
  std::string id;
  const Open* const open = FindByChallenge(challenge, &id);
  if (open == nullptr || open->subject.has_value()) return std::nullopt;
  return id;
}

std::optional<std::string> CardArrivals::Arrive(
    const std::string& challenge, absl::StatusOr<std::string> subject) {
  MutexLock lock(mu_);
  std::string id;
  Open* const open = FindByChallenge(challenge, &id);
  if (open == nullptr || open->subject.has_value()) return std::nullopt;
  const bool worth = subject.ok();
  open->subject = std::move(subject);
  open->expire = clock_->Monotonic() + kNumberLife;
  if (!worth) return std::nullopt;
  open->number = NewNumber(*random_);
  return open->number;
}

CardArrivals::State CardArrivals::Look(const std::string& challenge_id) {
  MutexLock lock(mu_);
  const Open* const open = Find(challenge_id);
  if (open == nullptr) return State::kOver;
  if (!open->subject.has_value()) return State::kWaiting;
  return open->subject->ok() ? State::kArrived : State::kOver;
}

absl::StatusOr<std::string> CardArrivals::Take(const std::string& challenge_id,
                                               const std::string& number) {
  MutexLock lock(mu_);
  Open* const open = Find(challenge_id);
  if (open == nullptr || !open->subject.has_value()) return Over();
  if (open->subject->ok() && !EqualInConstantTime(open->number, number)) {
    if (++open->tries >= kNumberTries) {
      Forget(challenge_id);
      return Over();
    }
    return MakeError(absl::StatusCode::kPermissionDenied, "NUMBER_WRONG",
                     Party::kConsumer, "type the number that the card showed");
  }
  absl::StatusOr<std::string> subject = *std::move(open->subject);
  Forget(challenge_id);
  return subject;
}

}  // namespace psm::identity
