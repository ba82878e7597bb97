#include "mesh/gateway/event_streams.h"

#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/one_message.h"
#include "mesh/gateway/edge_peer.h"

namespace psm {
namespace {

// Bytes that wait for the consumer, beyond which nothing more is made for it.
constexpr std::size_t kMaxUnsent = 64 << 10;

absl::Status Stopping() {
  return MakeError(absl::StatusCode::kUnavailable, "GATEWAY_STOPPING",
                   Party::kGateway, "the gateway stops; connect again");
}

}  // namespace

// One call: a request, then messages until somebody ends it. At most one
// coroutine of the subscription runs at a time, to its end.
class EventStreams::Stream final : public edge::StreamHandler {
 public:
  Stream(EventStreams& all, edge::InboundStream& stream)
      : all_(all),
        stream_(stream),
        peer_(*stream.peer(), all.tls_),
        slow_(stream.worker().timers(), [this] {
          End(MakeError(absl::StatusCode::kDeadlineExceeded, "REQUEST_TOO_SLOW",
                        Party::kConsumer,
                        "the request took too long to arrive"));
        }) {
    all_.live_.insert(this);
  }
  ~Stream() override {
    all_.live_.erase(this);
    all_.due_.erase(this);
  }

  void OnStart() override {
    slow_.Set(edge::ServerLimits().request_time);
    stream_.ReadNext();
  }

  void OnMessage(edge::GrpcMessage message) override {
    if (absl::Status put = request_.Put(std::move(message)); !put.ok()) {
      End(put);
    } else {
      stream_.ReadNext();  // what must follow is the end
    }
  }

  void OnHalfClose() override {
    absl::StatusOr<std::string> message = request_.Take();
    if (!message.ok()) {
      End(message.status());
      return;
    }
    slow_.Cancel();
    if (all_.ending_) {
      stream_.Finish(Stopping());
      return;
    }
    Ask ask;
    ask.peer = &peer_;
    ask.path = stream_.path();
    ask.message = *std::move(message);
    ask.ask_time = stream_.ask_time();
    ask.cancellation = &stream_.cancellation();
    if (absl::Status read = ReadMetadata(stream_.metadata(), ask); !read.ok()) {
      stream_.Finish(read);
      return;
    }
    // Every delivery has an id of its own.
    ask.exchange_id.clear();
    busy_ = true;
    psm::Start(Subscription::Open(all_.env_, std::move(ask)),
               [this](absl::StatusOr<std::unique_ptr<Subscription>> opened) {
                 if (Ended(opened.status())) return;
                 subscription_ = *std::move(opened);
                 stream_.SendMessage({subscription_->Begin()});
                 Pump();
               });
  }

  void OnWritable() override {
    if (std::exchange(waiting_, false)) Pump();
  }
  void OnCancelled(const absl::Status& reason) override { End(reason); }

  // There may be something new.
  void Pump() {
    if (busy_) {
      news_ = true;
      return;
    }
    if (subscription_ == nullptr || finished_) return;
    if (stream_.unsent_bytes() >= kMaxUnsent) {
      waiting_ = true;
      return;
    }
    busy_ = true;
    news_ = false;
    psm::Start(subscription_->Next(),
               [this](absl::StatusOr<Deliveries> deliveries) {
                 if (Ended(deliveries.status())) return;
                 for (std::string& message : deliveries->messages)
                   stream_.SendMessage({std::move(message)});
                 if (deliveries->more || news_) all_.PumpLater(*this);
               });
  }

  void End(const absl::Status& reason) {
    slow_.Cancel();
    if (finished_) return;
    if (busy_) {
      given_up_ = reason;  // what runs comes to its end
      return;
    }
    finished_ = true;
    stream_.Finish(reason);
  }

 private:
  // A step has come to its end; whether the call has, too.
  bool Ended(const absl::Status& status) {
    busy_ = false;
    if (given_up_.ok() && status.ok()) return false;
    End(given_up_.ok() ? status : given_up_);
    return true;
  }

  EventStreams& all_;
  edge::InboundStream& stream_;
  const EdgePeer peer_;
  edge::Timer slow_;  // for the request to arrive
  edge::OneMessage request_;
  bool busy_ = false;      // a step of the subscription runs
  bool news_ = false;      // that came meanwhile
  bool waiting_ = false;   // for the consumer to take what it was sent
  bool finished_ = false;  // nothing may be sent any more
  absl::Status given_up_;
  std::unique_ptr<Subscription> subscription_;
};

EventStreams::EventStreams(Environment& env, edge::Worker& worker,
                           const std::shared_ptr<const edge::TlsConfig>& tls)
    : env_(env), worker_(worker), tls_(tls) {
  if (env_.events == nullptr) return;
  listener_ = env_.events->Listen(worker_, [this] {
    for (Stream* stream : live_) due_.insert(stream);
    PumpDue();
  });
}

EventStreams::~EventStreams() {
  if (listener_ != 0) env_.events->Forget(listener_);
}

std::unique_ptr<edge::StreamHandler> EventStreams::NewStream(
    edge::InboundStream& stream) {
  return std::make_unique<Stream>(*this, stream);
}

void EventStreams::EndAll() {
  ending_ = true;
  // Handlers are destroyed at the end of the turn, not here.
  const std::vector<Stream*> streams(live_.begin(), live_.end());
  for (Stream* stream : streams) stream->End(Stopping());
}

void EventStreams::PumpLater(Stream& stream) {
  due_.insert(&stream);
  if (std::exchange(posted_, true)) return;
  worker_.Post([this] {
    posted_ = false;
    PumpDue();
  });
}

void EventStreams::PumpDue() {
  const std::vector<Stream*> due(due_.begin(), due_.end());
  due_.clear();
  for (Stream* stream : due) {
    if (live_.contains(stream)) stream->Pump();
  }
}

}  // namespace psm
