// The line per leg that `psm watch` shows. Development only: it holds codes of
// persons.
#ifndef PSM_MESH_GATEWAY_LEG_LOG_H_
#define PSM_MESH_GATEWAY_LEG_LOG_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Appends JSON lines to a file, mode 0600, from a thread of its own; drops
// lines rather than hold up an exchange when more than a few thousand wait.
// Thread-safe.
class LegLog : public LegObserver {
 public:
  static absl::StatusOr<std::unique_ptr<LegLog>> Open(const std::string& file,
                                                      const Clock& clock);
  ~LegLog() override;  // writes what waits

  void OnLeg(LegReport report) override;

 private:
  LegLog(int fd, const Clock& clock);
  void Run() PSM_EXCLUDES(mu_);

  const int fd_;
  const Clock& clock_;
  Mutex mu_;
  CondVar wake_;
  std::vector<LegReport> waiting_ PSM_GUARDED_BY(mu_);
  bool stop_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_LEG_LOG_H_
