// One worker's connections to providers: HTTP/2 over mutual TLS, multiplexed,
// redialled as needed.
#ifndef PSM_MESH_EDGE_UPSTREAM_H_
#define PSM_MESH_EDGE_UPSTREAM_H_

#include <cstdint>
#include <memory>

#include "mesh/edge/endpoint_source.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/outbound_stream.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/worker.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

struct UpstreamStats {
  std::uint64_t dials = 0;         // since the start
  std::uint64_t failed_dials = 0;  // of these
  std::uint64_t calls = 0;
  std::uint64_t retries = 0;  // calls the provider certainly had not processed
  std::uint64_t connections = 0;   // now
  std::uint64_t active_calls = 0;  // now
};

// Implements ProviderLink: one connection to each provider that is called,
// opened at the first call. A call waits while the connection is made; where
// dialling failed less than `dial_pause` ago it fails at once. A call that the
// provider certainly has not processed (GOAWAY below it, REFUSED_STREAM, never
// written) is sent once more on a new connection; no other is repeated.
//
// The server at the other end must show exactly the SPIFFE id of the provider.
//
// Belongs to `worker`'s thread, apart from Update; created before Start or on
// that thread, destroyed after Join (calls still in flight are then dropped
// without an answer) . `worker` and `endpoints` outlive it.
class Upstream final : public ProviderLink {
 public:
  Upstream(Worker& worker, EndpointSource& endpoints,
           std::shared_ptr<const TlsConfig> tls, const UpstreamLimits& limits);
  ~Upstream() override;
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // See ProviderLink. `request.provider` must stay until `done` is set; its
  // address is not kept beyond that.
  void Invoke(ProviderRequest request, Cancellation& cancellation,
              Completion<ProviderReply>* done) override;

  // Calls a provider as a stream of messages, with metadata and encodings as
  // given. `handler` hears the answer, nothing before this has returned, until
  // its end or until the stream is destroyed. Never null: what stands in the
  // way comes as the answer's end, with ProviderLink's errors.
  std::unique_ptr<OutboundStream> Open(CallHead head, AnswerHandler& handler);

  // New connections use `tls`; live connections to a provider that it revokes
  // end, their calls with UNAVAILABLE. Where this process shows another
  // certificate from now on, connections to providers whose certificates are of
  // another authority than that take no new calls. Thread-safe.
  void Update(std::shared_ptr<const TlsConfig> tls);

  UpstreamStats Stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_UPSTREAM_H_
