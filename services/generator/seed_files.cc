#include "services/generator/seed_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

absl::Status DiskError(const std::string& what, const std::error_code& error) {
  return MakeError(absl::StatusCode::kUnavailable, "FILE_UNWRITABLE",
                   Party::kProvider,
                   absl::StrCat("cannot write ", what, ": ", error.message()));
}

absl::Status LastError(const std::string& what) {
  return DiskError(what, std::error_code(errno, std::generic_category()));
}

// Writes a new file and waits until the disk has it.
absl::Status WriteNew(const std::string& file, const std::string& contents) {
  const int fd =
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return LastError(file);
  absl::Status status;
  for (std::size_t done = 0; done < contents.size() && status.ok();) {
    const ssize_t n = write(fd, contents.data() + done, contents.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      status = LastError(file);
    }
  }
  if (status.ok() && fsync(fd) != 0) status = LastError(file);
  if (close(fd) != 0 && status.ok()) status = LastError(file);
  return status;
}

absl::Status MakePrivateFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  return error ? DiskError(folder, error) : absl::OkStatus();
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
    PSM_RETURN_IF_ERROR(WriteNew(file, text));
  }
  std::error_code error;
  fs::remove(persons, error);
  if (error) return DiskError(persons, error);
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, seeds.c_str(),
                replace ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
    return LastError(seeds);
  }
  const std::string fresh_persons = persons.string() + ".new";
  PSM_RETURN_IF_ERROR(WriteNew(fresh_persons, personas));
  if (rename(fresh_persons.c_str(), persons.c_str()) != 0) {
    return LastError(persons);
  }
  return RemoveAll(fresh);  // where it was an exchange, the old ones
}

}  // namespace psm
