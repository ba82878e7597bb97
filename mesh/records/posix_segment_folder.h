// Segments as files `segment-N` of one folder of the machine.
#ifndef PSM_MESH_RECORDS_POSIX_SEGMENT_FOLDER_H_
#define PSM_MESH_RECORDS_POSIX_SEGMENT_FOLDER_H_

#include <memory>
#include <string>

#include "mesh/records/segment_folder.h"

namespace psm {

class PosixSegmentFolder : public SegmentFolder {
 public:
  // For the one writer: makes the folder (0700) where it does not exist, takes
  // an exclusive lock on its file `lock` that lasts as long as this object, and
  // removes files that an interrupted Create left. FAILED_PRECONDITION, reason
  // RECORDS_IN_USE, while another process (or object) holds the lock; else the
  // operating system's error.
  static absl::StatusOr<std::unique_ptr<PosixSegmentFolder>> OpenToWrite(
      const std::string& path);

  // For readers beside a writer: no lock, and every change is refused.
  static std::unique_ptr<PosixSegmentFolder> OpenToRead(
      const std::string& path);

  ~PosixSegmentFolder() override;
  PosixSegmentFolder(const PosixSegmentFolder&) = delete;
  PosixSegmentFolder& operator=(const PosixSegmentFolder&) = delete;

  absl::StatusOr<std::vector<SegmentEntry>> List() override;
  absl::StatusOr<std::unique_ptr<SegmentFile>> Create(
      std::uint64_t number, std::uint64_t bytes) override;
  absl::StatusOr<std::unique_ptr<SegmentFile>> Open(
      std::uint64_t number) override;
  absl::Status Rename(std::uint64_t from, std::uint64_t to) override;
  absl::Status Remove(std::uint64_t number) override;

 private:
  PosixSegmentFolder(std::string path, int lock_fd)
      : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::string FileOf(std::uint64_t number) const;
  absl::Status RefuseUnlessWriter() const;

  const std::string path_;
  const int lock_fd_;  // -1 for a reader
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_POSIX_SEGMENT_FOLDER_H_
