#include "mesh/edge/server.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "mesh/base/log.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "mesh/edge/listener.h"
#include "mesh/edge/server_shard.h"

namespace psm::edge {
namespace {

// After the bound of a drain, for answers that say so to leave.
constexpr absl::Duration kLastWords = absl::Seconds(1);

// Counts down to zero, across threads.
class Gate {
 public:
  explicit Gate(std::size_t count) : left_(count) {}
  void Arrive() {
    MutexLock lock(mu_);
    if (--left_ == 0) zero_.NotifyAll();
  }
  // False when `bound` has passed.
  bool Wait(const Clock& clock, absl::Duration bound) {
    const absl::Duration end = clock.Monotonic() + bound;
    MutexLock lock(mu_);
    while (left_ != 0) {
      const absl::Duration left = end - clock.Monotonic();
      if (left <= absl::ZeroDuration()) return false;
      zero_.WaitFor(mu_, absl::ToChronoNanoseconds(left));
    }
    return true;
  }

 private:
  Mutex mu_;
  CondVar zero_;
  std::size_t left_ PSM_GUARDED_BY(mu_);
};

}  // namespace

class Server::Impl {
 public:
  Impl(std::vector<Seat> seats, std::shared_ptr<const TlsConfig> tls,
       const ServerLimits& limits, std::unique_ptr<Listener> listener)
      : limits_(limits),
        peer_connections_(limits.peer_connections),
        front_(*seats.front().worker),
        listener_(std::move(listener)) {
    for (const Seat& seat : seats) {
      shards_.push_back(std::make_unique<ServerShard>(
          *seat.worker, *seat.dispatcher, limits_, tls, peer_connections_));
    }
    front_.Post([this] {
      listener_->Start([this](int descriptor) { return Deal(descriptor); });
    });
  }

  int port() const { return listener_->port(); }

  void Update(const std::shared_ptr<const TlsConfig>& tls) {
    for (auto& shard : shards_)
      shard->worker().Post([shard = shard.get(), tls] { shard->Update(tls); });
  }

  void Drain(absl::Duration bound) {
    front_.Post([this] { listener_->Close(); });
    // Shared, because a worker may arrive after we have stopped waiting.
    const auto gate = std::make_shared<Gate>(shards_.size());
    for (auto& shard : shards_) {
      shard->worker().Post([shard = shard.get(), gate] {
        shard->Drain([gate] { gate->Arrive(); });
      });
    }
    if (gate->Wait(front_.clock(), bound)) return;
    LogWarning("drain_cut_off", {{"bound", absl::FormatDuration(bound)}});
    for (auto& shard : shards_)
      shard->worker().Post([shard = shard.get()] { shard->CutOff(); });
    gate->Wait(front_.clock(), kLastWords);
  }

  ServerStats Stats() const {
    ServerStats stats;
    stats.accepted = listener_->accepted.value();
    stats.refused = listener_->refused.value();
    for (const auto& shard : shards_) {
      stats.refused += shard->refused.value();
      stats.handshakes += shard->handshakes.value();
      stats.calls += shard->calls.value();
      stats.rejected += shard->rejected.value();
      stats.dead += shard->dead.value();
      stats.flooded += shard->flooded.value();
      stats.connections += static_cast<std::uint64_t>(shard->load.load());
      stats.active_calls += shard->active_calls.value();
    }
    return stats;
  }

 private:
  // To the worker with the fewest connections; among equals in turn.
  bool Deal(int descriptor) {
    std::size_t chosen = 0;
    int total = 0;
    ++turn_;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const std::size_t at = (turn_ + i) % shards_.size();
      const int load = shards_[at]->load.load(std::memory_order_relaxed);
      total += load;
      if (i == 0 || load < shards_[chosen]->load.load()) chosen = at;
    }
    if (static_cast<std::size_t>(total) >= limits_.connections) {
      close(descriptor);
      return false;
    }
    ServerShard& shard = *shards_[chosen];
    shard.load.fetch_add(1, std::memory_order_relaxed);
    shard.worker().Post([&shard, descriptor] { shard.Serve(descriptor); });
    return true;
  }

  const ServerLimits limits_;
  PeerConnections peer_connections_;
  Worker& front_;  // whose loop accepts
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<ServerShard>> shards_;
  std::size_t turn_ = 0;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(
    const std::string& address, std::vector<Seat> seats,
    std::shared_ptr<const TlsConfig> tls, const ServerLimits& limits) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                       Listener::Bind(*seats.front().worker, address));
  return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(
      std::move(seats), std::move(tls), limits, std::move(listener))));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
int Server::port() const { return impl_->port(); }
void Server::Update(std::shared_ptr<const TlsConfig> tls) {
  impl_->Update(tls);
}
void Server::Drain(absl::Duration bound) { impl_->Drain(bound); }
ServerStats Server::Stats() const { return impl_->Stats(); }

}  // namespace psm::edge
