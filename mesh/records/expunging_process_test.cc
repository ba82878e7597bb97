// Expunging against SIGKILL at random moments. Each child is a process of its
// own, and years pass in a second.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "mesh/records/audit.h"
#include "mesh/records/forked_child.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

constexpr int kExpungingLives = 30;

// A millisecond takes an hour, for all processes alike.
class RacingClock : public SystemClock {
 public:
  explicit RacingClock(absl::Duration start) : start_(start) {}
  absl::Time Now() const override {
    return absl::FromUnixSeconds(kSampleSeconds) +
           (Monotonic() - start_) * 3'600'000;
  }

 private:
  const absl::Duration start_;
};

// Appends and expunges, and says on `report` when the first record is there.
[[noreturn]] void ExpungeUntilKilled(const RecordStoreOptions& options,
                                     const Clock& clock, int report) {
  LoopExecutor loop;
  auto store = RecordStore::Open(options, clock, SystemRandom());
  if (!store.ok()) _exit(2);
  std::thread expunger([&store] {
    while (true) (*store)->Expunge().IgnoreError();
  });
  for (int number = 0;; ++number) {
    if (!AppendAndWait(**store, loop, {SampleRecord(number)}).ok()) _exit(3);
    if (number == 0 && write(report, "x", 1) != 1) _exit(4);
  }
}

TEST(ExpungingProcessTest, AfterSigkillNothingIsGoneOfWhichTheLogDoesNotSayIt) {
  TempFolder folder(FolderInMemory());
  RecordStoreOptions options = TestOptions(folder.path() + "/records");
  options.tiles = folder.path() + "/log";
  options.segment_bytes = 16384;
  options.index_part_records = 64;
  options.retention = kShortestRetention;
  options.segment_life = absl::Hours(4);
  options.expunge_interval = absl::InfiniteDuration();
  const RacingClock clock(SystemClock().Monotonic());
  std::mt19937 random(20331122);
  // What the log says is expunged, and what of it is off the disk: a process
  // that dies in between leaves the rest to the next Expunge.
  std::uint64_t expunged = 0, gone = 0;
  std::optional<KeptCheckpoint> kept;
  for (int life = 1; life <= kExpungingLives; ++life) {
    SCOPED_TRACE(life);
    const ForkedChild child =
        Fork([&](int reports) { ExpungeUntilKilled(options, clock, reports); });
    ASSERT_GE(child.pid, 0);
    char begun = 0;
    EXPECT_EQ(read(child.reports, &begun, 1), 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    kill(child.pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child.pid, &status, 0), child.pid);
    close(child.reports);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    // Beside what is left, before anything is repaired; then opened.
    std::optional<std::uint64_t> next;
    std::uint64_t first = 0;
    const auto end = RecordReader(options.folder)
                         .Read(0, [&](std::uint64_t index, const auto&) {
                           if (!next.has_value()) first = index;
                           EXPECT_EQ(index, next.value_or(index));
                           next = index + 1;
                           return true;
                         });
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_GE(first, gone) << "what was gone came back";
    gone = first;
    auto store = RecordStore::Open(options, clock, SystemRandom());
    ASSERT_TRUE(store.ok()) << store.status();
    const auto ids = AllIds(**store);
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(ids->size(), *end - (*store)->figures().expunged);
    EXPECT_GE((*store)->figures().expunged, expunged) << "unsaid";
    expunged = (*store)->figures().expunged;
    EXPECT_GE(expunged, first);
    store->reset();

    AuditOptions audit;
    audit.log = options.tiles;
    audit.records = options.folder;
    audit.kept = kept;
    const auto report = AuditLog(audit, options.signer->verifier(), clock);
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_FALSE(report->finding.has_value())
        << report->finding->file << ": " << report->finding->what;
    kept = KeptCheckpoint{*report->checkpoint, clock.Now()};
  }
  EXPECT_GT(expunged, 0u);
}

}  // namespace
}  // namespace psm
