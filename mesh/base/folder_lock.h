// A folder that one holder at a time may change.
#ifndef PSM_MESH_BASE_FOLDER_LOCK_H_
#define PSM_MESH_BASE_FOLDER_LOCK_H_

#include <string>

#include "absl/status/statusor.h"

namespace psm {

// Keeps others that take the same lock off a folder while it lives: other
// processes, and other threads of this one. Advisory (flock). Ends with the
// process that holds it, however that ends.
class FolderLock {
 public:
  // Waits for its turn. NOT_FOUND where there is no such folder, else the code
  // of the errno; the message names the folder.
  static absl::StatusOr<FolderLock> Take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;  // of the folder; -1 once moved from
};

}  // namespace psm

#endif  // PSM_MESH_BASE_FOLDER_LOCK_H_
