// One HTTP/2 connection to a provider.
#ifndef PSM_MESH_EDGE_PROVIDER_CONNECTION_H_
#define PSM_MESH_EDGE_PROVIDER_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "mesh/edge/http2_connection.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/upstream_call.h"

namespace psm::edge {

class ProviderPool;

// Belongs to its pool, which holds it until OnClosed.
class ProviderConnection final : public Http2Connection {
 public:
  ProviderConnection(ProviderPool& pool, Socket socket, SSL* ssl,
                     boost::asio::ip::tcp::endpoint endpoint);
  ~ProviderConnection() override;

  using Http2Connection::Close;

  // Connects, then shakes hands; the pool hears of the end of it.
  void Dial();

  // Whether a call may be submitted now.
  bool HasRoom();
  // Takes a call that HasRoom had room for.
  void Submit(UpstreamCall& call);
  // Lets go of a call that has its end; resets its stream where that has not.
  void Release(UpstreamCall& call);

  // The call has more of its request to send.
  void Resume(UpstreamCall& call);
  // The call has delivered bytes that it did not take at once: gives the
  // stream's credit back.
  void Taken(UpstreamCall& call, std::size_t bytes);

  // New calls must go elsewhere: it has been told to go away, or is running out
  // of stream ids.
  bool retiring() const { return retiring_; }
  // Closes when the last call has ended.
  void Retire();

  // The provider's identity, once the handshake is done.
  const std::shared_ptr<const PeerIdentity>& peer() const { return peer_; }
  // Lets go of calls without a word: for the end of the process.
  void Forsake();

 private:
  absl::StatusOr<nghttp2_session*> OnSecured(
      std::shared_ptr<const PeerIdentity> peer) override;
  void OnClosed(const absl::Status& why) override;
  void AfterInput() override;
  void AfterOutput() override;
  int OnBeginFrame(const nghttp2_frame_hd& head) override;
  int OnBeginHeaders(const nghttp2_frame& frame) override;
  int OnHeader(const nghttp2_frame& frame, absl::string_view name,
               absl::string_view value) override;
  int OnInvalidHeader(const nghttp2_frame& frame, std::size_t bytes) override;
  int OnFrame(const nghttp2_frame& frame) override;
  int OnData(std::int32_t stream, absl::string_view bytes) override;
  int OnStreamClosed(std::int32_t stream, std::uint32_t code) override;
  int OnFrameSent(const nghttp2_frame& frame) override;

  UpstreamCall* Find(std::int32_t id);
  int CountField(std::size_t bytes);
  void CheckAlive();
  void CloseIfDone();

  ProviderPool& pool_;
  const UpstreamLimits& limits_;
  const boost::asio::ip::tcp::endpoint endpoint_;
  const std::string authority_;
  std::shared_ptr<const PeerIdentity> peer_;
  // For connecting; then for the time until a newer certificate is asked for.
  Timer connect_timer_;
  Timer alive_timer_;
  absl::flat_hash_set<UpstreamCall*> calls_;
  std::size_t open_streams_ = 0;    // calls, and streams of released ones
  std::size_t received_bytes_ = 0;  // of the answers of calls_
  std::size_t field_bytes_ = 0;     // of this header block (RFC 9113, 6.5.2)
  int pings_ = 0;  // since the provider last sent anything but their ACKs
  bool ping_sent_ = false;  // and not answered
  bool retiring_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_PROVIDER_CONNECTION_H_
