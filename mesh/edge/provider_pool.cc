#include "mesh/edge/provider_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/edge/metadata_rules.h"
#include "mesh/edge/socket_address.h"
#include "mesh/edge/streaming_upstream_call.h"
#include "mesh/edge/unary_upstream_call.h"

namespace psm::edge {
namespace {

bool IsValid(const std::string& path, const Metadata& metadata) {
  return IsMethodPath(path) &&
         std::all_of(metadata.begin(), metadata.end(), MaySend);
}

// What the one who opened a stream holds of its call.
class StreamOfCall final : public OutboundStream {
 public:
  explicit StreamOfCall(std::shared_ptr<StreamingUpstreamCall> call)
      : call_(std::move(call)) {}
  ~StreamOfCall() override { call_->Leave(); }
  void SendBytes(std::string bytes) override {
    call_->SendBytes(std::move(bytes));
  }
  std::size_t unsent_bytes() const override { return call_->unsent_bytes(); }
  void HalfClose() override { call_->HalfClose(); }
  void ReadBytes() override { call_->ReadBytes(); }

 private:
  const std::shared_ptr<StreamingUpstreamCall> call_;
};

}  // namespace

ProviderPool::ProviderPool(std::string provider, UpstreamContext& context)
    : provider_(std::move(provider)), context_(context) {}

ProviderPool::~ProviderPool() {
  for (auto& call : calls_) call->Abandon();
  if (current_ != nullptr) current_->Forsake();
  for (auto& connection : retired_) connection->Forsake();
}

std::size_t ProviderPool::connections() const {
  return retired_.size() + (current_ != nullptr ? 1 : 0);
}

void ProviderPool::Invoke(ProviderRequest request, Cancellation& cancellation,
                          Completion<ProviderReply>* done) {
  const bool valid = IsValid(request.path, request.metadata);
  auto call = std::make_shared<UnaryUpstreamCall>(*this, std::move(request),
                                                  done, context_.limits,
                                                  context_.worker.timers());
  Enter(call, valid);
  if (!call->ended()) call->Watch(cancellation);
  SettleSoon();  // with whatever else is called in this turn
}

std::unique_ptr<OutboundStream> ProviderPool::Open(CallHead head,
                                                   AnswerHandler& handler) {
  const bool valid = IsValid(head.path, head.metadata) &&
                     IsMetadataText(head.encoding) &&
                     IsMetadataText(head.accept_encoding);
  auto call = std::make_shared<StreamingUpstreamCall>(*this, std::move(head),
                                                      handler, context_.limits,
                                                      context_.worker.timers());
  Enter(call, valid);
  // The handler hears of nothing before it has its stream.
  SettleSoon();
  return std::make_unique<StreamOfCall>(std::move(call));
}

void ProviderPool::Enter(const std::shared_ptr<UpstreamCall>& call,
                         bool valid) {
  ++context_.stats.calls;
  calls_.push_back(call);
  call->place = std::prev(calls_.end());
  if (!valid) {
    call->Fail(MakeError(absl::StatusCode::kInternal, "METADATA_INVALID",
                         Party::kGateway,
                         "the request to the provider is not valid"));
  } else if (queue_.size() >= context_.limits.queued_calls) {
    call->Fail(ProviderUnavailable(provider_, "too many calls wait for it"));
  } else {
    call->queued = true;
    queue_.push_back(call.get());
  }
}

void ProviderPool::CheckPeers(const TlsConfig& before) {
  const absl::Time now = context_.worker.clock().Now();
  std::vector<std::shared_ptr<ProviderConnection>> connections = retired_;
  if (current_ != nullptr) connections.push_back(current_);
  for (auto& connection : connections) {
    if (connection->peer() == nullptr) continue;
    absl::Status peer = context_.tls->CheckPeer(*connection->peer(), now);
    if (!peer.ok()) {
      LogWarning("provider_refused", {{"provider", provider_},
                                      {"serial", connection->peer()->serial},
                                      {"reason", ReasonOf(peer)}});
      EndConnection(*connection, peer);
    } else if (context_.tls->ShouldReconnect(*connection->peer(), before)) {
      connection->Retire();
    }
  }
}

// Whose certificate has run out while a connection was open was who he said
// when he was asked: what he was asked before, he may still answer.
void ProviderPool::EndConnection(ProviderConnection& connection,
                                 const absl::Status& why) {
  if (ReasonOf(why) == "CERTIFICATE_EXPIRED") {
    connection.Retire();
  } else {
    connection.Close(why);
  }
}

void ProviderPool::Due(UpstreamCall& call) {
  if (call.place == calls_.end() || std::exchange(call.due, true)) return;
  due_.push_back(*call.place);
}

void ProviderPool::SettleSoon() {
  if (settling_ || std::exchange(settling_soon_, true)) return;
  context_.worker.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    settling_soon_ = false;
    Settle();
  });
}

