#include "mesh/gateway/file_follower.h"

#include <chrono>
#include <utility>

namespace psm {
namespace {

constexpr std::chrono::milliseconds kLookEvery(100);

}  // namespace

FileFollower::FileFollower(absl::AnyInvocable<std::string()> fingerprint,
                           absl::AnyInvocable<void()> changed)
    : fingerprint_(std::move(fingerprint)),
      changed_(std::move(changed)),
      acted_on_(fingerprint_()) {}

void FileFollower::Stop() {
  {
    MutexLock lock(mu_);
    stop_ = true;
  }
  stopped_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void FileFollower::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FileFollower::Run() {
  std::string last = acted_on_;
  for (;;) {
    {
      MutexLock lock(mu_);
      if (!stop_) stopped_.WaitFor(mu_, kLookEvery);
      if (stop_) return;
    }
    std::string now = fingerprint_();
    if (now == last && now != acted_on_) {
      acted_on_ = now;
      changed_();
    }
    last = std::move(now);
  }
}

}  // namespace psm
