// A call to a provider as two streams of bytes of messages: the other end of
// stream_handler.h for whoever carries them on without looking at them. Knows
// gRPC's terms, neither HTTP/2 nor sockets.
#ifndef PSM_MESH_EDGE_OUTBOUND_STREAM_H_
#define PSM_MESH_EDGE_OUTBOUND_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// How a call to a provider begins.
struct CallHead {
  std::shared_ptr<const System> provider;
  std::string path;
  Metadata metadata;
  // Values of grpc-encoding and grpc-accept-encoding; empty: not sent.
  std::string encoding;
  std::string accept_encoding = "identity";
  absl::Duration time_left;  // infinite: no deadline; sent as grpc-timeout
};

// What a provider says at first.
struct AnswerHeaders {
  Metadata metadata;  // keys of HTTP, gRPC and the mesh left out
  std::string encoding;
  std::string accept_encoding;
};

// How an answer ends.
struct AnswerEnd {
  WireStatus status;
  Metadata trailers;
  // The provider's own; else one of ProviderLink's errors.
  bool from_provider = false;
};

// Hears the answer, on the worker's thread, outside every callback of HTTP/2.
// From every function the stream may be used, and destroyed.
class AnswerHandler {
 public:
  virtual ~AnswerHandler() = default;

  // Once and before the first bytes; not at all where the answer is nothing but
  // its end.
  virtual void OnAnswerHeaders(AnswerHeaders headers) = 0;
  // Messages with their prefixes, cut anywhere, never empty: ReadBytes asked
  // for them. Their prefixes are valid and within the limit.
  virtual void OnAnswerBytes(std::string bytes) = 0;
  // The end, once, after the last bytes; nothing comes afterwards. An end that
  // the provider did not make does not wait for bytes to be read.
  virtual void OnAnswerEnd(AnswerEnd end) = 0;
  // Everything sent has been handed to HTTP/2.
  virtual void OnRequestWritable() = 0;
};

// Belongs to the worker's thread. Destroying it before the end cancels the call
// at the provider.
class OutboundStream {
 public:
  virtual ~OutboundStream() = default;

  // Queues bytes of messages. Unbounded: whoever streams waits for
  // OnRequestWritable while unsent_bytes() is large. Dropped after HalfClose
  // and after the end.
  virtual void SendBytes(std::string bytes) = 0;
  virtual std::size_t unsent_bytes() const = 0;
  // There are no more messages.
  virtual void HalfClose() = 0;
  // Asks for what comes next, once at a time. While nothing is asked for, the
  // provider is held back by flow control.
  virtual void ReadBytes() = 0;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_OUTBOUND_STREAM_H_
