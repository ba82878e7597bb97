// One thread that accepts connections on a port and waits for their bytes.
// Knows neither HTTP nor TLS. For the few files that see Asio.
#ifndef PSM_MESH_WEB_ACCEPT_LOOP_H_
#define PSM_MESH_WEB_ACCEPT_LOOP_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <thread>

namespace psm::web {

// Survives a shortage of descriptors: it says so in the log
// (`connection_not_accepted`) and tries again.
class AcceptLoop {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Endpoint = boost::asio::ip::tcp::endpoint;
  // A peer has come. To be called once when it has gone, on the loop's thread
  // or when the loop is destroyed: `ended`.
  using Connected =
      std::function<void(Socket socket, std::function<void()> ended)>;

  // At most `max_connections` at a time; further ones wait in the system's
  // queue. `connected` runs on the loop's thread.
  AcceptLoop(int max_connections, Connected connected);
  // Stops. What still waits for a peer is destroyed then, not before.
  ~AcceptLoop();

  // Listens at `wanted`, port 0 for any, and starts the thread. Once. An error
  // of the system where it cannot; then nothing runs.
  boost::system::error_code Start(const Endpoint& wanted);
  // Ends the thread; returns when it has. Again without effect.
  void Stop();

  // Where it listens, once it does.
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  void Accept();
  void Ended();

  const int max_connections_;
  const Connected connected_;
  Endpoint endpoint_;
  // The members below belong to the thread once it has started.
  bool stopping_ = false;
  int connections_ = 0;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  boost::asio::steady_timer pause_{io_};
  std::thread thread_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_ACCEPT_LOOP_H_
