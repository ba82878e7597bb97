#include "mesh/edge/relay.h"

#include <utility>

namespace psm::edge {
namespace {

// Bytes queued towards a side beyond which nothing more is read for it; what
// came until then, at most a window, may come on top.
constexpr std::size_t kMaxUnsent = 64 << 10;

class Relay final : public StreamHandler, public AnswerHandler {
 public:
  Relay(InboundStream& stream, Router& router, Upstream& upstream)
      : stream_(stream), router_(router), upstream_(upstream) {}

  void OnStart() override {
    psm::Start(router_.Route(stream_), [this](absl::StatusOr<CallHead> head) {
      routing_ = false;
      if (!given_up_.ok()) {
        stream_.Finish(given_up_);
      } else if (!head.ok()) {
        stream_.Finish(head.status());
      } else {
        Open(*std::move(head));
      }
    });
  }

  void OnMessage(GrpcMessage) override {}
  void OnBytes(std::string bytes) override {
    outbound_->SendBytes(std::move(bytes));
    if (outbound_->unsent_bytes() < kMaxUnsent) {
      stream_.ReadBytes();
    } else {
      request_waits_ = true;
    }
  }
  void OnHalfClose() override { outbound_->HalfClose(); }
  void OnWritable() override {
    if (std::exchange(answer_waits_, false)) outbound_->ReadBytes();
  }
  void OnCancelled(const absl::Status& reason) override {
    if (routing_) {
      given_up_ = reason;  // the decision runs to its end
      return;
    }
    outbound_.reset();
    stream_.Finish(reason);
  }

  void OnAnswerHeaders(AnswerHeaders headers) override {
    stream_.SetEncodings(std::move(headers.encoding),
                         std::move(headers.accept_encoding));
    stream_.SendHeaders(std::move(headers.metadata));
  }
  void OnAnswerBytes(std::string bytes) override {
    stream_.SendBytes(std::move(bytes));
    if (stream_.unsent_bytes() < kMaxUnsent) {
      outbound_->ReadBytes();
    } else {
      answer_waits_ = true;
    }
  }
  void OnAnswerEnd(AnswerEnd end) override {
    outbound_.reset();
    stream_.Finish(std::move(end.status), std::move(end.trailers));
  }
  void OnRequestWritable() override {
    if (std::exchange(request_waits_, false)) stream_.ReadBytes();
  }

 private:
  void Open(CallHead head) {
    head.path = stream_.path();
    head.encoding = stream_.encoding();
    head.accept_encoding = stream_.accept_encoding();
    head.time_left = stream_.TimeLeft();
    outbound_ = upstream_.Open(std::move(head), *this);
    outbound_->ReadBytes();
    stream_.ReadBytes();
  }

  InboundStream& stream_;
  Router& router_;
  Upstream& upstream_;
  std::unique_ptr<OutboundStream> outbound_;
  bool routing_ = true;
  absl::Status given_up_;
  bool request_waits_ = false;  // for the provider to take what it was sent
  bool answer_waits_ = false;   // for the client to
};

}  // namespace

std::unique_ptr<StreamHandler> NewRelay(InboundStream& stream, Router& router,
                                        Upstream& upstream) {
  return std::make_unique<Relay>(stream, router, upstream);
}

}  // namespace psm::edge
