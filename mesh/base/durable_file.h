// Files that are written whole or not at all, and private ones that are read
// back. Knows nothing of what is in them.
#ifndef PSM_MESH_BASE_DURABLE_FILE_H_
#define PSM_MESH_BASE_DURABLE_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

inline constexpr mode_t kPrivate = 0600;  // keys and what says who holds them
inline constexpr mode_t kPublic = 0644;   // certificates and lists

// What a change of the disk outlives once the call has returned.
enum class Outlives {
  kPowerCut,  // waits for the disk: fsync of the file and of its folder
  kProcess,   // not that: for what a restart of the machine makes anew
};

// Puts `bytes` into `file`, mode `mode` whatever the umask, in place of what
// was there. Whoever reads the file, during the call or after a crash in it,
// finds the old contents or the new, whole. When it returns OK they outlive
// what `outlives` says; after an error the old contents are still there, or,
// where only the last fsync of the folder failed, the new ones, and no other
// file is left behind.
//
// Writers of one file, in any process, wait for one another; the last one
// wins. Between reading and writing a file, hold a FolderLock.
//
// The bytes go into `file`.partial first. A crash leaves that behind; the next
// writer removes it.
//
// Errors have the code of the errno (absl::ErrnoToStatus): NOT_FOUND where
// there is no such folder, PERMISSION_DENIED, RESOURCE_EXHAUSTED where the disk
// is full... The message names the file and says what to do.
absl::Status WriteWholeFile(const std::string& file, absl::string_view bytes,
                            mode_t mode,
                            Outlives outlives = Outlives::kPowerCut);

// As WriteWholeFile, but never replaces: ALREADY_EXISTS where there is a file,
// which stays as it is. Of writers at the same time one succeeds. Always
// outlives a power cut.
absl::Status CreateWholeFile(const std::string& file, absl::string_view bytes,
                             mode_t mode);

// The contents of a file. NOT_FOUND where there is none, else the code of the
// errno; the message names the file.
absl::StatusOr<std::string> ReadFile(const std::string& file);

// As ReadFile, for a file with a key in it. FAILED_PRECONDITION where group or
// others have any access; the message says what to run.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& file);

// Makes a folder and those above it that are missing, mode 0700. OK where it is
// there already. Errors as WriteWholeFile's.
absl::Status MakeFolder(const std::string& folder,
                        Outlives outlives = Outlives::kPowerCut);

// Removes a file, durably; OK where there is none.
absl::Status RemoveFile(const std::string& file);

// Waits until the disk has the names in a folder: files made, renamed, removed.
absl::Status SyncFolder(const std::string& folder);

// The folder a file lies in: "a/b" for "a/b/c", "." for "c", "/" for "/c".
std::string FolderOf(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_BASE_DURABLE_FILE_H_
