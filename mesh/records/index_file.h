// The system calls of the index's files. Errors are the operating system's.
#ifndef PSM_MESH_RECORDS_INDEX_FILE_H_
#define PSM_MESH_RECORDS_INDEX_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

// One open file. Thread-safe.
class IndexFile {
 public:
  // Makes a file anew, in place of one that is there, mode 0600.
  static absl::StatusOr<std::unique_ptr<IndexFile>> Create(
      const std::string& name);
  static absl::StatusOr<std::unique_ptr<IndexFile>> Open(
      const std::string& name);
  ~IndexFile();
  IndexFile(const IndexFile&) = delete;
  IndexFile& operator=(const IndexFile&) = delete;

  absl::Status Write(std::uint64_t offset, absl::string_view bytes);
  absl::Status Sync();  // fdatasync
  // At most `size` bytes; fewer at the end of the file.
  absl::StatusOr<std::string> Read(std::uint64_t offset,
                                   std::size_t size) const;
  absl::StatusOr<std::uint64_t> Size() const;

 private:
  explicit IndexFile(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_FILE_H_
