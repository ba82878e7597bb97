// Small files of the run folder: replaced as a whole, read line by line.
#ifndef PSM_MESH_AGENCY_RUN_FOLDER_H_
#define PSM_MESH_AGENCY_RUN_FOLDER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm::agency {

// WriteWholeFile, mode 0600, in a folder that is made (0700) where it is
// missing. Not durable: what it is for does not outlive the process.
absl::Status ReplaceFile(const std::string& file, absl::string_view contents);

// Calls `take` with each line that is not empty, without its end. No file, no
// lines. Stops at the first error and names file and line in it, code and
// detail unchanged.
absl::Status ForEachLine(
    const std::string& file,
    absl::FunctionRef<absl::Status(absl::string_view line)> take);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RUN_FOLDER_H_
