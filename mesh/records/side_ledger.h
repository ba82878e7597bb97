// A party's own side of its exchanges, on its own disk: lines that are only
// ever added. Knows neither the gateway nor what the entries mean.
#ifndef PSM_MESH_RECORDS_SIDE_LEDGER_H_
#define PSM_MESH_RECORDS_SIDE_LEDGER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "psm/records/v1/side.pb.h"

namespace psm {

struct SideLedgerOptions {
  std::string folder;  // made, 0700, where it does not exist

  // The ledger is files of about this size, and at most so many: 256 MiB, some
  // 100,000 exchanges with their proofs. Beyond, the oldest file goes.
  std::uint64_t file_bytes = std::uint64_t{8} << 20;
  std::size_t max_files = 32;
};

// Adds entries. Several processes may add to one ledger, an agency's and a
// developer's tool. Thread-safe.
class SideLedger {
 public:
  // Adds an entry BEGUN where the ledger is new. Errors of the operating
  // system, which name the folder. `clock` says when entries were added; it
  // must outlive the ledger.
  static absl::StatusOr<std::unique_ptr<SideLedger>> Open(
      SideLedgerOptions options, const Clock& clock);
  ~SideLedger();
  SideLedger(const SideLedger&) = delete;
  SideLedger& operator=(const SideLedger&) = delete;

  // Adds entries one behind the other, all or none, with one write; `time` is
  // set where an entry has none. When it returns OK they outlive the process;
  // what outlives the machine, too, says Sync. RESOURCE_EXHAUSTED on a full
  // disk, or the operating system's error.
  absl::Status Keep(absl::Span<const records::v1::SideEntry> entries)
      PSM_EXCLUDES(mu_);
  // As Keep, and says so in the log where it fails: for whoever has an answer
  // to deliver, evidence or not.
  void KeepOrSay(absl::Span<const records::v1::SideEntry> entries)
      PSM_EXCLUDES(mu_);

  // Returns when the disk has what was added by this process.
  absl::Status Sync() PSM_EXCLUDES(mu_);

  const std::string& folder() const { return options_.folder; }

 private:
  SideLedger(SideLedgerOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}
  absl::Status Start() PSM_EXCLUDES(mu_);
  // The newest file, opened and locked; a new one where it is full. The caller
  // unlocks.
  absl::Status OpenNewest(std::size_t more) PSM_REQUIRES(mu_);
  absl::Status Begin(std::uint64_t number, bool again) PSM_REQUIRES(mu_);
  absl::Status Write(const std::string& lines) PSM_REQUIRES(mu_);
  std::string LinesOf(absl::Span<const records::v1::SideEntry> entries) const;

  const SideLedgerOptions options_;
  const Clock& clock_;
  Mutex mu_;
  int fd_ PSM_GUARDED_BY(mu_) = -1;
  std::uint64_t number_ PSM_GUARDED_BY(mu_) = 0;  // of the file behind fd_
  bool failed_ PSM_GUARDED_BY(mu_) = false;       // KeepOrSay has said so
};

// Where a reader of a ledger is: behind the last entry that it has seen.
struct SidePosition {
  std::uint64_t file = 0;  // its number; 0: at the start
  std::uint64_t offset = 0;
};

// Visits the entries of a ledger from `from` on, oldest first, with the
// position behind each, until `visit` returns false or at the end; returns the
// position behind the last one visited. A writer may be at work. Lines that are
// not whole (a crash amid a write, or a damaged disk) are left out and counted
// in `not_whole` where that is not null. No folder, no entries. Where the file
// of `from` is gone it goes on with the oldest. Errors of the operating system.
absl::StatusOr<SidePosition> ReadSide(
    const std::string& folder, SidePosition from,
    absl::FunctionRef<bool(const records::v1::SideEntry& entry,
                           const SidePosition& behind)>
        visit,
    std::uint64_t* not_whole = nullptr);

// The number of the oldest file of a ledger; 0 where there is none.
absl::StatusOr<std::uint64_t> OldestSideFile(const std::string& folder);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_SIDE_LEDGER_H_
