#include "mesh/edge/upstream.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "mesh/edge/provider_pool.h"

namespace psm::edge {

class Upstream::Impl {
 public:
  Impl(Worker& worker, EndpointSource& endpoints,
       std::shared_ptr<const TlsConfig> tls, const UpstreamLimits& limits)
      : context_{worker, endpoints, std::move(tls), limits, {}} {}

  // The pool stays where it is when the map grows.
  ProviderPool& PoolOf(const System& provider) {
    auto [place, added] = pools_.try_emplace(provider.id);
    if (added) {
      place->second = std::make_unique<ProviderPool>(place->first, context_);
    }
    return *place->second;
  }

  void Update(std::shared_ptr<const TlsConfig> tls) {
    context_.worker.Post([this, tls = std::move(tls)]() mutable {
      const std::shared_ptr<const TlsConfig> before =
          std::exchange(context_.tls, std::move(tls));
      // Whoever hears that his call ended may call a provider that has no pool
      // yet.
      std::vector<ProviderPool*> pools;
      for (auto& [provider, pool] : pools_) pools.push_back(pool.get());
      for (ProviderPool* pool : pools) pool->CheckPeers(*before);
    });
  }

  UpstreamStats Stats() const {
    UpstreamStats stats = context_.stats;
    for (const auto& [provider, pool] : pools_) {
      stats.connections += pool->connections();
      stats.active_calls += pool->active_calls();
    }
    return stats;
  }

 private:
  UpstreamContext context_;
  // As many as the directory has providers.
  absl::flat_hash_map<std::string, std::unique_ptr<ProviderPool>> pools_;
};

Upstream::Upstream(Worker& worker, EndpointSource& endpoints,
                   std::shared_ptr<const TlsConfig> tls,
                   const UpstreamLimits& limits)
    : impl_(std::make_unique<Impl>(worker, endpoints, std::move(tls), limits)) {
}
Upstream::~Upstream() = default;

void Upstream::Invoke(ProviderRequest request, Cancellation& cancellation,
                      Completion<ProviderReply>* done) {
  ProviderPool& pool = impl_->PoolOf(*request.provider);
  pool.Invoke(std::move(request), cancellation, done);
}

std::unique_ptr<OutboundStream> Upstream::Open(CallHead head,
                                               AnswerHandler& handler) {
  ProviderPool& pool = impl_->PoolOf(*head.provider);
  return pool.Open(std::move(head), handler);
}

void Upstream::Update(std::shared_ptr<const TlsConfig> tls) {
  impl_->Update(std::move(tls));
}

UpstreamStats Upstream::Stats() const { return impl_->Stats(); }

}  // namespace psm::edge
