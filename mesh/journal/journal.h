// An append-only file of small entries: what was appended is durable, what a
// crash tore is not there. Knows nothing of what the entries say.
//
// Format: the line "psm journal 1", then frames. A frame is the length of its
// payload and the payload's CRC-32C (RFC 3720, B.4), 32 bits each, little
// endian, then the payload: entries, each with its length (32 bits) before it.
// One Append makes one frame, so a torn one is the last.
//
// Trust: whoever may write to the file may say anything in it. A CRC finds
// faults, not forgers.
#ifndef PSM_MESH_JOURNAL_JOURNAL_H_
#define PSM_MESH_JOURNAL_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace psm {

// Thread-compatible. One process at a time: its owner holds a lock of its own.
class Journal {
 public:
  using Take = absl::FunctionRef<absl::Status(absl::string_view entry)>;
  using Put = absl::FunctionRef<void(std::string entry)>;

  // Opens `file`, mode 0600, or makes it, and gives all its entries in their
  // order. Cuts off a last frame that is not whole: nobody was told that it
  // was there. DATA_LOSS JOURNAL_DAMAGED where another frame is not whole, or
  // the file is none of this format; the error of `take`; else as ReadFile's.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& file,
                                                       Take take);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Makes `file`, durably, with the entries that `give` puts, in place of what
  // is there: after a crash there is the one or the other. For compaction,
  // while nobody has the file open. Errors as WriteWholeFile's.
  static absl::Status Replace(const std::string& file,
                              absl::FunctionRef<void(Put)> give);

  // Appends entries, all or none, and returns when fdatasync has. Blocks.
  // Errors have the code of the errno; then none of them is there, but where
  // fdatasync itself has failed: then nothing is known of the disk, and nothing
  // more is ever appended (INTERNAL).
  absl::Status Append(absl::Span<const std::string> entries);

  std::uint64_t bytes() const { return end_; }  // of the file

 private:
  Journal(std::string file, int fd, std::uint64_t end)
      : file_(std::move(file)), fd_(fd), end_(end) {}

  const std::string file_;
  const int fd_;
  std::uint64_t end_;  // of the last whole frame
  bool broken_ = false;
};

}  // namespace psm

#endif  // PSM_MESH_JOURNAL_JOURNAL_H_
