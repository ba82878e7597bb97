#include "services/generator/seed_files.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

absl::Status Unwritable(absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "FILE_UNWRITABLE",
                   Party::kProvider, why);
}

absl::Status DiskError(const fs::path& what, const std::error_code& error) {
  return Unwritable(
      absl::StrCat("cannot write ", what.string(), ": ", error.message()));
}

absl::Status MakePrivateFolder(const fs::path& folder) {
  const absl::Status made = MakeFolder(folder);
  return made.ok() ? made : Unwritable(made.message());
}

absl::Status WritePrivateFile(const fs::path& file, absl::string_view lines) {
  const absl::Status written = WriteWholeFile(file, lines, kPrivate);
  return written.ok() ? written : Unwritable(written.message());
}

absl::Status RemoveAll(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  return error ? DiskError(folder, error) : absl::OkStatus();
}

}  // namespace

absl::Status WriteSeeds(const std::string& run,
                        const std::map<std::string, std::string>& lines,
                        const std::string& personas, bool force) {
  const fs::path seeds = fs::path(run) / "seeds";
  const fs::path fresh = fs::path(run) / "seeds.new";
  const fs::path persons = fs::path(run) / "personas.jsonl";
  // The personas come last: seeds without them are those of a run that was
  // stopped, which nobody has been told of.
  const bool replace = fs::exists(seeds);
  if (replace && fs::exists(persons) && !force) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "SEEDS_EXIST",
                     Party::kConsumer,
                     absl::StrCat(seeds.string(),
                                  " exists: use another run folder, or --force "
                                  "before any service has started"));
  }
  PSM_RETURN_IF_ERROR(RemoveAll(fresh));  // left by a run that was stopped
  PSM_RETURN_IF_ERROR(MakePrivateFolder(fresh));
  for (const auto& [system, text] : lines) {
    const fs::path file = fresh / (system + ".jsonl");
    PSM_RETURN_IF_ERROR(MakePrivateFolder(file.parent_path()));
    PSM_RETURN_IF_ERROR(WritePrivateFile(file, text));
  }
  std::error_code error;
  fs::remove(persons, error);
  if (error) return DiskError(persons, error);
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, seeds.c_str(),
                replace ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
    return DiskError(seeds, {errno, std::generic_category()});
  }
  // Syncs the run folder, and so the name `seeds` as well.
  PSM_RETURN_IF_ERROR(WritePrivateFile(persons, personas));
  return RemoveAll(fresh);  // where it was an exchange, the old ones
}

}  // namespace psm
