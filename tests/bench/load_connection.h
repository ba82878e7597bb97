// One client connection of a load: submits calls and says when they end.
#ifndef PSM_TESTS_BENCH_LOAD_CONNECTION_H_
#define PSM_TESTS_BENCH_LOAD_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/edge/http2_connection.h"
#include "mesh/edge/message_assembler.h"

namespace psm::bench {

// What makes one call after the other.
struct Caller {
  std::size_t next_connection = 0;  // place in the list of connections
  std::size_t next_message = 0;
  absl::Duration started;  // monotonic
  const std::string* message = nullptr;
  std::size_t sent = 0;          // of prefix and message
  std::string http_status = {};  // as they came; empty: did not come
  std::string grpc_status = {};
  std::string grpc_message = {};
};

// Who hears of connections and calls. On the worker's thread, inside callbacks
// of the connection: may submit, must not close.
class LoadEvents {
 public:
  virtual void Ready() = 0;
  virtual void Ended(Caller& caller, const absl::Status& how) = 0;
  virtual void Broken(const absl::Status& why) = 0;

 protected:
  ~LoadEvents() = default;
};

class LoadConnection final : public edge::Http2Connection {
 public:
  // `events` is not called after Abandon. `fields` is the request's header
  // list and outlives the connection.
  LoadConnection(edge::Worker& worker, SSL* ssl, LoadEvents& events,
                 const std::vector<nghttp2_nv>& fields);

  void Dial(const boost::asio::ip::tcp::endpoint& endpoint);
  // Starts a call. Only after Ready; `caller` stays until Ended.
  void Submit(Caller& caller);

 private:
  absl::StatusOr<nghttp2_session*> OnSecured(
      std::shared_ptr<const edge::PeerIdentity> peer) override;
  void OnClosed(const absl::Status& why) override;
  int OnBeginFrame(const nghttp2_frame_hd&) override { return 0; }
  int OnBeginHeaders(const nghttp2_frame&) override { return 0; }
  int OnHeader(const nghttp2_frame& frame, absl::string_view name,
               absl::string_view value) override;
  int OnInvalidHeader(const nghttp2_frame&, std::size_t) override { return 0; }
  int OnFrame(const nghttp2_frame& frame) override;
  int OnData(std::int32_t, absl::string_view) override { return 0; }
  int OnStreamClosed(std::int32_t stream, std::uint32_t code) override;
  int OnFrameSent(const nghttp2_frame&) override { return 0; }

  LoadEvents& events_;
  const std::vector<nghttp2_nv>& fields_;
  bool ready_ = false;
};

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_LOAD_CONNECTION_H_
