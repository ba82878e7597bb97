#include "mesh/edge/test_upstream.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace psm::edge {
namespace {

struct RunningCall {
  Cancellation cancellation;
  Completion<ProviderReply> completion;
  std::promise<ProviderReply> promise;
};

Task<int> Await(std::shared_ptr<RunningCall> call) {
  ProviderReply reply = co_await call->completion;
  call->promise.set_value(std::move(reply));
  co_return 0;
}

}  // namespace

absl::StatusOr<std::string> MovableEndpoint::Find(const System&) {
  MutexLock lock(mu_);
  if (port_ == 0) return absl::UnavailableError("not running");
  return absl::StrCat("127.0.0.1:", port_);
}

void MovableEndpoint::Set(int port) {
  MutexLock lock(mu_);
  port_ = port;
}

TestUpstream::TestUpstream(TestPki& pki, const UpstreamLimits& limits,
                           const std::string& provider)
    : identity_(pki.Issue("mesh/gateway")) {
  system_.id = provider;
  upstream_ = std::make_unique<Upstream>(worker_, endpoint_,
                                         pki.Load(identity_), limits);
  worker_.Start();
}

TestUpstream::~TestUpstream() {
  worker_.Stop();
  worker_.Join();
  upstream_.reset();
}

std::future<ProviderReply> TestUpstream::Start(TestRequest request) {
  return Start(std::move(request), nullptr);
}

std::future<ProviderReply> TestUpstream::Start(TestRequest request,
                                               std::function<void()>* cancel) {
  auto call = std::make_shared<RunningCall>();
  std::future<ProviderReply> future = call->promise.get_future();
  worker_.Post([this, call, request = std::move(request)]() mutable {
    psm::Start(Await(call), [](int) {});
    upstream_->Invoke(
        {&system_, std::move(request.path), std::move(request.metadata),
         std::move(request.message), request.time_left},
        call->cancellation, &call->completion);
  });
  if (cancel != nullptr) {
    *cancel = [this, call] {
      worker_.Post([call] {
        call->cancellation.Cancel(absl::CancelledError("by the test"));
      });
    };
  }
  return future;
}

UpstreamStats TestUpstream::Stats() {
  std::promise<UpstreamStats> promise;
  worker_.Post([&] { promise.set_value(upstream_->Stats()); });
  return promise.get_future().get();
}

}  // namespace psm::edge
