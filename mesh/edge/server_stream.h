// One call at the front door: HTTP/2 stream on one side, StreamHandler on the
// other.
#ifndef PSM_MESH_EDGE_SERVER_STREAM_H_
#define PSM_MESH_EDGE_SERVER_STREAM_H_

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/edge/message_assembler.h"
#include "mesh/edge/request_head.h"
#include "mesh/edge/server_shard.h"
#include "mesh/edge/stream_handler.h"

namespace psm::edge {

// Reused from call to call. In use from Open until its handler has finished (if
// it got one) and its connection has closed it, whichever is later.
class ServerStream final : public InboundStream {
 public:
  explicit ServerStream(ServerShard& shard);
  ~ServerStream();

  // For the connection, in the order in which they come.
  void Open(ServerConnection& connection, std::int32_t id);
  RequestHead& head() { return head_; }
  void HeadersDone();
  bool head_done() const { return head_done_; }
  void Received(absl::string_view bytes);
  void HalfClosed();
  // END_STREAM has been sent; true where the client has not sent its own, and
  // need not any more.
  bool EndSent();
  // The stream is no more on the connection.
  void Closed();
  // Cancels the call, if it is not finished.
  void Cancel(const absl::Status& reason);
  void TellWritable();
  // After input: refuses the call or has it dispatched, if its headers have
  // come since; and gives its handler what it waits for.
  void BeginCall();
  void Deliver();

  // For the shard at the end of a turn: destroys a handler that has finished.
  // True where the stream may be used again.
  bool CleanUp();
  // At the end of the process.
  void Abandon() { connection_ = nullptr; }

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  // The connection's: its places in lists.
  std::size_t slot = 0;
  std::size_t input_place = kNowhere;

  // InboundStream.
  Worker& worker() override { return shard_.worker(); }
  const std::string& path() const override { return head_.path(); }
  const Metadata& metadata() const override { return head_.metadata(); }
  const std::shared_ptr<const PeerIdentity>& peer() const override {
    return peer_;
  }
  absl::Time ask_time() const override { return ask_time_; }
  absl::Duration TimeLeft() const override;
  Cancellation& cancellation() override { return *cancellation_; }
  const std::string& encoding() const override { return head_.encoding(); }
  const std::string& accept_encoding() const override {
    return head_.accept_encoding();
  }
  void ReadNext() override;
  void ReadBytes() override;
  void SetEncodings(std::string encoding, std::string accept_encoding) override;
  void SendHeaders(Metadata metadata) override;
  void SendMessage(GrpcMessage message) override;
  void SendBytes(std::string bytes) override;
  std::size_t unsent_bytes() const override { return unsent_bytes_; }
  using InboundStream::Finish;
  void Finish(WireStatus status, Metadata trailers) override;

 private:
  struct Output {
    char prefix[kMessagePrefix];
    std::size_t prefix_size;  // none where the body has its own
    std::string body;
  };

  absl::Status Admit();
  void Refuse(const absl::Status& status, absl::string_view http_status);
  void DeliverSome(absl::string_view bytes);
  void DeliverBytes();
  // False, and the call cancelled, where messages are not what they should be.
  bool CheckMessages(MessageAssembler::Outcome outcome);
  void Consume(std::size_t bytes);
  bool Charge(std::size_t bytes);
  void Uncharge(std::size_t bytes);
  void TimeUp();
  static absl::Status TooMuchUnsent();
  void OutputAdded();
  void SubmitHeaders();
  void SubmitTrailersOnly(absl::string_view http_status);
  void SubmitTrailers();
  ssize_t ReadOutput(std::uint8_t* buffer, std::size_t capacity,
                     std::uint32_t* flags);
  void Clear();

  ServerShard& shard_;
  ServerConnection* connection_ = nullptr;  // null: closed, or not in use
  std::int32_t id_ = 0;
  RequestHead head_;
  std::shared_ptr<const PeerIdentity> peer_;
  std::shared_ptr<PeerShare> share_;
  std::optional<Cancellation> cancellation_;
  absl::Time ask_time_;
  absl::Duration deadline_;  // monotonic
  Timer timer_;  // of the deadline; after Finish, for the client to take it
  std::unique_ptr<StreamHandler> handler_;

  // What came and has not been delivered. Flow control bounds it to a window.
  std::string input_;
  std::size_t input_taken_ = 0;
  MessageAssembler assembler_;
  // Bytes charged to the connection and the peer's share: of the message that
  // comes in, and of the one that was delivered last and is still in use.
  std::size_t charged_incoming_ = 0;
  std::size_t charged_delivered_ = 0;
  bool wanted_ = false;  // ReadNext or ReadBytes is to be answered
  bool in_bytes_ = false;
  bool delivering_ = false;
  bool half_closed_ = false;
  bool half_close_told_ = false;

  // What has not been handed to HTTP/2.
  std::vector<Output> output_;
  std::size_t output_at_ = 0;      // the first that is not complete
  std::size_t output_offset_ = 0;  // bytes of it, prefix included
  std::size_t unsent_bytes_ = 0;   // charged to the peer's share
  bool too_much_unsent_ = false;   // an answer was dropped: the call ends so
  std::string response_encoding_;
  std::string response_accept_encoding_ = "identity";
  Metadata initial_metadata_;
  Metadata trailers_;
  WireStatus end_;
  bool head_done_ = false;  // the request's headers are complete
  bool begun_ = false;      // and have been judged
  bool headers_submitted_ = false;
  bool deferred_ = false;  // HTTP/2 waits for resume_data
  bool dispatched_ = false;
  bool finished_ = false;
  bool end_sent_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_SERVER_STREAM_H_
