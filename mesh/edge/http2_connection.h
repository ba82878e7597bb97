// HTTP/2 over TLS over one socket: moves bytes between the three and knows what
// none of them mean. Server and client connections are made of it.
#ifndef PSM_MESH_EDGE_HTTP2_CONNECTION_H_
#define PSM_MESH_EDGE_HTTP2_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/edge/peer_identity.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/tls_session.h"
#include "mesh/edge/worker.h"

namespace psm::edge {

// Belongs to its worker's thread and is held by std::shared_ptr: a handler of
// the event loop that is still to come keeps it alive. Its owner calls Abandon
// before it lets go of one that is not closed.
//
// Input is handled as it comes; output is made once per turn of the loop, from
// all streams that have something to send, and leaves in one write.
class Http2Connection : public std::enable_shared_from_this<Http2Connection>,
                        private Worker::TurnEnd {
 public:
  struct Bounds {
    absl::Duration handshake_time;  // from Begin to the end of the handshake
    absl::Duration write_time;      // output waits, and not a byte moves
    std::size_t output_bytes;       // cipher text that may wait for the socket
  };

  ~Http2Connection() override;
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  // Closes the socket and calls nobody: for the end of the process.
  void Abandon();

  bool closed() const { return closed_; }
  Worker& worker() { return worker_; }

 protected:
  using Socket = boost::asio::ip::tcp::socket;

  Http2Connection(Worker& worker, Socket socket, SSL* ssl,
                  const Bounds& bounds);

  // Starts the handshake on a connected socket.
  void Begin();

  // Null before the handshake has ended.
  nghttp2_session* session() { return session_; }
  Socket& socket() { return socket_; }
  // Bytes have come since the last call of this.
  bool TakeHeard() { return std::exchange(heard_, false); }

  // Has output made at the end of the turn. To be called after whatever gave
  // the session something to send.
  void Touch() { worker_.AtTurnEnd(*this); }

  // Says GOAWAY with `code` and closes when it has been sent. May be called
  // from callbacks.
  void Terminate(std::uint32_t code);

  // Closes now; OnClosed is called before it returns, once. Not from callbacks
  // of the session (they return an error instead).
  void Close(const absl::Status& why);

  // The handshake is done: makes the session (with `this` as user data) and
  // submits SETTINGS; or refuses the peer. No frame has passed yet.
  virtual absl::StatusOr<nghttp2_session*> OnSecured(
      std::shared_ptr<const PeerIdentity> peer) = 0;
  // The end. No stream will hear of anything any more.
  virtual void OnClosed(const absl::Status& why) = 0;
  // All input that was there has been handled: the place to resume whoever
  // waits for it, outside the session's callbacks.
  virtual void AfterInput() {}
  // Output has been handed to the session's end of the turn.
  virtual void AfterOutput() {}

  // What the session reports, see nghttp2.h. A result other than 0 ends the
  // connection, unless nghttp2 says otherwise.
  virtual int OnBeginFrame(const nghttp2_frame_hd& head) = 0;
  virtual int OnBeginHeaders(const nghttp2_frame& frame) = 0;
  virtual int OnHeader(const nghttp2_frame& frame, absl::string_view name,
                       absl::string_view value) = 0;
  // A field that HTTP/2 does not allow: `bytes` of name and value.
  virtual int OnInvalidHeader(const nghttp2_frame& frame,
                              std::size_t bytes) = 0;
  virtual int OnFrame(const nghttp2_frame& frame) = 0;
  virtual int OnData(std::int32_t stream, absl::string_view bytes) = 0;
  virtual int OnStreamClosed(std::int32_t stream, std::uint32_t code) = 0;
  virtual int OnFrameSent(const nghttp2_frame& frame) = 0;

  // The callbacks that lead to the functions above. Lives forever.
  static const nghttp2_session_callbacks* Callbacks();

 private:
  struct CallbackTable;

  void EndTurn() override;
  void StartRead();
  void ReadSocket(boost::system::error_code error);
  void HandleInput(absl::string_view cipher);
  bool ContinueHandshake();  // false: not there yet, or closed
  void ReadFrames();
  bool MakeOutput();  // false: closed
  void Send();
  void WaitForSocket();
  void FinishIfDone();

  Worker& worker_;
  const Bounds bounds_;
  Socket socket_;
  TlsSession tls_;
  nghttp2_session* session_ = nullptr;
  Timer handshake_timer_;
  Timer write_timer_;
  bool secured_ = false;
  bool reading_ = false;             // a read of the socket is under way
  bool waiting_for_socket_ = false;  // the socket takes no more for now
  bool heard_ = false;
  bool closed_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_HTTP2_CONNECTION_H_
