// Under which authorities the peers of open connections have their
// certificates: what says when an old authority can go.
#ifndef PSM_MESH_EDGE_PEERS_IN_USE_H_
#define PSM_MESH_EDGE_PEERS_IN_USE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "mesh/base/mutex.h"

namespace psm::edge {

// Thread-safe. Touched twice per connection.
class PeersInUse : public std::enable_shared_from_this<PeersInUse> {
 public:
  // Systems by the serial of the certificate that issued theirs.
  using ByAuthority = std::map<std::string, std::set<std::string>>;

  // Counts a peer for as long as what it returns lives.
  std::shared_ptr<const void> Count(const std::string& authority,
                                    const std::string& system)
      PSM_EXCLUDES(mu_);

  ByAuthority Snapshot() const PSM_EXCLUDES(mu_);

 private:
  void Remove(const std::pair<std::string, std::string>& peer)
      PSM_EXCLUDES(mu_);

  mutable Mutex mu_;
  // How many there are of an authority and a system; never zero.
  std::map<std::pair<std::string, std::string>, int> counts_
      PSM_GUARDED_BY(mu_);
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_PEERS_IN_USE_H_
