// For tests: a folder that goes when the test ends.
#ifndef PSM_CERTS_TEMP_FOLDER_H_
#define PSM_CERTS_TEMP_FOLDER_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "mesh/crypto/digest.h"

namespace psm::pki {

class TempFolder {
 public:
  TempFolder()
      : path_(absl::StrCat(testing::TempDir(), "/", NewUuid(SystemRandom()))) {
    std::filesystem::create_directory(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }
  std::string Read(absl::string_view name) const {
    std::ifstream in(File(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void Write(absl::string_view name, const std::string& text) const {
    std::ofstream(File(name), std::ios::binary) << text;
  }
  unsigned Mode(absl::string_view name) const {
    return static_cast<unsigned>(
        std::filesystem::status(File(name)).permissions());
  }

 private:
  const std::string path_;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_TEMP_FOLDER_H_
