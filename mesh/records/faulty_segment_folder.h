// Segments of a real folder whose system calls fail on demand. What was written
// reaches the real file only when it is synced, so that a failed sync can lose
// it, keep it or keep half of it.
#ifndef PSM_MESH_RECORDS_FAULTY_SEGMENT_FOLDER_H_
#define PSM_MESH_RECORDS_FAULTY_SEGMENT_FOLDER_H_

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/segment_folder.h"

namespace psm {

enum class FaultOp {
  kCreate,
  kWrite,
  kSync,
  kTruncate,
  kRename,
  kRemove,
  kAny
};
enum class FaultMode {
  kFails,          // nothing happens
  kFailsPersists,  // everything happens, and yet an error is told
  kShort,          // half of it happens
};

// Which calls fail. Thread-safe.
class Faults {
 public:
  // Calls of kind `op` fail: the `nth` (from 1), or that and all later ones;
  // the later ones without effect where `op` is kAny (the disk is gone).
  void Add(FaultOp op, int nth, FaultMode mode, bool forever) {
    MutexLock lock(mu_);
    plans_.push_back({op, nth, mode, forever, 0});
  }

  struct Verdict {
    bool fails = false;
    FaultMode mode = FaultMode::kFails;
  };

  Verdict Ask(FaultOp op) {
    MutexLock lock(mu_);
    Verdict verdict;
    for (Plan& plan : plans_) {
      if (plan.op != op && plan.op != FaultOp::kAny) continue;
      ++plan.seen;
      if (plan.seen == plan.nth || (plan.forever && plan.seen > plan.nth)) {
        const bool gone = plan.op == FaultOp::kAny && plan.seen > plan.nth;
        verdict = {true, gone ? FaultMode::kFails : plan.mode};
        ++hits_;
      }
    }
    return verdict;
  }

  // From now on syncs wait, until they are released.
  void HoldSyncs() {
    MutexLock lock(mu_);
    held_ = true;
  }
  void ReleaseSyncs() {
    MutexLock lock(mu_);
    held_ = false;
    released_.NotifyAll();
  }
  // Returns when a sync waits.
  void AwaitHeldSync() {
    MutexLock lock(mu_);
    while (waiting_ == 0) arrived_.Wait(mu_);
  }
  void PassSync() {
    MutexLock lock(mu_);
    ++waiting_;
    arrived_.NotifyAll();
    while (held_) released_.Wait(mu_);
    --waiting_;
  }

  int hits() {
    MutexLock lock(mu_);
    return hits_;
  }

 private:
  struct Plan {
    FaultOp op;
    int nth;
    FaultMode mode;
    bool forever;
    int seen;
  };
  Mutex mu_;
  CondVar arrived_;
  CondVar released_;
  bool held_ PSM_GUARDED_BY(mu_) = false;
  int waiting_ PSM_GUARDED_BY(mu_) = 0;
  std::vector<Plan> plans_ PSM_GUARDED_BY(mu_);
  int hits_ PSM_GUARDED_BY(mu_) = 0;
};

inline absl::Status InjectedError() {
  return absl::ErrnoToStatus(EIO, "injected");
}

// One descriptor; used by one thread at a time, as the store does.
class FaultySegmentFile : public SegmentFile {
 public:
  FaultySegmentFile(std::unique_ptr<SegmentFile> real, Faults& faults)
      : real_(std::move(real)), faults_(faults) {}

  absl::Status Write(std::uint64_t offset, absl::string_view bytes) override {
    Faults::Verdict verdict = faults_.Ask(FaultOp::kWrite);
    if (verdict.fails && verdict.mode == FaultMode::kFails) {
      return InjectedError();
    }
    if (verdict.fails && verdict.mode == FaultMode::kShort) {
      bytes = bytes.substr(0, bytes.size() / 2);
    }
    unsynced_.emplace_back(offset, std::string(bytes));
    return verdict.fails ? InjectedError() : absl::OkStatus();
  }

