#include "mesh/base/file_fingerprint.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace psm {

std::string FingerprintOf(absl::Span<const std::string> files) {
  std::string fingerprint;
  for (const std::string& file : files) {
    struct stat info;
    if (stat(file.c_str(), &info) != 0) {
      absl::StrAppend(&fingerprint, file.size(), ":", file, " error ", errno,
                      "\n");
      continue;
    }
    absl::StrAppend(&fingerprint, file.size(), ":", file, " ", info.st_dev, " ",
                    info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec,
                    ".", info.st_mtim.tv_nsec, " ", info.st_ctim.tv_sec, ".",
                    info.st_ctim.tv_nsec, "\n");
  }
  return fingerprint;
}

}  // namespace psm
