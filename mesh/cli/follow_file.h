// Lines of files as they are appended.
#ifndef PSM_MESH_CLI_FOLLOW_FILE_H_
#define PSM_MESH_CLI_FOLLOW_FILE_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm {

// Calls `take` with each line appended from now on to any of `files` and that
// file's index, until `stop`, which a signal handler may set. Waits for files
// that are not there yet, and follows those that are replaced or cut; their
// folders must be there.
absl::Status FollowFiles(
    const std::vector<std::string>& files, const std::atomic<bool>& stop,
    absl::FunctionRef<void(std::size_t file, absl::string_view line)> take);

// The same for one.
absl::Status FollowFile(const std::string& file, const std::atomic<bool>& stop,
                        absl::FunctionRef<void(absl::string_view line)> take);

}  // namespace psm

#endif  // PSM_MESH_CLI_FOLLOW_FILE_H_
