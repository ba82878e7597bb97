#include "mesh/agency/run_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm::agency {
namespace {

absl::Status Failed(absl::string_view verb, const std::string& file) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", verb, " ", file));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& file) {
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("read", file);
  std::string contents;
  char buffer[4096];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof(buffer))) > 0)
    contents.append(buffer, static_cast<std::size_t>(got));
  absl::Status status = got < 0 ? Failed("read", file) : absl::OkStatus();
  close(fd);
  if (!status.ok()) return status;
  return contents;
}

absl::Status ReplaceFile(const std::string& file, absl::string_view contents) {
  PSM_RETURN_IF_ERROR(
      MakeFolder(std::filesystem::path(file).parent_path().string()));
  std::string temporary = absl::StrCat(file, ".XXXXXX");
  int fd = mkstemp(temporary.data());  // 0600
  if (fd < 0) return Failed("write", file);
  const bool written = write(fd, contents.data(), contents.size()) ==
                       static_cast<ssize_t>(contents.size());
  if (close(fd) == 0 && written && rename(temporary.c_str(), file.c_str()) == 0)
    return absl::OkStatus();
  absl::Status status = Failed("write", file);
  unlink(temporary.c_str());
  return status;
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::path made;
  for (const std::filesystem::path& part : std::filesystem::path(folder)) {
    made /= part;
    if (std::filesystem::create_directory(made, error))
      std::filesystem::permissions(made, std::filesystem::perms::owner_all,
                                   error);
    if (error && !std::filesystem::is_directory(made))
      return absl::ErrnoToStatus(
          error.value(), absl::StrCat("cannot make folder ", made.string()));
  }
  return absl::OkStatus();
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
