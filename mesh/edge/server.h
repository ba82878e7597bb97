// The gateway's front door: accepts connections, deals them over the workers,
// serves HTTP/2 with gRPC in it.
#ifndef PSM_MESH_EDGE_SERVER_H_
#define PSM_MESH_EDGE_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/worker.h"

namespace psm::edge {

struct ServerStats {
  std::uint64_t accepted = 0;      // TCP connections, since the start
  std::uint64_t refused = 0;       // of these: no descriptor, over a limit
  std::uint64_t handshakes = 0;    // of these: authenticated
  std::uint64_t calls = 0;         // dispatched
  std::uint64_t rejected = 0;      // answered by the edge itself
  std::uint64_t dead = 0;          // streams that ended without an answer taken
  std::uint64_t flooded = 0;       // connections ended for ENHANCE_YOUR_CALM
  std::uint64_t connections = 0;   // now
  std::uint64_t active_calls = 0;  // now: handlers that have not finished
};

// Created and destroyed by the thread that owns the workers: created before or
// after they start, destroyed after they have been joined.
class Server {
 public:
  struct Seat {
    Worker* worker;          // outlives the server
    Dispatcher* dispatcher;  // that worker's; outlives the server
  };

  // Binds and listens at `address` ("127.0.0.1:7443", "[::1]:0"; port 0: any).
  // INVALID_ARGUMENT for an address that is none; UNAVAILABLE where it cannot
  // be bound. Accepts as soon as the workers run.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(
      const std::string& address, std::vector<Seat> seats,
      std::shared_ptr<const TlsConfig> tls, const ServerLimits& limits);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port that was bound.
  int port() const;

  // New connections use `tls`, and calls on live ones are checked against it,
  // as soon as each worker gets to it; calls in flight of a peer that it
  // revokes are cancelled. Where this process shows another certificate from
  // now on, peers whose certificates are of another authority are told to
  // connect anew (GOAWAY; their calls in flight end first). Thread-safe.
  void Update(std::shared_ptr<const TlsConfig> tls);

  // Stops listening, says GOAWAY on every connection, lets calls in flight
  // finish. After `bound` the rest is cancelled with UNAVAILABLE
  // GATEWAY_STOPPING and connections are closed. Returns when every connection
  // has ended and every handler has finished, or 1 s after `bound`. Call once,
  // from no worker, while the workers run.
  void Drain(absl::Duration bound);

  // Sums over workers, each a little out of date. Thread-safe.
  ServerStats Stats() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_SERVER_H_
