// Segment files and their folder: the few system calls on which durability
// rests, behind an interface so that each can be made to fail in a test.
#ifndef PSM_MESH_RECORDS_SEGMENT_FOLDER_H_
#define PSM_MESH_RECORDS_SEGMENT_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

// One open segment. Errors are those of the operating system, as
// absl::ErrnoToStatus gives them. Thread-safe.
class SegmentFile {
 public:
  virtual ~SegmentFile() = default;

  // Writes all of `bytes` at `offset`. After an error any part of them may
  // have been written.
  virtual absl::Status Write(std::uint64_t offset, absl::string_view bytes) = 0;

  // fdatasync. After an error nothing is known of what was written since the
  // last success, and a later success says nothing of it either.
  virtual absl::Status Sync() = 0;

  // Cuts the file to `size` bytes and makes that durable.
  virtual absl::Status Truncate(std::uint64_t size) = 0;

  // At most `size` bytes from `offset`; fewer at the end of the file.
  virtual absl::StatusOr<std::string> Read(std::uint64_t offset,
                                           std::size_t size) = 0;

  // Says that these bytes will be read soon, and does not wait for them. A
  // hint: what becomes of it, the read shows.
  virtual void Announce(std::uint64_t offset, std::size_t size) = 0;
};

struct SegmentEntry {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;  // size of the file
};

// The segments of one log, by number. Thread-safe.
class SegmentFolder {
 public:
  virtual ~SegmentFolder() = default;

  // All segments, lowest number first.
  virtual absl::StatusOr<std::vector<SegmentEntry>> List() = 0;

  // Makes segment `number` with `bytes` zeros, durable with its name, blocks
  // written in advance. After an error it may or may not exist.
  virtual absl::StatusOr<std::unique_ptr<SegmentFile>> Create(
      std::uint64_t number, std::uint64_t bytes) = 0;

  // NOT_FOUND where there is none.
  virtual absl::StatusOr<std::unique_ptr<SegmentFile>> Open(
      std::uint64_t number) = 0;

  // Gives segment `from` the number `to`, durably.
  virtual absl::Status Rename(std::uint64_t from, std::uint64_t to) = 0;

  // Durably.
  virtual absl::Status Remove(std::uint64_t number) = 0;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_SEGMENT_FOLDER_H_
