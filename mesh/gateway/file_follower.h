// Notices that files have changed. Knows nothing of what is in them.
#ifndef PSM_MESH_GATEWAY_FILE_FOLLOWER_H_
#define PSM_MESH_GATEWAY_FILE_FOLLOWER_H_

#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "mesh/base/mutex.h"

namespace psm {

// Asks for a fingerprint ten times a second, on a thread of its own, and calls
// `changed` there once it differs from the one last acted on and has stood
// still for one interval (files that are being written are not read half-way).
class FileFollower {
 public:
  // The state at construction counts as acted on: make the follower before
  // reading the files for the first time, so that no change in between is
  // missed.
  FileFollower(absl::AnyInvocable<std::string()> fingerprint,
               absl::AnyInvocable<void()> changed);
  ~FileFollower() { Stop(); }
  FileFollower(const FileFollower&) = delete;
  FileFollower& operator=(const FileFollower&) = delete;

  // Begins to follow. Call once.
  void Start();
  // Ends it; does nothing where it has not begun, or has ended.
  void Stop() PSM_EXCLUDES(mu_);

 private:
  void Run() PSM_EXCLUDES(mu_);

  absl::AnyInvocable<std::string()> fingerprint_;
  absl::AnyInvocable<void()> changed_;
  std::string acted_on_;
  Mutex mu_;
  CondVar stopped_;
  bool stop_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_FILE_FOLLOWER_H_
