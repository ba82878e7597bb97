// How many bytes the records may take; may be changed while the gateway runs.
#ifndef PSM_MESH_RECORDS_SPACE_QUOTA_H_
#define PSM_MESH_RECORDS_SPACE_QUOTA_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "mesh/base/mutex.h"

namespace psm {

// Thread-safe.
class SpaceQuota {
 public:
  // `max_bytes` holds unless `file` exists; 0 means no limit. The file holds a
  // decimal number of bytes, where 0 means that nothing more may be written.
  SpaceQuota(std::string file, std::uint64_t max_bytes)
      : file_(std::move(file)), max_bytes_(max_bytes) {}

  // Reads the file anew. The error of a full disk (ENOSPC) unless `more` bytes
  // fit beside those used. A file that holds no number, as one that is just
  // being written, leaves what the last number said.
  absl::Status Admit(std::uint64_t more);

  // Counts bytes that became part of the log.
  void Use(std::uint64_t more);

  // Counts bytes that are no part of it any more.
  void GiveBack(std::uint64_t bytes);

 private:
  const std::string file_;
  const std::uint64_t max_bytes_;
  Mutex mu_;
  std::uint64_t used_ PSM_GUARDED_BY(mu_) = 0;
  std::uint64_t last_ PSM_GUARDED_BY(mu_) = UINT64_MAX;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_SPACE_QUOTA_H_
