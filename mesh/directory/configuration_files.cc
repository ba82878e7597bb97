#include "mesh/directory/configuration_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/configuration.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

absl::Status NotFound(const std::string& folder, absl::string_view what) {
  return MakeError(
      absl::StatusCode::kNotFound, "CONFIGURATION_NOT_FOUND", Party::kGateway,
      absl::StrCat("configuration folder ", folder, ": ", what,
                   "; name a folder with --config that can be read"),
      {{"folder", folder}});
}

absl::Status Unreadable(const std::string& file, absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION_INVALID",
                   Party::kGateway, absl::StrCat(file, ": ", what),
                   {{"place", file}});
}

bool IsHidden(const fs::path& path) {
  return absl::StartsWith(path.filename().string(), ".");
}

bool IsConfigurationName(const fs::path& path) {
  return path.extension() == ".textproto" || path.extension() == ".binpb";
}

absl::Status CollectFolder(const std::string& folder,
                           std::vector<std::string>* files) {
  const std::size_t before = files->size();
  std::error_code error;
  fs::recursive_directory_iterator end;
  fs::recursive_directory_iterator entry(folder, error);
  if (error) return NotFound(folder, error.message());
  for (; entry != end; entry.increment(error)) {
    if (IsHidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (IsConfigurationName(entry->path()) && !entry->is_directory(error))
      files->push_back(entry->path().lexically_normal().string());
  }
  // increment() sets the iterator to the end when it fails.
  if (error) return NotFound(folder, error.message());
  // Emptied, not mounted, or misspelt: nobody means "no agencies" by it.
  if (files->size() == before) {
    return Unreadable(folder,
                      "holds no *.textproto or *.binpb; put its files back, or "
                      "leave an empty one there");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindConfigurationFiles(
    absl::Span<const std::string> folders) {
  std::vector<std::string> found;
  for (const std::string& folder : folders)
    PSM_RETURN_IF_ERROR(CollectFolder(folder, &found));
  std::sort(found.begin(), found.end());
  // `services` and `services/bank`, or a relative and an absolute path, reach
  // one file under two names.
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (std::string& file : found) {
    std::error_code error;
    fs::path canonical = fs::canonical(file, error);
    // What cannot be resolved is kept: reading it says what is wrong.
    if (seen.insert(error ? file : canonical.string()).second)
      files.push_back(std::move(file));
  }
  return files;
}

absl::StatusOr<std::string> ReadConfigurationFile(const std::string& file) {
  // O_NONBLOCK: a FIFO of this name must not hold up the start.
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return Unreadable(file,
                      absl::StrCat("cannot be read: ",
                                   std::generic_category().message(errno)));
  struct stat info;
  std::string text;
  absl::Status status;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = Unreadable(file, "is not a regular file");
  } else if (info.st_size > static_cast<off_t>(kMaxConfigurationFileSize)) {
    status = Unreadable(file, "is larger than 64 MiB");
  } else {
    // To the end, not to st_size: the file may grow meanwhile.
    char buffer[16384];
    ssize_t got = 0;
    while (text.size() <= kMaxConfigurationFileSize &&
           (got = read(fd, buffer, sizeof(buffer))) != 0) {
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        status = Unreadable(
            file, absl::StrCat("cannot be read: ",
                               std::generic_category().message(errno)));
        break;
      }
      text.append(buffer, static_cast<std::size_t>(got));
    }
    if (text.size() > kMaxConfigurationFileSize)
      status = Unreadable(file, "is larger than 64 MiB");
  }
  close(fd);
  if (!status.ok()) return status;
  return text;
}

}  // namespace psm
