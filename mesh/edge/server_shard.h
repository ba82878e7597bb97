// What a server has on one worker: its connections, the shares of its peers,
// streams to reuse.
#ifndef PSM_MESH_EDGE_SERVER_SHARD_H_
#define PSM_MESH_EDGE_SERVER_SHARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/frame_budget.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/worker.h"

namespace psm::edge {

class ServerConnection;
class ServerStream;

// A count that its owner's thread changes and others read.
class Tally {
 public:
  void Add(std::int64_t by) {
    value_.store(
        value_.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(by),
        std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What all connections of one peer on one worker use together.
struct PeerShare {
  explicit PeerShare(const ServerLimits& limits)
      : dead_streams(limits.peer_dead_streams),
        frames(limits.peer_frames),
        wasted_headers(limits.peer_wasted_headers) {}
  std::size_t calls = 0;           // handlers that have not finished
  std::size_t buffered_bytes = 0;  // of half-received and unread messages
  TokenBucket dead_streams;
  FrameBudget frames;
  TokenBucket wasted_headers;  // bytes
};

// How many connections each peer has on all workers. Thread-safe; touched once
// per connection.
class PeerConnections {
 public:
  explicit PeerConnections(std::size_t limit) : limit_(limit) {}
  // False where it has its number already.
  bool Add(const std::string& system);
  void Remove(const std::string& system);

 private:
  const std::size_t limit_;
  Mutex mu_;
  absl::flat_hash_map<std::string, std::size_t> counts_ PSM_GUARDED_BY(mu_);
};

// Belongs to its worker's thread apart from what is said to be thread-safe.
// Destroyed after the worker has been joined.
class ServerShard final : private Worker::TurnEnd {
 public:
  ServerShard(Worker& worker, Dispatcher& dispatcher,
              const ServerLimits& limits, std::shared_ptr<const TlsConfig> tls,
              PeerConnections& peer_connections);
  ~ServerShard() override;
  ServerShard(const ServerShard&) = delete;
  ServerShard& operator=(const ServerShard&) = delete;

  // Serves a connected TCP socket from now on; owns `descriptor`.
  void Serve(int descriptor);
  // See Server::Update.
  void Update(std::shared_ptr<const TlsConfig> tls);
  // Every connection says GOAWAY; `idle` is called when the last has ended and
  // every handler has finished.
  void Drain(std::function<void()> idle);
  // Cancels what is left and closes.
  void CutOff();

  // Connections dealt to this shard and not ended. Thread-safe.
  std::atomic<int> load = 0;

  // For Server::Stats. Written by this worker only.
  Tally handshakes, calls, rejected, dead, flooded, refused, active_calls;

  // For connections and streams.
  Worker& worker() { return worker_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  const ServerLimits& limits() const { return limits_; }
  const TlsConfig& tls() const { return *tls_; }
  bool draining() const { return idle_ != nullptr; }
  PeerConnections& peer_connections() { return peer_connections_; }
  std::shared_ptr<PeerShare> ShareOf(const std::string& system);
  // A connection's handshake is done.
  void Secured(ServerConnection& connection);
  // Logs why somebody was not let in, but not as often as strangers can ask.
  void LogRefusal(const absl::Status& why);
  // A connection has ended.
  void Remove(ServerConnection& connection);
  // A stream to use; its owner gives it back through Retire.
  ServerStream* TakeStream();
  // Has the stream's handler destroyed at the end of the turn, if it has
  // finished, and the stream reused, if its connection is done with it too.
  void Retire(ServerStream& stream);

 private:
  void EndTurn() override;
  void TellWhenIdle();

  Worker& worker_;
  Dispatcher& dispatcher_;
  const ServerLimits& limits_;
  std::shared_ptr<const TlsConfig> tls_;
  PeerConnections& peer_connections_;
  absl::flat_hash_map<ServerConnection*, std::shared_ptr<ServerConnection>>
      connections_;
  std::list<ServerConnection*> handshaking_;  // oldest first
  TokenBucket refusal_lines_{{20, 1}};
  // Kept when the last connection of a peer ends, so that coming back does not
  // refill its budget. As many as the mesh has systems.
  absl::flat_hash_map<std::string, std::shared_ptr<PeerShare>> shares_;
  std::vector<std::unique_ptr<ServerStream>> free_streams_;
  absl::flat_hash_set<ServerStream*> used_streams_;
  std::vector<ServerStream*> retired_;
  std::vector<ServerStream*> retiring_;
  std::function<void()> idle_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_SERVER_SHARD_H_
