// A log whose records grow old, for the tests of what is expunged.
#ifndef PSM_MESH_RECORDS_EXPUNGING_FIXTURE_H_
#define PSM_MESH_RECORDS_EXPUNGING_FIXTURE_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/audit.h"
#include "mesh/records/index_entry.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_store_fixture.h"

namespace psm {

// The machine's clock, some time later. Thread-safe.
class LaterClock : public SystemClock {
 public:
  absl::Time Now() const override {
    return SystemClock::Now() + absl::Nanoseconds(later_.load());
  }
  void Advance(absl::Duration by) { later_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<std::int64_t> later_{0};
};

inline constexpr absl::Duration kDay = absl::Hours(24);
inline constexpr absl::Duration kRetention = absl::Hours(100 * 24);

class ExpungingTest : public ::testing::Test {
 protected:
  ExpungingTest() {
    options_.tiles = tiles_.path() + "/log";
    options_.retention = kRetention;
    options_.segment_life = 10 * kDay;
    options_.expunge_interval = absl::InfiniteDuration();
    options_.index_part_records = 16;
  }

  void Open() {
    store_.reset();
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // Appends records one after another, of a subject each.
  void Grow(int count) {
    for (int i = 0; i < count; ++i) {
      PendingAppend append;
      append.Start(*store_, loop_,
                   {SampleRecord(next_, absl::StrCat("subject-", next_, "."))});
      loop_.RunUntil([&] { return append.status.has_value(); });
      ASSERT_TRUE(append.status->ok()) << *append.status;
      recorded_.push_back(append.recorded);
      ++next_;
    }
  }
  // What Expunge says, as soon as all leaves are published.
  absl::StatusOr<std::uint64_t> Expunge() {
    absl::StatusOr<std::uint64_t> gone = store_->Expunge();
    while (ReasonOf(gone.status()) == "LOG_NOT_PUBLISHED") {
      std::this_thread::yield();
      gone = store_->Expunge();
    }
    return gone;
  }
  // The sample records in the store, by number, newest first.
  std::vector<int> Numbers() {
    std::vector<int> numbers;
    auto ids = AllIds(*store_);
    EXPECT_TRUE(ids.ok()) << ids.status();
    for (const std::string& id : *ids) {
      if (!id.empty())
        numbers.push_back(std::stoi(id.substr(sizeof("exchange-") - 1)));
    }
    return numbers;
  }
  std::vector<int> Down(int from, int to) {
    std::vector<int> numbers;
    for (int i = from; i >= to; --i) numbers.push_back(i);
    return numbers;
  }
  // Whether a file of the records' folder, also one of the index, holds `text`.
  bool OnDisk(absl::string_view text) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (absl::StrContains(bytes, text)) return true;
    }
    return false;
  }
  bool OnDisk(const IndexKey& key) {
    return OnDisk(absl::string_view(reinterpret_cast<const char*>(key.data()),
                                    key.size()));
  }
  std::vector<SegmentEntry> Segments() {
    return *PosixSegmentFolder::OpenToRead(folder_.path())->List();
  }
  void RemoveSegment(std::uint64_t number) {
    ASSERT_TRUE(std::filesystem::remove(
        absl::StrFormat("%s/segment-%012d", folder_.path(), number)));
  }
  LogChain Chain() {
    auto chain = FindChain(*PosixSegmentFolder::OpenToRead(folder_.path()));
    EXPECT_TRUE(chain.ok()) << chain.status();
    return *chain;
  }
  // With the store closed, so that all is published.
  AuditReport Audit(std::optional<KeptCheckpoint> kept = std::nullopt) {
    AuditOptions audit;
    audit.log = options_.tiles;
    audit.records = folder_.path();
    audit.kept = std::move(kept);
    auto report = AuditLog(audit, options_.signer->verifier(), clock_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : AuditReport();
  }
  void ExpectHolds(std::uint64_t expunged) {
    const AuditReport report = Audit();
    EXPECT_FALSE(report.finding.has_value()) << report.finding->what;
    EXPECT_EQ(report.expunged, expunged);
  }
  std::string StartFinds() {
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    return store.ok() ? "" : ReasonOf(store.status());
  }

  TempFolder folder_{FolderInMemory()};
  TempFolder tiles_{FolderInMemory()};
  RecordStoreOptions options_ = TestOptions(folder_.path());
  LaterClock clock_;
  LoopExecutor loop_;
  std::unique_ptr<RecordStore> store_;
  int next_ = 0;
  std::vector<Recorded> recorded_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_EXPUNGING_FIXTURE_H_
