// Small files of the run folder: read as a whole, replaced as a whole.
#ifndef PSM_MESH_AGENCY_RUN_FOLDER_H_
#define PSM_MESH_AGENCY_RUN_FOLDER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::agency {

// The contents. NOT_FOUND or another errno status, which names the file.
absl::StatusOr<std::string> ReadFile(const std::string& file);

// Replaces the contents so that a reader sees the old or the new whole. Makes
// the folder (0700) where it is missing; the file is 0600. Not durable: what it
// is for does not outlive the process.
absl::Status ReplaceFile(const std::string& file, absl::string_view contents);

// Makes a folder and those above it, 0700 where they are new.
absl::Status MakeFolder(const std::string& folder);

// Calls `take` with each line that is not empty, without its end. No file, no
// lines. Stops at the first error and names file and line in it, code and
// detail unchanged.
absl::Status ForEachLine(
    const std::string& file,
    absl::FunctionRef<absl::Status(absl::string_view line)> take);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RUN_FOLDER_H_
