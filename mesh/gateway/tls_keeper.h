// The gateway's certificates as they change: follows the files, has each
// version put in force, and says in the run folder what is in force. Knows no
// connections.
#ifndef PSM_MESH_GATEWAY_TLS_KEEPER_H_
#define PSM_MESH_GATEWAY_TLS_KEEPER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/tls_config.h"
#include "mesh/gateway/file_follower.h"

namespace psm {

// What it says lies in <run>/in-force/mesh/gateway, one JSON object, written
// anew within some 0.2 s of a change:
//   {"pid": 4711,                         of a gateway that was killed: stale
//    "certificate": "<serial of the own one>",
//    "list_number": 12,                    the highest of the revocation lists
//    "refuses": "",                        why nobody is served; "" if they are
//    "peers": {"<serial of an authority>": ["akatsuki/tax", ...]}}
// where `peers` are the systems at the other ends of open connections, by who
// issued their certificates: an authority that is not there can be retired.
//
// Runs on threads of its own. `clock` must outlive it.
class TlsKeeper {
 public:
  using PutInForce =
      std::function<void(const std::shared_ptr<const edge::TlsConfig>&)>;

  // `put_in_force` is called on a thread of the keeper.
  TlsKeeper(const std::string& run, const Clock& clock,
            PutInForce put_in_force);
  ~TlsKeeper() { Stop(); }
  TlsKeeper(const TlsKeeper&) = delete;
  TlsKeeper& operator=(const TlsKeeper&) = delete;

  // The first version, as TlsConfig::Load. Before Start.
  absl::StatusOr<std::shared_ptr<const edge::TlsConfig>> Load()
      PSM_EXCLUDES(mu_);

  // Begins to follow: what the files say, as TlsConfig::Reload has it, is in
  // force within some 0.2 s of a change. While there is a problem it looks
  // again every second. Call once, after Load.
  void Start();
  // Ends it and takes away what was said. Does nothing where it is not running.
  void Stop();

 private:
  std::string Fingerprint() PSM_EXCLUDES(mu_);
  void Reload() PSM_EXCLUDES(mu_);
  std::string Report() PSM_EXCLUDES(mu_);
  void WriteReport() PSM_EXCLUDES(mu_);
  void LogChange(const edge::TlsConfig& config, const absl::Status& problem)
      PSM_REQUIRES(mu_);

  const Clock& clock_;
  const edge::TlsFiles files_;
  const std::string report_file_;
  const PutInForce put_in_force_;
  Mutex mu_;
  std::shared_ptr<const edge::TlsConfig> config_ PSM_GUARDED_BY(mu_);
  absl::Status problem_ PSM_GUARDED_BY(mu_);  // of the last reload
  bool stale_ PSM_GUARDED_BY(mu_) = false;    // the lists, and it was logged
  bool started_ = false;
  FileFollower files_follower_;
  FileFollower report_follower_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_TLS_KEEPER_H_
