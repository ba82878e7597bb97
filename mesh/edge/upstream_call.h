// One unary call to a provider: the request until it is written, the answer
// until it is complete. Knows no connections.
#ifndef PSM_MESH_EDGE_UPSTREAM_CALL_H_
#define PSM_MESH_EDGE_UPSTREAM_CALL_H_

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/base/task.h"
#include "mesh/edge/field_list.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/message_assembler.h"
#include "mesh/edge/timer_queue.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

class ProviderConnection;
class ProviderPool;

// The errors of ProviderLink.
absl::Status ProviderUnavailable(absl::string_view provider,
                                 absl::string_view cause);
absl::Status AnswerMalformed(absl::string_view provider,
                             absl::string_view cause);
absl::Status AnswerTooLarge(absl::string_view provider);

// Belongs to one thread. Its owner (ProviderPool) moves it between queue and
// connection; `reply` is set once the call has its end.
class UpstreamCall {
 public:
  UpstreamCall(ProviderPool& pool, ProviderRequest request,
               Completion<ProviderReply>* done, const UpstreamLimits& limits,
               TimerQueue& timers);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  // Starts listening to the cancellation and the deadline; either may end the
  // call at once.
  void Watch(Cancellation& cancellation);
  // Stops listening.
  void Unwatch();
  // At the end of the process the cancellation may have gone before: what
  // listens to it is given up as it is.
  void Abandon();

  // The request's header list. Views last as long as the call.
  void AddFields(FieldList& fields, absl::string_view authority);
  // Copies the next bytes of the request; see nghttp2's read callback.
  ssize_t ReadRequest(std::uint8_t* buffer, std::size_t capacity,
                      std::uint32_t* flags);
  bool request_complete() const {
    return request_offset_ == kMessagePrefix + request.message.size();
  }

  // The answer, as it comes. Once `reply` is set the rest is of no interest.
  void BeginFields();
  void AddField(absl::string_view name, absl::string_view value);
  void FieldsDone();
  void Received(absl::string_view bytes);
  void EndOfStream();
  // Ends the call without an answer; does nothing where it has one.
  void Fail(absl::Status status);

  // For a second attempt on another connection.
  void StartOver();

  const std::string& provider() const { return provider_; }

  ProviderRequest request;
  Completion<ProviderReply>* const done;
  std::optional<ProviderReply> reply;

  // The pool's and the connection's notes.
  std::list<std::unique_ptr<UpstreamCall>>::iterator place;
  ProviderConnection* connection = nullptr;
  std::int32_t stream = 0;   // 0: none, or both sides of it have ended
  std::size_t received = 0;  // bytes of the answer
  bool queued = false;
  bool written = false;  // HEADERS may have reached the provider
  bool retried = false;

 private:
  void AddInitial(absl::string_view name, absl::string_view value);
  void AddStatus(absl::string_view name, absl::string_view value);
  void Malformed(absl::string_view cause);

  ProviderPool& pool_;
  const std::string provider_;
  const UpstreamLimits& limits_;
  const absl::Duration deadline_;  // monotonic
  std::unique_ptr<Cancellation::Hook> hook_;
  Timer timer_;
  TimerQueue& timers_;
  char prefix_[kMessagePrefix];
  std::size_t request_offset_ = 0;  // prefix included

  std::size_t field_bytes_ = 0;
  bool initial_done_ = false;
  bool status_200_ = false;
  bool content_type_ = false;
  bool identity_ = true;
  std::optional<int> code_;
  bool code_repeated_ = false;
  WireStatus end_;
  MessageAssembler assembler_;
  std::optional<std::string> message_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_UPSTREAM_CALL_H_