  absl::Status Sync() override {
    faults_.PassSync();
    Faults::Verdict verdict = faults_.Ask(FaultOp::kSync);
    if (verdict.fails && verdict.mode == FaultMode::kFails) unsynced_.clear();
    for (const auto& [offset, bytes] : unsynced_) {
      absl::string_view part = bytes;
      if (verdict.fails && verdict.mode == FaultMode::kShort) {
        part = part.substr(0, part.size() / 2);
      }
      PSM_RETURN_IF_ERROR(real_->Write(offset, part));
    }
    unsynced_.clear();
    return verdict.fails ? InjectedError() : absl::OkStatus();
  }

  absl::Status Truncate(std::uint64_t size) override {
    Faults::Verdict verdict = faults_.Ask(FaultOp::kTruncate);
    // The worst case for what was written and not cut: it reaches the disk.
    if (verdict.fails && verdict.mode != FaultMode::kFailsPersists) {
      for (const auto& [offset, bytes] : unsynced_) {
        PSM_RETURN_IF_ERROR(real_->Write(offset, bytes));
      }
      unsynced_.clear();
      return InjectedError();
    }
    unsynced_.clear();
    PSM_RETURN_IF_ERROR(real_->Truncate(size));
    return verdict.fails ? InjectedError() : absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(std::uint64_t offset,
                                   std::size_t size) override {
    return real_->Read(offset, size);
  }

  void Announce(std::uint64_t offset, std::size_t size) override {
    real_->Announce(offset, size);
  }

 private:
  const std::unique_ptr<SegmentFile> real_;
  Faults& faults_;
  std::vector<std::pair<std::uint64_t, std::string>> unsynced_;
};

class FaultySegmentFolder : public SegmentFolder {
 public:
  // `faults` must outlive it.
  FaultySegmentFolder(std::unique_ptr<SegmentFolder> real, Faults& faults)
      : real_(std::move(real)), faults_(faults) {}

  absl::StatusOr<std::vector<SegmentEntry>> List() override {
    return real_->List();
  }

  absl::StatusOr<std::unique_ptr<SegmentFile>> Create(
      std::uint64_t number, std::uint64_t bytes) override {
    Faults::Verdict verdict = faults_.Ask(FaultOp::kCreate);
    if (verdict.fails && verdict.mode == FaultMode::kFails) {
      return InjectedError();
    }
    if (verdict.fails && verdict.mode == FaultMode::kShort) bytes /= 2;
    return Wrap(verdict, real_->Create(number, bytes));
  }

  absl::StatusOr<std::unique_ptr<SegmentFile>> Open(
      std::uint64_t number) override {
    return Wrap({}, real_->Open(number));
  }

  absl::Status Rename(std::uint64_t from, std::uint64_t to) override {
    Faults::Verdict verdict = faults_.Ask(FaultOp::kRename);
    if (verdict.fails && verdict.mode != FaultMode::kFailsPersists) {
      return InjectedError();
    }
    PSM_RETURN_IF_ERROR(real_->Rename(from, to));
    return verdict.fails ? InjectedError() : absl::OkStatus();
  }

  absl::Status Remove(std::uint64_t number) override {
    Faults::Verdict verdict = faults_.Ask(FaultOp::kRemove);
    if (verdict.fails && verdict.mode != FaultMode::kFailsPersists) {
      return InjectedError();
    }
    PSM_RETURN_IF_ERROR(real_->Remove(number));
    return verdict.fails ? InjectedError() : absl::OkStatus();
  }

 private:
  absl::StatusOr<std::unique_ptr<SegmentFile>> Wrap(
      Faults::Verdict verdict,
      absl::StatusOr<std::unique_ptr<SegmentFile>> file) {
    if (!file.ok()) return file.status();
    if (verdict.fails) return InjectedError();
    return std::make_unique<FaultySegmentFile>(*std::move(file), faults_);
  }

  const std::unique_ptr<SegmentFolder> real_;
  Faults& faults_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_FAULTY_SEGMENT_FOLDER_H_
