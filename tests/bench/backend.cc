#include "tests/bench/backend.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/edge/server.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/worker.h"
#include "psm/bench/v1/bench.pb.h"

namespace psm::bench {
namespace {

constexpr edge::Rate kNoLimit = {1e12, 1e12};

// nginx opens a connection for each call that is under way, and all peers share
// one name here.
edge::ServerLimits Limits() {
  edge::ServerLimits limits;
  limits.max_concurrent_streams = 1024;
  limits.peer_calls = 1 << 16;
  limits.peer_connections = limits.connections = limits.handshakes = 1 << 13;
  limits.dead_streams = limits.peer_dead_streams = kNoLimit;
  limits.frames = limits.peer_frames = {kNoLimit, kNoLimit, kNoLimit, kNoLimit,
                                        kNoLimit, kNoLimit, kNoLimit};
  return limits;
}

std::string AskAnswer() {
  v1::AskResponse answer;
  answer.set_agreed(std::string(200, 'a'));
  answer.set_withheld(std::string(40, 'w'));
  answer.set_as_of_day(20260401);
  return answer.SerializeAsString();
}

class AnswerAtOnce final : public edge::StreamHandler {
 public:
  AnswerAtOnce(edge::InboundStream& stream, const std::string* answer)
      : stream_(stream), answer_(answer) {}

  void OnStart() override { stream_.ReadNext(); }
  void OnMessage(edge::GrpcMessage message) override {
    message_ = std::move(message);
    stream_.ReadNext();
  }
  void OnHalfClose() override {
    if (answer_ != nullptr) message_.bytes = *answer_;
    stream_.SendMessage(std::move(message_));
    stream_.Finish(absl::OkStatus());
  }
  void OnCancelled(const absl::Status& reason) override {
    stream_.Finish(reason);
  }

 private:
  edge::InboundStream& stream_;
  const std::string* const answer_;  // null: the request
  edge::GrpcMessage message_;
};

class AnsweringDispatcher final : public edge::Dispatcher {
 public:
  std::unique_ptr<edge::StreamHandler> Dispatch(
      edge::InboundStream& stream) override {
    return std::make_unique<AnswerAtOnce>(
        stream, stream.path() == kAskPath ? &ask_answer_ : nullptr);
  }

 private:
  const std::string ask_answer_ = AskAnswer();
};

}  // namespace

class Backend::Impl {
 public:
  explicit Impl(const Clock& clock) : worker_(clock, 0) {}
  ~Impl() {
    worker_.Stop();
    worker_.Join();
  }

  absl::Status Start(std::shared_ptr<const edge::TlsConfig> tls) {
    PSM_ASSIGN_OR_RETURN(
        server_, edge::Server::Listen("127.0.0.1:0", {{&worker_, &dispatcher_}},
                                      std::move(tls), limits_));
    worker_.Start();
    return absl::OkStatus();
  }
  int port() const { return server_->port(); }

 private:
  const edge::ServerLimits limits_ = Limits();
  AnsweringDispatcher dispatcher_;
  edge::Worker worker_;
  std::unique_ptr<edge::Server> server_;
};

absl::StatusOr<std::unique_ptr<Backend>> Backend::Start(
    std::shared_ptr<const edge::TlsConfig> tls, const Clock& clock) {
  auto impl = std::make_unique<Impl>(clock);
  PSM_RETURN_IF_ERROR(impl->Start(std::move(tls)));
  return std::unique_ptr<Backend>(new Backend(std::move(impl)));
}

Backend::Backend(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Backend::~Backend() = default;

std::string Backend::endpoint() const {
  return absl::StrCat("127.0.0.1:", impl_->port());
}

}  // namespace psm::bench
