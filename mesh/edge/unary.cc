#include "mesh/edge/unary.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/edge/one_message.h"

namespace psm::edge {
namespace {

class UnaryHandler final : public StreamHandler {
 public:
  // Without a request time nothing is read.
  UnaryHandler(InboundStream& stream, UnaryService& service,
               std::optional<absl::Duration> request_time)
      : stream_(stream),
        service_(service),
        call_{stream.worker(),         stream.path(),
              *stream.peer(),          stream.metadata(),
              std::string(),           stream.cancellation(),
              stream.ask_time(),       absl::InfiniteDuration(),
              absl::InfiniteDuration()},
        slow_(stream.worker().timers(),
              [this] {
                End(MakeError(absl::StatusCode::kDeadlineExceeded,
                              "REQUEST_TOO_SLOW", Party::kConsumer,
                              "the request took too long to arrive"));
              }),
        request_time_(request_time) {}

  void OnStart() override {
    if (!request_time_.has_value()) {
      Run();
      return;
    }
    slow_.Set(*request_time_);
    stream_.ReadNext();
  }

  void OnMessage(GrpcMessage message) override {
    if (absl::Status put = request_.Put(std::move(message)); !put.ok()) {
      End(put);
      return;
    }
    stream_.ReadNext();  // what must follow is the end
  }

  void OnHalfClose() override {
    absl::StatusOr<std::string> message = request_.Take();
    if (!message.ok()) {
      End(message.status());
      return;
    }
    call_.message = *std::move(message);
    slow_.Cancel();
    Run();
  }

  void OnCancelled(const absl::Status& reason) override {
    // A call that runs hears of it through its cancellation, and ends itself.
    if (!running_) End(reason);
  }

 private:
  void Run() {
    running_ = true;
    call_.time_left = stream_.TimeLeft();
    if (call_.time_left != absl::InfiniteDuration()) {
      call_.deadline = call_.worker.clock().Monotonic() + call_.time_left;
    }
    psm::Start(service_.Handle(call_), [this](UnaryReply reply) {
      if (reply.status.ok()) stream_.SendMessage({std::move(reply.message)});
      stream_.Finish(reply.status, std::move(reply.trailers));
    });
  }

  void End(const absl::Status& status) {
    slow_.Cancel();
    stream_.Finish(status);
  }

  InboundStream& stream_;
  UnaryService& service_;
  UnaryCall call_;
  Timer slow_;  // for the request to arrive
  const std::optional<absl::Duration> request_time_;
  OneMessage request_;
  bool running_ = false;
};

}  // namespace

absl::Duration UnaryCall::TimeLeft() const {
  if (deadline == absl::InfiniteDuration()) return deadline;
  return std::max(deadline - worker.clock().Monotonic(), absl::ZeroDuration());
}

std::unique_ptr<StreamHandler> NewUnaryHandler(InboundStream& stream,
                                               UnaryService& service,
                                               absl::Duration request_time) {
  return std::make_unique<UnaryHandler>(stream, service, request_time);
}

std::unique_ptr<StreamHandler> NewHeadHandler(InboundStream& stream,
                                              UnaryService& service) {
  return std::make_unique<UnaryHandler>(stream, service, std::nullopt);
}

}  // namespace psm::edge