void ProviderPool::Forget(UpstreamCall& call) {
  if (call.place == calls_.end()) return;
  call.Unwatch();
  if (call.connection != nullptr) call.connection->Release(call);
  if (std::exchange(call.queued, false))
    queue_.erase(std::find(queue_.begin(), queue_.end(), &call));
  calls_.erase(std::exchange(call.place, calls_.end()));
}

void ProviderPool::Ready() {
  if (!std::exchange(reached_, true))
    LogInfo("provider_reached", {{"provider", provider_}});
  Settle();
}

void ProviderPool::Retired(ProviderConnection& connection) {
  if (current_.get() == &connection) retired_.push_back(std::move(current_));
}

void ProviderPool::Closed(ProviderConnection& connection,
                          const absl::Status& why) {
  if (current_.get() == &connection) {
    const bool established = connection.peer() != nullptr;
    current_.reset();
    if (!established) DialFailed(why);
  } else {
    retired_.erase(std::remove_if(retired_.begin(), retired_.end(),
                                  [&](const auto& held) {
                                    return held.get() == &connection;
                                  }),
                   retired_.end());
  }
  Settle();
}

void ProviderPool::GiveBack(UpstreamCall& call, const absl::Status& why) {
  if (!call.MayStartOver()) {
    call.Fail(ProviderLost(provider_, why));
    return;
  }
  ++context_.stats.retries;
  call.StartOver();
  call.queued = true;
  queue_.push_front(&call);
}

void ProviderPool::Settle() {
  if (settling_) return;
  settling_ = true;
  for (;;) {
    Pump();
    if (due_.empty()) break;
    for (const auto& call : std::exchange(due_, {})) {
      call->due = false;
      call->Deliver();  // may call Invoke, cancel or destroy other calls
    }
  }
  settling_ = false;
}

// Sends what waits, in order, as far as there is room for it.
void ProviderPool::Pump() {
  while (!queue_.empty()) {
    UpstreamCall& call = *queue_.front();
    if (call.ended()) {
      // It ended while it waited; its end is told in a moment.
      call.queued = false;
      queue_.pop_front();
      continue;
    }
    if (current_ == nullptr) {
      Dial();
      continue;  // failed, and the queue is empty; or under way
    }
    if (!current_->HasRoom()) return;
    absl::Status peer = context_.tls->CheckPeer(*current_->peer(),
                                                context_.worker.clock().Now());
    if (!peer.ok()) {
      const auto connection = current_;
      EndConnection(*connection, peer);
      continue;
    }
    call.queued = false;
    queue_.pop_front();
    const auto connection = current_;  // Submit may retire it
    connection->Submit(call);
  }
}

void ProviderPool::Dial() {
  const absl::Duration now = context_.worker.timers().Now();
  if (now - failed_at_ < context_.limits.dial_pause) {
    FailQueue(failure_);
    return;
  }
  ++context_.stats.dials;
  absl::StatusOr<std::string> address =
      context_.endpoints.Find(queue_.front()->system());
  if (!address.ok()) {
    DialFailed(address.status());
    return;
  }
  absl::StatusOr<boost::asio::ip::tcp::endpoint> endpoint =
      ParseSocketAddress(*address);
  if (!endpoint.ok()) {
    DialFailed(endpoint.status());
    return;
  }
  current_ = std::make_shared<ProviderConnection>(
      *this, boost::asio::ip::tcp::socket(context_.worker.io()),
      context_.tls->NewClientSession(context_.worker.clock().Now()), *endpoint);
  current_->Dial();
}

void ProviderPool::DialFailed(const absl::Status& why) {
  ++context_.stats.failed_dials;
  failed_at_ = context_.worker.timers().Now();
  failure_ = ProviderLost(provider_, why);
  if (std::exchange(reached_, false)) {
    LogWarning("provider_not_reached", {{"provider", provider_},
                                        {"cause", std::string(why.message())}});
  }
  FailQueue(failure_);
}

void ProviderPool::FailQueue(const absl::Status& why) {
  for (UpstreamCall* call : std::exchange(queue_, {})) {
    call->queued = false;
    call->Fail(why);
  }
}

}  // namespace psm::edge
