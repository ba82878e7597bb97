#include "mesh/edge/test_server.h"

#include <poll.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::edge {
namespace {

class EchoStream final : public StreamHandler {
 public:
  explicit EchoStream(InboundStream& stream) : stream_(stream) {}
  void OnStart() override {
    stream_.SendHeaders({{"x-first", "headers"}});
    stream_.ReadNext();
  }
  void OnMessage(GrpcMessage message) override {
    stream_.SendMessage(std::move(message));
    // Back-pressure: reads on only when the client takes the answers.
    if (stream_.unsent_bytes() < 64 << 10) {
      stream_.ReadNext();
    } else {
      waiting_ = true;
    }
  }
  void OnWritable() override {
    if (std::exchange(waiting_, false)) stream_.ReadNext();
  }
  void OnHalfClose() override {
    stream_.Finish(absl::OkStatus(), {{"x-last", "trailer"}});
  }
  void OnCancelled(const absl::Status& reason) override {
    stream_.Finish(reason);
  }

 private:
  InboundStream& stream_;
  bool waiting_ = false;
};

}  // namespace

std::unique_ptr<StreamHandler> TestDispatcher::Dispatch(InboundStream& stream) {
  if (absl::StartsWith(stream.path(), "/test.Stream/"))
    return std::make_unique<EchoStream>(stream);
  return NewUnaryHandler(stream, service_, request_time_);
}

Task<UnaryReply> TestService::Handle(UnaryCall& call) {
  ++started;
  UnaryReply reply;
  const std::string method = call.path.substr(call.path.rfind('/') + 1);
  if (method == "Echo") {
    reply.message = std::move(call.message);
    reply.trailers.emplace_back("x-trailer", "yes");
    reply.trailers.emplace_back("x-trailer-bin", std::string("\0\xff", 2));
  } else if (method == "Describe") {
    reply.message = call.peer.system;
    for (const auto& [key, value] : call.metadata)
      absl::StrAppend(&reply.message, "|", key, "=", value);
  } else if (method == "Wait") {
    Completion<int> never;
    Cancellation::Hook hook(call.cancellation,
                            [&](const absl::Status&) { never.Set(0); });
    co_await never;
    ++cancelled;
    reply.status = call.cancellation.reason();
  } else if (method == "Hold") {
    Completion<int> held;
    held_.push_back(&held);
    co_await held;
    reply.message = "held";
  } else if (method == "Fail") {
    reply.status = MakeError(
        absl::StatusCode::kPermissionDenied, "NO_AGREEMENT", Party::kConsumer,
        "no agreement: \xe5\x90\xa6 100%", {{"affair", "benefit"}});
  } else if (method == "FailAtLength") {
    reply.status = MakeError(absl::StatusCode::kNotFound, "NO_AGREEMENT",
                             Party::kConsumer, "no agreement");
    for (int i = 0; i < 200; ++i)
      reply.status = WithMetadata(reply.status, absl::StrCat("key", i),
                                  std::string(512, 'x'));
  } else if (method == "Bad") {
    reply.trailers.emplace_back("x-bad", "line\nfeed");
  } else if (method == "Later") {
    Completion<int> later;
    call.worker.Post([&] { later.Set(1); });
    co_await later;
    reply.message = std::move(call.message);
  } else {
    reply.status = absl::UnimplementedError("no such method");
  }
  ++ended;
  co_return reply;
}

void TestService::Release(Worker& worker) {
  worker.Post([this] {
    for (Completion<int>* held : std::exchange(held_, {})) held->Set(0);
  });
}

TestServer::TestServer(TestPki& pki, const ServerLimits& limits, int workers,
                       const Clock* clock)
    : identity_(pki.Issue("mesh/gateway")) {
  std::vector<Server::Seat> seats;
  for (int i = 0; i < workers; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(clock != nullptr ? *clock : system_clock_, i));
    services_.push_back(std::make_unique<TestService>());
    dispatchers_.push_back(std::make_unique<TestDispatcher>(
        *services_.back(), limits.request_time));
    seats.push_back({workers_.back().get(), dispatchers_.back().get()});
  }
  auto server =
      Server::Listen("127.0.0.1:0", seats, pki.Load(identity_), limits);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  for (auto& worker : workers_) worker->Start();
}

TestServer::~TestServer() {
  for (std::size_t i = 0; i < workers_.size(); ++i)
    services_[i]->Release(*workers_[i]);
  server_->Drain(absl::ZeroDuration());
  for (auto& worker : workers_) worker->Stop();
  for (auto& worker : workers_) worker->Join();
  server_.reset();
}

std::string TestServer::address() const {
  return absl::StrCat("127.0.0.1:", port());
}

bool TestServer::WaitFor(
    const std::function<bool(const ServerStats&)>& condition) {
  const absl::Duration end = system_clock_.Monotonic() + absl::Seconds(20);
  while (!condition(server_->Stats())) {
    if (system_clock_.Monotonic() > end) return false;
    // Numbers that nobody is told of: there is nothing to wait on.
    poll(nullptr, 0, /*timeout=*/1);
  }
  return true;
}

}  // namespace psm::edge
