#include "mesh/gateway/batch_streams.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/one_message.h"
#include "mesh/exchange/batch.h"
#include "mesh/gateway/edge_peer.h"

namespace psm {
namespace {

// Bytes that wait for the consumer, beyond which no more questions are read.
constexpr std::size_t kMaxUnsent = 64 << 10;

absl::Status Stopping() {
  return MakeError(absl::StatusCode::kUnavailable, "GATEWAY_STOPPING",
                   Party::kGateway,
                   "the gateway stops; ask what was not answered again, under "
                   "the same ids");
}

}  // namespace

// One call. Ends when no question is in work and `end_` says how.
class BatchStreams::Stream final : public edge::StreamHandler {
 public:
  Stream(BatchStreams& all, edge::InboundStream& stream)
      : all_(all),
        stream_(stream),
        peer_(*stream.peer(), all.tls_),
        slow_(stream.worker().timers(), [this] {
          End(MakeError(absl::StatusCode::kDeadlineExceeded, "REQUEST_TOO_SLOW",
                        Party::kConsumer,
                        "the next question took too long to arrive; half-close "
                        "after the last"));
        }) {
    all_.live_.insert(this);
  }
  ~Stream() override { all_.live_.erase(this); }

  void OnStart() override {
    common_.peer = &peer_;
    common_.path = stream_.path();
    common_.cancellation = &stream_.cancellation();
    const absl::Duration left = stream_.TimeLeft();
    if (left != absl::InfiniteDuration())
      common_.deadline = stream_.worker().clock().Monotonic() + left;
    if (absl::Status read = ReadMetadata(stream_.metadata(), common_);
        !read.ok()) {
      End(std::move(read));
    } else if (all_.ending_) {
      End(Stopping());
    } else {
      GoOn();
    }
  }

  void OnMessage(edge::GrpcMessage message) override {
    reading_ = false;
    slow_.Cancel();
    if (end_.has_value()) return;  // came after it
    Ask ask = common_;
    ask.ask_time = stream_.worker().clock().Now();
    linkage::v1::RetrieveRequest question;
    absl::Status read = edge::CheckUncompressed(message);
    if (read.ok()) read = ReadQuestion(message.bytes, ask, question);
    if (!read.ok()) {
      End(std::move(read));
      return;
    }
    ++questions_;
    ++all_.questions_[peer_.system_id()];
    psm::Start(AnswerQuestion(all_.env_, std::move(ask), std::move(question)),
               [this](std::string answer) {
                 --questions_;
                 stream_.SendMessage({std::move(answer)});
                 all_.Answered(peer_.system_id());
                 GoOn();
               });
    GoOn();  // the next one need not wait for this one's answer
  }

  void OnHalfClose() override { End(absl::OkStatus()); }
  void OnWritable() override { GoOn(); }
  void OnCancelled(const absl::Status& reason) override {
    end_ = reason;  // whatever was to be said
    GoOn();
  }

  // Reads no more, and ends once the questions it has are answered.
  void End(absl::Status status) {
    slow_.Cancel();
    if (!end_.has_value()) end_ = std::move(status);
    GoOn();
  }

  // Reads on if it may, or ends if it can. ReadNext may deliver before it
  // returns, and a question may be answered at once: the loop then goes on, not
  // a call inside a call.
  void GoOn() {
    if (going_on_ || finished_) return;
    going_on_ = true;
    while (!end_.has_value() && !reading_ && questions_ < kMaxQuestions &&
           all_.questions_[peer_.system_id()] < kMaxPeerQuestions &&
           stream_.unsent_bytes() < kMaxUnsent) {
      reading_ = true;
      stream_.ReadNext();
    }
    going_on_ = false;
    if (end_.has_value() && questions_ == 0) {
      finished_ = true;
      slow_.Cancel();
      stream_.Finish(*end_);
    } else if (!end_.has_value() && reading_ && questions_ == 0) {
      slow_.Set(edge::ServerLimits().request_time);
    }
  }

 private:
  BatchStreams& all_;
  edge::InboundStream& stream_;
  const EdgePeer peer_;
  edge::Timer slow_;       // for the next question, while none is in work
  Ask common_;             // what all questions have in common
  int questions_ = 0;      // in work
  bool reading_ = false;   // ReadNext has not delivered yet
  bool going_on_ = false;  // GoOn is on the stack
  bool finished_ = false;
  std::optional<absl::Status> end_;  // nothing is read any more
};

void BatchStreams::Answered(const std::string& system) {
  if (questions_[system]-- < kMaxPeerQuestions || std::exchange(posted_, true))
    return;
  // At a turn of its own: what is answered at once would call from inside of
  // what it calls.
  env_.executor.Post([this] {
    posted_ = false;
    const std::vector<Stream*> streams(live_.begin(), live_.end());
    for (Stream* stream : streams) stream->GoOn();
  });
}

std::unique_ptr<edge::StreamHandler> BatchStreams::NewStream(
    edge::InboundStream& stream) {
  return std::make_unique<Stream>(*this, stream);
}

void BatchStreams::EndAll() {
  ending_ = true;
  // Handlers are destroyed at the end of the turn, not here.
  const std::vector<Stream*> streams(live_.begin(), live_.end());
  for (Stream* stream : streams) stream->End(Stopping());
}

}  // namespace psm
