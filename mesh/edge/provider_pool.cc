#include "mesh/edge/provider_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/edge/metadata_rules.h"
#include "mesh/edge/socket_address.h"

namespace psm::edge {

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
  ++context_.stats.calls;
  const bool valid =
      IsMethodPath(request.path) &&
      std::all_of(request.metadata.begin(), request.metadata.end(), MaySend);
  calls_.push_back(std::make_unique<UpstreamCall>(*this, std::move(request),
                                                  done, context_.limits,
                                                  context_.worker.timers()));
  UpstreamCall& call = *calls_.back();
  call.place = std::prev(calls_.end());
  if (!valid) {
    call.Fail(MakeError(absl::StatusCode::kInternal, "METADATA_INVALID",
                        Party::kGateway,
                        "the request to the provider is not valid"));
  } else if (queue_.size() >= context_.limits.queued_calls) {
    call.Fail(ProviderUnavailable(provider_, "too many calls wait for it"));
  } else {
    call.queued = true;
    queue_.push_back(&call);
    call.Watch(cancellation);
  }
  Settle();
}

void ProviderPool::CheckPeers() {
  const absl::Time now = context_.worker.clock().Now();
  std::vector<std::shared_ptr<ProviderConnection>> connections = retired_;
  if (current_ != nullptr) connections.push_back(current_);
  for (auto& connection : connections) {
    if (connection->peer() == nullptr) continue;
    absl::Status peer = context_.tls->CheckPeer(*connection->peer(), now);
    if (!peer.ok()) connection->Close(peer);
  }
}

void ProviderPool::Ended(UpstreamCall& call) { ended_.push_back(&call); }

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
  if (call.retried) {
    call.Fail(ProviderUnavailable(provider_, why.message()));
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
    if (ended_.empty()) break;
    const std::vector<UpstreamCall*> ended = std::exchange(ended_, {});
    for (UpstreamCall* call : ended) {
      Detach(*call);
      Completion<ProviderReply>* done = call->done;
      ProviderReply reply = *std::move(call->reply);
      calls_.erase(call->place);
      done->Set(std::move(reply));  // may call Invoke, cancel other calls
    }
  }
  settling_ = false;
}

void ProviderPool::Detach(UpstreamCall& call) {
  call.Unwatch();
  if (call.connection != nullptr) call.connection->Release(call);
  if (std::exchange(call.queued, false))
    queue_.erase(std::find(queue_.begin(), queue_.end(), &call));
}

// Sends what waits, in order, as far as there is room for it.
void ProviderPool::Pump() {
  while (!queue_.empty()) {
    UpstreamCall& call = *queue_.front();
    if (call.reply.has_value()) {
      // It ended while it waited; its result is handed out in a moment.
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
      connection->Close(peer);
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
      context_.endpoints.Find(*queue_.front()->request.provider);
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
  failure_ = ProviderUnavailable(provider_, why.message());
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
