#include "mesh/edge/test_relay.h"

#include <poll.h>

#include <future>
#include <utility>

#include "gtest/gtest.h"
#include "mesh/edge/test_grpc.h"

namespace psm::edge {

class TestRelay::OneWay final : public Router {
 public:
  explicit OneWay(std::string system) {
    auto provider = std::make_shared<System>();
    provider->id = std::move(system);
    provider_ = std::move(provider);
  }
  Task<absl::StatusOr<CallHead>> Route(InboundStream& stream) override {
    if (!refusal.ok()) co_return refusal;
    CallHead head;
    head.provider = provider_;
    head.metadata = stream.metadata();
    co_return head;
  }
  absl::Status refusal;

 private:
  std::shared_ptr<const System> provider_;
};

class TestRelay::Desk final : public Dispatcher {
 public:
  Desk(Router& router, Upstream& upstream)
      : router_(router), upstream_(upstream) {}
  std::unique_ptr<StreamHandler> Dispatch(InboundStream& stream) override {
    return NewRelay(stream, router_, upstream_);
  }

 private:
  Router& router_;
  Upstream& upstream_;
};

TestRelay::TestRelay(TestPki& pki, const UpstreamLimits& limits)
    : pki_(pki),
      client_(pki.Issue("akatsuki/benefits")),
      gateway_(pki.Issue("mesh/gateway")),
      router_(std::make_unique<OneWay>("akatsuki/tax")),
      upstream_(worker_, endpoint_, pki.Load(gateway_), limits),
      desk_(std::make_unique<Desk>(*router_, upstream_)) {
  auto server = Server::Listen("127.0.0.1:0", {{&worker_, desk_.get()}},
                               pki.Load(gateway_), ServerLimits());
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  worker_.Start();
}

TestRelay::~TestRelay() {
  server_->Drain(absl::ZeroDuration());
  worker_.Stop();
  worker_.Join();
  server_.reset();
}

std::shared_ptr<grpc::Channel> TestRelay::Channel() {
  return TestChannel("127.0.0.1:" + std::to_string(server_->port()),
                     pki_.root_pem(), &client_);
}

std::shared_ptr<grpc::Channel> TestRelay::Channel(
    const grpc::ChannelArguments& extra) {
  return TestChannel("127.0.0.1:" + std::to_string(server_->port()),
                     pki_.root_pem(), &client_, &extra);
}

bool TestRelay::BecomesIdle() {
  const absl::Duration end = clock_.Monotonic() + absl::Seconds(20);
  for (;;) {
    std::promise<std::uint64_t> upstream;
    worker_.Post([&] { upstream.set_value(upstream_.Stats().active_calls); });
    if (upstream.get_future().get() == 0 && server_->Stats().active_calls == 0)
      return true;
    if (clock_.Monotonic() > end) return false;
    // Numbers that nobody is told of: there is nothing to wait on.
    poll(nullptr, 0, /*timeout=*/1);
  }
}

void TestRelay::Refuse(absl::Status status) {
  router_->refusal = std::move(status);
}

}  // namespace psm::edge
