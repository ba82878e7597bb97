// Files that a crash leaves either old or new, and folders that one process at
// a time may change.
#ifndef PSM_CERTS_DURABLE_FILE_H_
#define PSM_CERTS_DURABLE_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::pki {

inline constexpr mode_t kPrivate = 0600;  // keys and what says who holds them
inline constexpr mode_t kPublic = 0644;   // certificates and lists

// Puts `bytes` into `file` in place of what was there: written beside it,
// synced and renamed. When it returns OK the contents survive a power cut;
// else, or when the process dies in it, the old contents are still there. Two
// writers of one file must hold a FolderLock. The error names the file.
absl::Status WriteDurably(const std::string& file, absl::string_view bytes,
                          mode_t mode);

// The contents of a file. NOT_FOUND where there is none; the error names it.
absl::StatusOr<std::string> ReadFile(const std::string& file);

// As ReadFile, for a file with a key in it. FAILED_PRECONDITION where group or
// others have any access; the message says what to run.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& file);

// Makes a folder and those above it that are missing, mode 0700, durably.
absl::Status MakeFolder(const std::string& folder);

// Removes a file, durably; OK where there is none.
absl::Status RemoveFile(const std::string& file);

// Keeps others that take the same lock off a folder while it lives: other
// processes, and other threads of this one. Ends with the process that holds
// it, however that ends.
class FolderLock {
 public:
  // Waits for its turn. The folder must exist.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(
      const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_DURABLE_FILE_H_
