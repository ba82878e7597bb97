// The boundary between the edge and the gateway: calls as streams of messages.
// Knows gRPC's terms, neither HTTP/2 nor sockets.
#ifndef PSM_MESH_EDGE_STREAM_HANDLER_H_
#define PSM_MESH_EDGE_STREAM_HANDLER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/peer_identity.h"
#include "mesh/edge/worker.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

struct GrpcMessage {
  std::string bytes;
  bool compressed = false;  // with the stream's encoding()
};

// One call that a client makes. Belongs to the worker's thread; lives until
// Finish has been called, even if the client goes away before (then whatever is
// sent is dropped). What it hands out lives as long as its handler.
class InboundStream {
 public:
  virtual Worker& worker() = 0;

  // "/package.Service/Method", of the form that design.md section 9 allows.
  virtual const std::string& path() const = 0;

  // Request metadata in the order it came: keys and values are valid, `-bin`
  // values decoded, keys of HTTP, gRPC and the mesh's own (all `psm-*` but
  // psm-affair, psm-consent, psm-provider, psm-exchange-id and
  // psm-representation) left out, these four at most once each.
  virtual const Metadata& metadata() const = 0;

  virtual const std::shared_ptr<const PeerIdentity>& peer() const = 0;

  // When the request's headers arrived, wall time.
  virtual absl::Time ask_time() const = 0;

  // Until the client's deadline: infinite where it set none, zero once passed.
  virtual absl::Duration TimeLeft() const = 0;

  // Fires when the deadline passes (DEADLINE_EXCEEDED), the client resets the
  // call or its connection ends (CANCELLED), its certificate is revoked
  // (UNAUTHENTICATED), or the server stops (UNAVAILABLE); never after Finish.
  virtual Cancellation& cancellation() = 0;

  // Values of grpc-encoding and grpc-accept-encoding as they came; may be
  // empty.
  virtual const std::string& encoding() const = 0;
  virtual const std::string& accept_encoding() const = 0;

  // Asks for one more message: StreamHandler::OnMessage or OnHalfClose follows
  // once, possibly before this returns. At most one may be asked for at a time.
  // While none is, the client is held back by flow control.
  virtual void ReadNext() = 0;

  // As ReadNext, for whoever carries messages on without looking at them:
  // StreamHandler::OnBytes follows with what has come, or OnHalfClose. A stream
  // is read in one of the two ways.
  virtual void ReadBytes() = 0;

  // Values of the answer's grpc-encoding and grpc-accept-encoding; before
  // SendHeaders and the first message. Without it: none, and "identity".
  virtual void SetEncodings(std::string encoding,
                            std::string accept_encoding) = 0;

  // Initial metadata; at most once and before the first message. Without it,
  // headers go out with the first message or the end.
  virtual void SendHeaders(Metadata metadata) = 0;

  // Queues a message. Unbounded: a handler that streams waits for OnWritable
  // while unsent_bytes() is large.
  virtual void SendMessage(GrpcMessage message) = 0;
  // The same with bytes of messages, prefixes included, cut anywhere.
  virtual void SendBytes(std::string bytes) = 0;
  virtual std::size_t unsent_bytes() const = 0;

  // Ends the call; exactly once, whatever has happened to the client. The
  // handler is destroyed at the end of the turn, and the stream with it.
  // Invalid trailers become INTERNAL.
  virtual void Finish(WireStatus status, Metadata trailers) = 0;
  void Finish(const absl::Status& status, Metadata trailers = {}) {
    Finish(ToWireStatus(status), std::move(trailers));
  }

 protected:
  ~InboundStream() = default;
};

// What the gateway does with one call. Called on the worker's thread; may call
// back into the stream, also Finish, from every function.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // Comes first, once: the place for the first ReadNext.
  virtual void OnStart() = 0;
  // The message that ReadNext asked for.
  virtual void OnMessage(GrpcMessage message) = 0;
  // Messages with their prefixes, cut anywhere, never empty: ReadBytes asked
  // for them. Their prefixes are valid and within the limit.
  virtual void OnBytes(std::string) {}
  // There are no more messages.
  virtual void OnHalfClose() = 0;
  // The cancellation fired, whose hooks have been called; nothing else is
  // delivered afterwards. Finish is still due.
  virtual void OnCancelled(const absl::Status& reason) = 0;
  // Everything queued has been handed to HTTP/2.
  virtual void OnWritable() {}
};

// What the gateway serves on one worker. Outlives the server.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Takes on a call whose headers have arrived. Returns its handler; or null
  // after it has called Finish. Does not read yet: that is for OnStart.
  virtual std::unique_ptr<StreamHandler> Dispatch(InboundStream& stream) = 0;

  // As Dispatch, for a call on a live connection whose peer may not call any
  // more: its certificate has expired or was revoked since the handshake, or
  // revocations are not known. For those who record what they refuse; they
  // check the peer themselves. Null without Finish, as here, leaves the refusal
  // to the edge.
  virtual std::unique_ptr<StreamHandler> DispatchLapsed(InboundStream&) {
    return nullptr;
  }
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_STREAM_HANDLER_H_
