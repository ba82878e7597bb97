#include "mesh/gateway/chores.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/log.h"
#include "mesh/gateway/consent_follower.h"

namespace psm {
namespace {

constexpr absl::Duration kWriteRefusalsEvery = absl::Seconds(5);

Task<absl::Status> FollowOnce(Environment& env, Cancellation*& asking) {
  Cancellation cancellation;
  asking = &cancellation;
  Task<absl::Status> follow = FollowConsents(env, cancellation);
  absl::Status followed = co_await follow;
  asking = nullptr;
  co_return followed;
}

// The records that did not become durable, to be tried again.
Task<std::vector<records::v1::Record>> AppendCounted(
    Environment& env, std::vector<records::v1::Record> counted) {
  Completion<absl::StatusOr<Recorded>> recorded;
  env.log.Append(counted, env.executor, &recorded);
  absl::StatusOr<Recorded> durable = co_await recorded;
  if (durable.ok()) counted.clear();
  co_return counted;
}

}  // namespace

Chores::Chores(Environment& env, edge::TimerQueue& timers)
    : env_(env),
      ask_(timers, [this] { AskForConsents(); }),
      write_(timers, [this] { WriteRefusals(env_.clock.Now()); }) {}

void Chores::Begin() {
  AskForConsents();
  write_.Set(kWriteRefusalsEvery);
}

void Chores::End(absl::AnyInvocable<void()> done) {
  ending_ = true;
  done_ = std::move(done);
  ask_.Cancel();
  write_.Cancel();
  ++under_way_;
  if (asking_ != nullptr)
    asking_->Cancel(absl::UnavailableError("the gateway stops"));
  WriteRefusals(absl::InfiniteFuture());
  Finished();
}

void Chores::AskForConsents() {
  ++under_way_;
  psm::Start(FollowOnce(env_, asking_), [this](absl::Status followed) {
    if (!ending_) {
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
      ask_.Set(kConsentAskEvery);
    }
    Finished();
  });
}

void Chores::WriteRefusals(absl::Time before) {
  std::vector<records::v1::Record> counted = env_.refusals.TakeFinished(before);
  if (!ending_) write_.Set(kWriteRefusalsEvery);
  if (counted.empty()) return;
  ++under_way_;
  psm::Start(AppendCounted(env_, std::move(counted)),
             [this](std::vector<records::v1::Record> left) {
               std::size_t lost = left.size();
               if (!ending_) lost = env_.refusals.GiveBack(std::move(left));
               if (lost != 0)
                 LogError("counted_refusals_lost",
                          {{"records", absl::StrCat(lost)}});
               Finished();
             });
}

void Chores::Finished() {
  if (--under_way_ == 0 && ending_ && done_) std::exchange(done_, nullptr)();
}

}  // namespace psm
