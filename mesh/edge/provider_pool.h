// All calls of one worker to one provider, and the connections that carry them.
#ifndef PSM_MESH_EDGE_PROVIDER_POOL_H_
#define PSM_MESH_EDGE_PROVIDER_POOL_H_

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/edge/endpoint_source.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/outbound_stream.h"
#include "mesh/edge/provider_connection.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/upstream.h"
#include "mesh/edge/upstream_call.h"
#include "mesh/edge/worker.h"

namespace psm::edge {

// What the pools of an Upstream have in common. Outlives them.
struct UpstreamContext {
  Worker& worker;
  EndpointSource& endpoints;
  std::shared_ptr<const TlsConfig> tls;
  const UpstreamLimits limits;
  UpstreamStats stats;
};

// One connection takes new calls; older ones that were told to go away carry
// theirs to the end. Calls tell their news from Settle alone, outside every
// callback of HTTP/2, because whoever hears it may start or cancel others.
class ProviderPool {
 public:
  ProviderPool(std::string provider, UpstreamContext& context);
  ~ProviderPool();
  ProviderPool(const ProviderPool&) = delete;
  ProviderPool& operator=(const ProviderPool&) = delete;

  // See ProviderLink::Invoke.
  void Invoke(ProviderRequest request, Cancellation& cancellation,
              Completion<ProviderReply>* done);
  // See Upstream::Open.
  std::unique_ptr<OutboundStream> Open(CallHead head, AnswerHandler& handler);
  std::size_t connections() const;
  std::size_t active_calls() const { return calls_.size(); }
  // Ends connections whose peer the newest TLS snapshot, which has taken the
  // place of `before`, does not accept; those that should be opened anew take
  // no new calls, and end with those they have.
  void CheckPeers(const TlsConfig& before);

  // For calls: it has something to tell (Deliver). Whoever is not within a
  // callback of HTTP/2 has it told soon, or now.
  void Due(UpstreamCall& call);
  void SettleSoon();
  // It has told its end, or nobody listens any more. Does nothing where it is
  // forgotten already.
  void Forget(UpstreamCall& call);

  // For connections.
  UpstreamContext& context() { return context_; }
  const std::string& provider() const { return provider_; }
  // It can take calls (more of them).
  void Ready();
  // It takes no new calls.
  void Retired(ProviderConnection& connection);
  // It has ended; its calls have been given back or ended.
  void Closed(ProviderConnection& connection, const absl::Status& why);
  // The provider has certainly not processed the call: once more, elsewhere, or
  // the end.
  void GiveBack(UpstreamCall& call, const absl::Status& why);
  // Has told what is due and sends what waits.
  void Settle();

 private:
  void Pump();
  // Its peer is not accepted any more.
  void EndConnection(ProviderConnection& connection, const absl::Status& why);
  void Dial();
  void DialFailed(const absl::Status& why);
  void FailQueue(const absl::Status& why);
  // Takes a new call on: the end of it where it may not be sent.
  void Enter(const std::shared_ptr<UpstreamCall>& call, bool valid);

  const std::string provider_;
  UpstreamContext& context_;
  std::list<std::shared_ptr<UpstreamCall>> calls_;
  std::deque<UpstreamCall*> queue_;
  std::vector<std::shared_ptr<UpstreamCall>> due_;
  std::shared_ptr<ProviderConnection> current_;
  std::vector<std::shared_ptr<ProviderConnection>> retired_;
  bool settling_ = false;
  bool settling_soon_ = false;
  // Posts that are still to run when the pool goes look at this.
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool reached_ = true;  // the last dial worked, or there was none: for the log
  absl::Duration failed_at_ = -absl::InfiniteDuration();  // monotonic
  absl::Status failure_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_PROVIDER_POOL_H_
