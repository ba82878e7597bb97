// One call to a provider, whatever its form: its request head, its place in
// queue and connection, its end. Knows no connections.
#ifndef PSM_MESH_EDGE_UPSTREAM_CALL_H_
#define PSM_MESH_EDGE_UPSTREAM_CALL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/edge/answer_head.h"
#include "mesh/edge/field_list.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/outbound_stream.h"
#include "mesh/edge/timer_queue.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

class ProviderConnection;
class ProviderPool;

// The errors of ProviderLink.
absl::Status ProviderUnavailable(absl::string_view provider,
                                 absl::string_view cause);
// What became of a connection to it: that it cannot be trusted where `why` is
// UNAUTHENTICATED, else that it is unavailable.
absl::Status ProviderLost(absl::string_view provider, const absl::Status& why);
absl::Status AnswerMalformed(absl::string_view provider,
                             absl::string_view cause);
absl::Status AnswerTooLarge(absl::string_view provider);
// For a stream that the provider reset with this code of RFC 9113, 7: with the
// status that gRPC gives it (PROTOCOL-HTTP2.md, "Errors").
absl::Status ProviderReset(absl::string_view provider, std::uint32_t code);

// Belongs to one thread. Its pool moves it between queue and connection, and
// has it tell its news (Deliver) outside every callback of HTTP/2.
class UpstreamCall {
 public:
  virtual ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  // The request's header list. Views last as long as the call.
  void AddFields(FieldList& fields, absl::string_view authority);
  // Copies the next bytes of the request; see nghttp2's read callback.
  virtual ssize_t ReadRequest(std::uint8_t* buffer, std::size_t capacity,
                              std::uint32_t* flags) = 0;
  virtual bool request_complete() const = 0;

  // The answer, as it comes. Once it has ended the rest is of no interest.
  void BeginFields() { answer_.BeginBlock(); }
  void AddField(absl::string_view name, absl::string_view value);
  virtual void FieldsDone();
  virtual void Received(absl::string_view bytes) = 0;
  virtual void EndOfStream() = 0;
  // The provider reset the stream, having perhaps processed the call.
  virtual void OnReset(std::uint32_t code) = 0;
  // Ends the call without an answer; does nothing where it has ended.
  void Fail(absl::Status status);

  // Whether what it receives is taken at once, so that the stream's credit goes
  // back at once; else it gives the credit back as it delivers.
  virtual bool TakesAtOnce() const = 0;

  // For a second attempt on another connection, where the first certainly was
  // not processed and the request is still there from its beginning.
  virtual bool MayStartOver() const { return !retried_; }
  virtual void StartOver();

  // Tells whoever waits what there is to tell. May destroy what it tells, make
  // calls, cancel others.
  virtual void Deliver() = 0;
  // Stops listening to whoever could end the call.
  virtual void Unwatch() {}
  // At the end of the process whoever waits may have gone before: the call is
  // given up as it is.
  virtual void Abandon() {}

  bool ended() const { return ended_; }
  const std::string& provider() const { return head_.provider->id; }
  const System& system() const { return *head_.provider; }

  // The pool's and the connection's notes.
  std::list<std::shared_ptr<UpstreamCall>>::iterator place;
  ProviderConnection* connection = nullptr;
  std::int32_t stream = 0;   // 0: none, or both sides of it have ended
  std::size_t received = 0;  // bytes of the answer that are held
  bool queued = false;
  bool due = false;      // Deliver is to be called
  bool written = false;  // HEADERS may have reached the provider

 protected:
  UpstreamCall(ProviderPool& pool, CallHead head, const UpstreamLimits& limits,
               TimerQueue& timers, bool keeps_metadata);

  // Failed, with this status; the first of this and End ends it.
  virtual void OnFailed(absl::Status status) = 0;
  // Marks the end and has Deliver called.
  void End();
  void Malformed(absl::string_view cause);

  ProviderPool& pool_;
  const CallHead head_;
  TimerQueue& timers_;
  AnswerHead answer_;

 private:
  const absl::Duration deadline_;  // monotonic
  bool ended_ = false;
  bool retried_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_UPSTREAM_CALL_H_
