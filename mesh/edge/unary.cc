#include "mesh/edge/unary.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mesh/base/error.h"

namespace psm::edge {
namespace {

class UnaryHandler final : public StreamHandler {
 public:
  UnaryHandler(InboundStream& stream, UnaryService& service,
               absl::Duration request_time)
      : stream_(stream),
        service_(service),
        call_{stream.worker(),         stream.path(),
              *stream.peer(),          stream.metadata(),
              std::string(),           stream.cancellation(),
              stream.ask_time(),       absl::InfiniteDuration(),
              absl::InfiniteDuration()},
        slow_(stream.worker().timers(),
              [this] {
                Refuse(absl::StatusCode::kDeadlineExceeded, "REQUEST_TOO_SLOW",
                       "the request took too long to arrive");
              }),
        request_time_(request_time) {}

  void OnStart() override {
    slow_.Set(request_time_);
    stream_.ReadNext();
  }

  void OnMessage(GrpcMessage message) override {
    if (message.compressed) {
      Refuse(absl::StatusCode::kUnimplemented, "COMPRESSION_NOT_OFFERED",
             "only identity encoding is offered; send without compression");
      return;
    }
    if (has_message_) {
      Refuse(absl::StatusCode::kInvalidArgument, "MESSAGE_COUNT",
             "the method takes one message and got more");
      return;
    }
    has_message_ = true;
    call_.message = std::move(message.bytes);
    stream_.ReadNext();  // what must follow is the end
  }

  void OnHalfClose() override {
    if (!has_message_) {
      Refuse(absl::StatusCode::kInvalidArgument, "MESSAGE_COUNT",
             "the method takes one message and got none");
      return;
    }
    slow_.Cancel();
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

  void OnCancelled(const absl::Status& reason) override {
    // A call that runs hears of it through its cancellation, and ends itself.
    if (!running_) End(reason);
  }

 private:
  void Refuse(absl::StatusCode code, absl::string_view reason,
              absl::string_view message) {
    End(MakeError(code, reason, Party::kConsumer, message));
  }
  void End(const absl::Status& status) {
    slow_.Cancel();
    stream_.Finish(status);
  }

  InboundStream& stream_;
  UnaryService& service_;
  UnaryCall call_;
  Timer slow_;  // for the request to arrive
  const absl::Duration request_time_;
  bool has_message_ = false;
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

}  // namespace psm::edge
