// A listening socket and the loop that accepts from it. Knows no TLS.
#ifndef PSM_MESH_EDGE_LISTENER_H_
#define PSM_MESH_EDGE_LISTENER_H_

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/edge/server_shard.h"
#include "mesh/edge/worker.h"

namespace psm::edge {

// Survives the lack of descriptors (EMFILE, ENFILE): it keeps one in reserve,
// gives it up to accept and refuse the caller, so that callers hear at once and
// the loop does not spin, and goes on when descriptors are there again.
//
// Belongs to `worker`'s thread from Start on.
class Listener {
 public:
  // Binds and listens. INVALID_ARGUMENT for an address that is none,
  // UNAVAILABLE where it cannot be bound.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(
      Worker& worker, const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Accepts until Close; `deal` owns each descriptor (non-blocking) and says
  // whether it was taken.
  void Start(std::function<bool(int descriptor)> deal);
  void Close();

  int port() const { return port_; }

  Tally accepted, refused;

 private:
  Listener(Worker& worker, boost::asio::ip::tcp::acceptor acceptor,
           int reserve);
  void Wait();
  void Accept();
  void RefuseOne();
  void Pause();

  boost::asio::ip::tcp::acceptor acceptor_;
  int reserve_;  // -1 while it could not be had back
  int port_ = 0;
  Timer pause_;
  bool starved_ = false;  // logged once per shortage
  std::function<bool(int)> deal_;
  // Handlers of the event loop that come after the end see that it has gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_LISTENER_H_
