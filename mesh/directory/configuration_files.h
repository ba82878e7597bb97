// Which files make up a configuration, and what is in them. Knows nothing of
// their meaning.
#ifndef PSM_MESH_DIRECTORY_CONFIGURATION_FILES_H_
#define PSM_MESH_DIRECTORY_CONFIGURATION_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace psm {

// The paths of all `*.textproto` and `*.binpb` below the folders, sorted, each
// file once. Links to files are followed, links to folders are not. NOT_FOUND,
// reason CONFIGURATION_NOT_FOUND, for a folder that is not there or cannot be
// read.
absl::StatusOr<std::vector<std::string>> FindConfigurationFiles(
    absl::Span<const std::string> folders);

// The contents of a regular file of at most kMaxConfigurationFileSize.
// INVALID_ARGUMENT, reason CONFIGURATION_INVALID, naming the file, otherwise.
absl::StatusOr<std::string> ReadConfigurationFile(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_CONFIGURATION_FILES_H_
