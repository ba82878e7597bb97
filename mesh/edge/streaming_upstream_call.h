// One call to a provider with any number of messages in both directions.
#ifndef PSM_MESH_EDGE_STREAMING_UPSTREAM_CALL_H_
#define PSM_MESH_EDGE_STREAMING_UPSTREAM_CALL_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "mesh/edge/message_assembler.h"
#include "mesh/edge/outbound_stream.h"
#include "mesh/edge/upstream_call.h"

namespace psm::edge {

// What it holds of the answer is at most a window of the stream: its credit
// goes back when the handler takes the bytes, the connection's when they arrive
// (design.md section 9).
class StreamingUpstreamCall final : public UpstreamCall {
 public:
  StreamingUpstreamCall(ProviderPool& pool, CallHead head,
                        AnswerHandler& handler, const UpstreamLimits& limits,
                        TimerQueue& timers);
  ~StreamingUpstreamCall() override;

  // For the one who opened it, as in OutboundStream.
  void SendBytes(std::string bytes);
  std::size_t unsent_bytes() const { return unsent_bytes_; }
  void HalfClose();
  void ReadBytes();
  // Nobody listens any more: cancels the call unless it has ended.
  void Leave();

  ssize_t ReadRequest(std::uint8_t* buffer, std::size_t capacity,
                      std::uint32_t* flags) override;
  bool request_complete() const override { return end_sent_; }
  void FieldsDone() override;
  void Received(absl::string_view bytes) override;
  void EndOfStream() override;
  void OnReset(std::uint32_t code) override;
  bool TakesAtOnce() const override { return false; }
  bool MayStartOver() const override;
  void StartOver() override;
  void Deliver() override;
  void Abandon() override;

 private:
  void OnFailed(absl::Status status) override;
  void Resume();
  void DeliverBytes();
  void DeliverEnd();

  AnswerHandler* handler_;  // null once it has been told the end, or has left
  bool abandoned_ = false;  // the pool is no more

  // What is not sent; also what is, as long as it might have to be sent again.
  std::deque<std::string> output_;
  std::size_t output_at_ = 0;      // the first that is not complete
  std::size_t output_offset_ = 0;  // bytes of it
  std::size_t unsent_bytes_ = 0;
  std::size_t kept_bytes_ = 0;  // of output_
  bool replayable_ = true;
  bool half_closed_ = false;
  bool end_sent_ = false;
  bool deferred_ = false;  // HTTP/2 waits for resume_data
  bool writable_ = false;  // to be told

  std::string input_;           // what came and has not been delivered
  MessageAssembler assembler_;  // follows what has been
  bool headers_done_ = false;
  bool headers_told_ = false;
  bool wanted_ = false;
  std::optional<AnswerEnd> end_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_STREAMING_UPSTREAM_CALL_H_
