// One unary call to a provider: the request until it is written, the answer
// until it is complete.
#ifndef PSM_MESH_EDGE_UNARY_UPSTREAM_CALL_H_
#define PSM_MESH_EDGE_UNARY_UPSTREAM_CALL_H_

#include <memory>
#include <optional>
#include <string>

#include "mesh/base/cancellation.h"
#include "mesh/base/task.h"
#include "mesh/edge/message_assembler.h"
#include "mesh/edge/upstream_call.h"

namespace psm::edge {

// Of the provider's metadata only status, message and details are looked at
// (design.md section 5).
class UnaryUpstreamCall final : public UpstreamCall {
 public:
  UnaryUpstreamCall(ProviderPool& pool, ProviderRequest request,
                    Completion<ProviderReply>* done,
                    const UpstreamLimits& limits, TimerQueue& timers);
  ~UnaryUpstreamCall() override;

  // Starts listening to the cancellation and the deadline; either may end the
  // call at once.
  void Watch(Cancellation& cancellation);

  ssize_t ReadRequest(std::uint8_t* buffer, std::size_t capacity,
                      std::uint32_t* flags) override;
  bool request_complete() const override {
    return offset_ == kMessagePrefix + message_.size();
  }
  void FieldsDone() override;
  void Received(absl::string_view bytes) override;
  void EndOfStream() override;
  void OnReset(std::uint32_t code) override;
  bool TakesAtOnce() const override { return true; }
  void StartOver() override;
  void Deliver() override;
  void Unwatch() override;
  void Abandon() override;

 private:
  void OnFailed(absl::Status status) override;

  Completion<ProviderReply>* const done_;
  const std::string message_;
  char prefix_[kMessagePrefix];
  std::size_t offset_ = 0;  // of the request, prefix included
  std::unique_ptr<Cancellation::Hook> hook_;
  Timer timer_;
  MessageAssembler assembler_;
  std::optional<std::string> answered_;
  ProviderReply reply_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_UNARY_UPSTREAM_CALL_H_
