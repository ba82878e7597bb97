// One client's HTTP/2 connection.
#ifndef PSM_MESH_EDGE_SERVER_CONNECTION_H_
#define PSM_MESH_EDGE_SERVER_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "mesh/edge/frame_budget.h"
#include "mesh/edge/http2_connection.h"
#include "mesh/edge/server_shard.h"

namespace psm::edge {

class ServerStream;

// Belongs to its shard, which holds it until OnClosed.
class ServerConnection final : public Http2Connection {
 public:
  ServerConnection(ServerShard& shard, Socket socket, SSL* ssl);
  ~ServerConnection() override;

  using Http2Connection::Begin;
  using Http2Connection::Close;
  using Http2Connection::session;
  using Http2Connection::Touch;

  // Says GOAWAY so that no request is lost on the way, then closes when the
  // last stream has ended.
  void Drain();
  // As Drain, without waiting for requests on their way.
  void EndSoon();
  // The peer of an established connection; else null.
  const std::shared_ptr<const PeerIdentity>& peer() const { return peer_; }
  const std::shared_ptr<PeerShare>& share() const { return share_; }
  // Cancels every call.
  void CancelAll(const absl::Status& reason);
  // Lets go of streams without a word: for the end of the process.
  void Forsake();
  // Has OnWritable called once output has been handed over.
  void TellWritable(ServerStream& stream);
  // Has it go on (BeginCall, then Deliver) when all input that is there has
  // been read: calls that came together take each step together, so that its
  // code is fetched for all of them once.
  void GoOnAfterInput(ServerStream& stream);
  void Forget(ServerStream& stream);

  std::size_t buffered_bytes = 0;  // of half-received and unread messages

  // The shard's place for it while the handshake is not done.
  std::optional<std::list<ServerConnection*>::iterator> handshake_place;

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

  ServerStream* Find(std::int32_t id);
  bool CountFrame(const nghttp2_frame_hd& head, absl::Duration now);
  int CountDead();
  void Flood();
  int Bomb();
  void SayLastGoaway();
  void CheckIdle();
  absl::Duration Now() { return worker().timers().Now(); }

  ServerShard& shard_;
  std::shared_ptr<const PeerIdentity> peer_;
  std::shared_ptr<PeerShare> share_;
  FrameBudget frames_;
  TokenBucket dead_streams_;
  std::vector<ServerStream*> streams_;  // open ones
  std::vector<ServerStream*> writable_;
  std::vector<ServerStream*> with_input_;  // null: has ended meanwhile
  Timer settings_timer_;  // for the ACK; then for the end of Drain's grace
  Timer head_timer_;      // for the end of a header block
  Timer idle_timer_;
  // Long before the peer's certificate expires it is told to go away: it comes
  // back with a newer one, if it has been given one, and no call is lost.
  Timer renew_timer_;
  absl::Duration last_used_;           // when the last stream ended
  bool greeted_ = false;               // the client's first SETTINGS have come
  bool head_begun_ = false;            // a header block has, and has not ended
  int continuations_ = 0;              // of that block
  std::size_t unclaimed_headers_ = 0;  // bytes of the last block, until it
                                       // turns out to be a request's
  bool draining_ = false;
  bool last_goaway_ = false;
  bool flooded_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_SERVER_CONNECTION_H_
