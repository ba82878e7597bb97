#include "mesh/gateway/service_desk.h"

#include <utility>

#include "mesh/edge/relay.h"
#include "mesh/exchange/batch.h"
#include "mesh/exchange/exchange.h"
#include "mesh/gateway/edge_peer.h"
#include "mesh/gateway/health.h"
#include "mesh/gateway/own_methods.h"

namespace psm {
namespace {

constexpr std::size_t kMaxUnsentAnswers = 16 << 10;  // bytes

// Reflection is a stream of questions, each answered before the next is read.
class ReflectionHandler final : public edge::StreamHandler {
 public:
  ReflectionHandler(edge::InboundStream& stream, Environment& env,
                    Reflection& reflection)
      : stream_(stream), env_(env), reflection_(reflection) {}

  void OnStart() override { stream_.ReadNext(); }

  void OnMessage(edge::GrpcMessage message) override {
    edge::GrpcMessage answer;
    answer.bytes = reflection_.Answer(env_.policy, message.bytes);
    stream_.SendMessage(std::move(answer));
    // A question is short and its answer long: who does not take the answers is
    // asked for no more questions.
    if (stream_.unsent_bytes() < kMaxUnsentAnswers) {
      stream_.ReadNext();
    } else {
      waiting_ = true;
    }
  }
  void OnWritable() override {
    if (std::exchange(waiting_, false)) stream_.ReadNext();
  }
  void OnHalfClose() override { stream_.Finish(absl::OkStatus()); }
  void OnCancelled(const absl::Status& reason) override {
    stream_.Finish(reason);
  }

 private:
  edge::InboundStream& stream_;
  Environment& env_;
  Reflection& reflection_;
  bool waiting_ = false;  // for the client to take what was answered
};

bool IsReflection(const std::string& path) {
  return path == kReflectionPath || path == kReflectionAlphaPath;
}

Metadata TrailersOf(Answer& answer) {
  Metadata trailers;
  if (!answer.exchange_id.empty())
    trailers.emplace_back("psm-exchange-id", std::move(answer.exchange_id));
  if (!answer.receipt.empty()) {
    trailers.emplace_back("psm-receipt-bin", std::move(answer.receipt.tree));
    trailers.emplace_back("psm-receipt-bin", std::move(answer.receipt.leaves));
  }
  return trailers;
}

}  // namespace

std::unique_ptr<edge::StreamHandler> ServiceDesk::Dispatch(
    edge::InboundStream& stream) {
  if (IsReflection(stream.path()))
    return std::make_unique<ReflectionHandler>(stream, env_, reflection_);
  return Carry(stream);
}

std::unique_ptr<edge::StreamHandler> ServiceDesk::DispatchLapsed(
    edge::InboundStream& stream) {
  if (IsReflection(stream.path()) || stream.path() == kHealthCheckPath)
    return nullptr;
  return Carry(stream);
}

std::unique_ptr<edge::StreamHandler> ServiceDesk::Carry(
    edge::InboundStream& stream) {
  if (stream.path() == kSubscribePath) return event_streams_.NewStream(stream);
  if (stream.path() == kRetrieveBatchPath)
    return batch_streams_.NewStream(stream);
  const MethodPlan* plan = env_.policy->contracts().FindByPath(stream.path());
  if (plan != nullptr && plan->transparent)
    return edge::NewRelay(stream, router_, upstream_);
  // Of a method that nobody knows, nobody knows the form of its messages.
  if (plan == nullptr && stream.path() != kHealthCheckPath &&
      FindOwnMethod(stream.path()) == nullptr)
    return edge::NewHeadHandler(stream, *this);
  return edge::NewUnaryHandler(stream, *this);
}

Task<edge::UnaryReply> ServiceDesk::Handle(edge::UnaryCall& call) {
  edge::UnaryReply reply;
  if (call.path == kHealthCheckPath) {
    absl::StatusOr<std::string> health =
        CheckHealth(env_.log, env_.policy->contracts(), call.message);
    reply.status = health.status();
    if (health.ok()) reply.message = *std::move(health);
    co_return reply;
  }

  EdgePeer peer(call.peer, tls_);
  Ask ask;
  ask.peer = &peer;
  ask.path = call.path;
  ask.message = std::move(call.message);
  ask.ask_time = call.ask_time;
  ask.deadline = call.deadline;
  ask.cancellation = &call.cancellation;
  absl::Status read = ReadMetadata(call.metadata, ask);
  if (!read.ok()) {
    reply.status = std::move(read);
    co_return reply;
  }
  const OwnMethod* own = FindOwnMethod(call.path);
  Task<Answer> task = own != nullptr ? own->answer(env_, std::move(ask))
                                     : RunExchange(env_, std::move(ask));
  Answer answer = co_await task;
  reply.trailers = TrailersOf(answer);
  reply.status = std::move(answer.status);
  reply.message = std::move(answer.message);
  co_return reply;
}

}  // namespace psm
