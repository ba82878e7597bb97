// Files that only their owner may read, and that a crash leaves either old or
// new. Knows nothing of what is in them.
#ifndef PSM_SERVICES_IDENTITY_CARD_PRIVATE_FILE_H_
#define PSM_SERVICES_IDENTITY_CARD_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::card {

// Puts `bytes` into `file`, mode 0600, in place of what was there. When it
// returns OK the new contents survive a power cut; when it fails, or the
// process dies in it, the old contents are still there. The error names the
// file. Two writers of one file must hold a FolderLock.
absl::Status WritePrivateFile(const std::string& file, absl::string_view bytes);

// The contents of `file`. NOT_FOUND where it does not exist;
// FAILED_PRECONDITION where group or others have any access to it.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& file);

// Keeps other processes and other threads that also take it off a folder while
// it lives. Advisory (flock).
class FolderLock {
 public:
  // Waits until the folder is free. The folder must exist.
  static absl::StatusOr<FolderLock> Take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;  // of the folder; -1 once moved from
};

// The folder a file lies in: "." for a bare name.
std::string FolderOf(const std::string& file);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_PRIVATE_FILE_H_
