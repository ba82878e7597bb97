// Lines of a file as they are appended.
#ifndef PSM_MESH_CLI_FOLLOW_FILE_H_
#define PSM_MESH_CLI_FOLLOW_FILE_H_

#include <atomic>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm {

// Calls `take` with each line appended from now on, until `stop`, which a
// signal handler may set. Waits for a file that is not there yet; its folder
// must be.
absl::Status FollowFile(const std::string& file, const std::atomic<bool>& stop,
                        absl::FunctionRef<void(absl::string_view line)> take);

}  // namespace psm

#endif  // PSM_MESH_CLI_FOLLOW_FILE_H_
