#include "mesh/agency/run_folder.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::agency {

absl::Status ReplaceFile(const std::string& file, absl::string_view contents) {
  PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(file), Outlives::kProcess));
  return WriteWholeFile(file, contents, kPrivate, Outlives::kProcess);
}

absl::Status ForEachLine(
    const std::string& file,
    absl::FunctionRef<absl::Status(absl::string_view line)> take) {
  std::ifstream in(file);
  if (!in) {
    if (!std::filesystem::exists(file)) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("cannot read ", file));
  }
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    absl::Status taken = take(line);
    if (taken.ok()) continue;
    absl::Status placed(taken.code(),
                        absl::StrCat(file, ":", number, ": ", taken.message()));
    taken.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
      placed.SetPayload(url, payload);
    });
    return placed;
  }
  if (in.bad())
    return absl::UnavailableError(absl::StrCat("cannot read ", file));
  return absl::OkStatus();
}

}  // namespace psm::agency
