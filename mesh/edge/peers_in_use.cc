#include "mesh/edge/peers_in_use.h"

namespace psm::edge {

std::shared_ptr<const void> PeersInUse::Count(const std::string& authority,
                                              const std::string& system) {
  std::pair<std::string, std::string> peer(authority, system);
  {
    MutexLock lock(mu_);
    ++counts_[peer];
  }
  // Nothing is owned but the duty to count down.
  return std::shared_ptr<const void>(
      static_cast<const void*>(this),
      [self = shared_from_this(), peer = std::move(peer)](const void*) {
        self->Remove(peer);
      });
}

void PeersInUse::Remove(const std::pair<std::string, std::string>& peer) {
  MutexLock lock(mu_);
  const auto place = counts_.find(peer);
  if (--place->second == 0) counts_.erase(place);
}

PeersInUse::ByAuthority PeersInUse::Snapshot() const {
  ByAuthority peers;
  MutexLock lock(mu_);
  for (const auto& [peer, count] : counts_)
    peers[peer.first].insert(peer.second);
  return peers;
}

}  // namespace psm::edge
