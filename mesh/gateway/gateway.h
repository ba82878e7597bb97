// The gateway's process: workers, edge, exchange and log wired together.
// Decides nothing itself.
#ifndef PSM_MESH_GATEWAY_GATEWAY_H_
#define PSM_MESH_GATEWAY_GATEWAY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"

namespace psm {

struct GatewayOptions {
  std::string run;                         // the run folder
  std::vector<std::string> configuration;  // folders, merged
  std::string listen = "127.0.0.1:7443";   // port 0: any
  std::string admin = "127.0.0.1:0";       // serves the log; "": nobody does
  std::string name = "main";               // of its log
  std::string kept_checkpoint;             // of it, outside of `run`; "": none
  int workers = 0;                         // 0: one for each core
  bool development = false;                // writes <run>/legs.jsonl
};

class Gateway {
 public:
  // Checks everything (configuration, keys, certificates, records) before a
  // port opens, then serves and writes <run>/endpoints/mesh/gateway, and for
  // the admin port <run>/endpoints/mesh/gateway.http. Errors say which file is
  // wrong and what to do. `clock` must outlive the gateway.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(
      const GatewayOptions& options, const Clock& clock);
  ~Gateway();  // as Stop, without waiting for calls

  int port() const;

  // Takes no new calls, lets those in flight finish within `bound`, then
  // cancels the rest, records how they ended, and writes what waits. Returns at
  // most 3 s after `bound`. Call once.
  void Stop(absl::Duration bound);

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_GATEWAY_H_
