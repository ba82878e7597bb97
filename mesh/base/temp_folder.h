// A folder that goes with its owner: for tests, and for what the story shows on
// a copy.
#ifndef PSM_MESH_BASE_TEMP_FOLDER_H_
#define PSM_MESH_BASE_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace psm {

// Mode 0700, empty at first. Ends the process where it cannot be made. Files
// are named relative to it.
class TempFolder {
 public:
  // Below `above`: TMPDIR, or /tmp.
  explicit TempFolder(const std::filesystem::path& above =
                          std::filesystem::temp_directory_path())
      : path_(above / "psm_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }
  // The contents; "" where there is no such file.
  std::string Read(absl::string_view name) const {
    std::ifstream in(File(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // Makes the folders above it where they are missing.
  void Write(absl::string_view name, absl::string_view text) const {
    const std::filesystem::path file = File(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary)
        .write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  // The permission bits.
  unsigned Mode(absl::string_view name) const {
    return static_cast<unsigned>(
        std::filesystem::status(File(name)).permissions());
  }

 private:
  std::string path_;
};

}  // namespace psm

#endif  // PSM_MESH_BASE_TEMP_FOLDER_H_
