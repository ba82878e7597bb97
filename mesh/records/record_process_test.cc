// The store against the operating system itself: SIGKILL at random moments, and
// a disk that is really full. Each child is a process of its own.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/forked_child.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

constexpr int kLives = 50;
constexpr int kAtOnce = 6;

// Appends pairs of records for ever, a few at once, and writes the number of
// each that is acknowledged to `report`.
[[noreturn]] void AppendUntilKilled(const RecordStoreOptions& options, int life,
                                    int report) {
  SystemClock clock;
  LoopExecutor loop;
  auto store = RecordStore::Open(options, clock, SystemRandom());
  if (!store.ok()) _exit(2);
  int next = life * 1'000'000;
  auto run = [&](auto&) -> Detached {
    while (true) {
      const int number = next;
      next += 2;
      Completion<absl::StatusOr<Recorded>> done;
      std::vector<records::v1::Record> pair;
      pair.push_back(SampleRecord(number));
      pair.push_back(SampleRecord(number + 1));
      (*store)->Append(std::move(pair), loop, &done);
      absl::StatusOr<Recorded> status = co_await done;
      if (!status.ok()) _exit(3);
      if (write(report, &number, sizeof(number)) != sizeof(number)) _exit(4);
    }
  };
  for (int i = 0; i < kAtOnce; ++i) run(store);
  loop.RunUntil([] { return false; });
  _exit(5);
}

// Kills `child` after `delay`, counted from now or from its first report;
// everything that it reported.
std::set<int> ReportsUntilKilled(pid_t child, int from, bool at_work,
                                 std::chrono::microseconds delay) {
  std::set<int> numbers;
  if (at_work) {
    int number = 0;
    if (read(from, &number, sizeof(number)) != sizeof(number)) return numbers;
    numbers.insert(number);
  }
  const auto end = std::chrono::steady_clock::now() + delay;
  bool killed = false;
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (!killed && left.count() <= 0) {
      kill(child, SIGKILL);
      killed = true;
    }
    pollfd ready{from, POLLIN, 0};
    poll(&ready, 1, killed ? -1 : static_cast<int>(left.count()));
    if (ready.revents == 0) continue;
    int number = 0;
    if (read(from, &number, sizeof(number)) != sizeof(number)) break;
    numbers.insert(number);
  }
  return numbers;
}

TEST(RecordProcessTest, SigkillLosesNothingThatWasAcknowledged) {
  TempFolder folder;
  RecordStoreOptions options = TestOptions(folder.path());
  options.segment_bytes = 16384;
  options.index_part_records = 64;
  std::mt19937 random(20260401);
  std::set<int> acknowledged;
  std::uint64_t found_before = 0;
  for (int life = 1; life <= kLives; ++life) {
    SCOPED_TRACE(life);
    const ForkedChild child =
        Fork([&](int reports) { AppendUntilKilled(options, life, reports); });
    ASSERT_GE(child.pid, 0);
    acknowledged.merge(
        ReportsUntilKilled(child.pid, child.reports, /*at_work=*/life % 2 == 0,
                           std::chrono::microseconds(random() % 25'000)));
    close(child.reports);
    int status = 0;
    ASSERT_EQ(waitpid(child.pid, &status, 0), child.pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    // Read beside the debris, before anything is repaired; then opened.
    std::map<int, int> seen;
    std::uint64_t expected_index = 0;
    auto end = RecordReader(folder.path())
                   .Read(0, [&](std::uint64_t index, const auto& record) {
                     EXPECT_EQ(index, expected_index++);
                     ++seen[static_cast<int>(record.ask_time().seconds() -
                                             kSampleSeconds)];
                     return true;
                   });
    ASSERT_TRUE(end.ok()) << end.status();
    SystemClock clock;
    auto store = RecordStore::Open(options, clock, SystemRandom());
    ASSERT_TRUE(store.ok()) << store.status();
    auto ids = AllIds(**store);
    ASSERT_TRUE(ids.ok()) << ids.status();
    ASSERT_EQ(ids->size(), expected_index);
    ASSERT_GE(ids->size(), found_before);
    found_before = ids->size();
    for (const auto& [number, count] : seen) {
      ASSERT_EQ(count, 1) << number;
      ASSERT_TRUE(seen.contains(number ^ 1)) << "half an append: " << number;
    }
    for (int number : acknowledged) {
      ASSERT_TRUE(seen.contains(number)) << "lost: " << number;
    }
  }
  EXPECT_GE(acknowledged.size(), static_cast<std::size_t>(kLives / 2));
}

// The body of the next test, in a child with a tiny file system of its own at
// `mount_point`; 0 where everything was as it should be, else a line number.
int LiveOnATinyDisk(const std::string& mount_point) {
  RecordStoreOptions options = TestOptions(mount_point + "/records");
  options.segment_bytes = 16384;
  options.index_part_records = 64;
  SystemClock clock;
  LoopExecutor loop;
  auto opened = RecordStore::Open(options, clock, SystemRandom());
  if (!opened.ok()) return __LINE__;
  std::unique_ptr<RecordStore> store = *std::move(opened);
  const std::string filler = mount_point + "/filler";
  std::size_t acknowledged = 0;
  int number = 0;
  for (int round = 0; round < 3; ++round) {
    int fd = open(filler.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    const std::string bytes(4096, 'x');
    while (write(fd, bytes.data(), bytes.size()) > 0) {
    }
    close(fd);
    // Goes on in what was written in advance, then refuses.
    absl::Status status;
    while (status.ok()) {
      status = AppendAndWait(*store, loop, {SampleRecord(number++)});
      if (status.ok()) ++acknowledged;
      if (number > 10'000) return __LINE__;
    }
    if (ReasonOf(status) != "RECORD_NOT_DURABLE") return __LINE__;
    if (store->Health().ok()) return __LINE__;
    if (round == 1) {  // a restart on the full disk
      store.reset();
      opened = RecordStore::Open(options, clock, SystemRandom());
      if (!opened.ok()) return __LINE__;
      store = *std::move(opened);
    }
    unlink(filler.c_str());
    while (!store->Health().ok()) std::this_thread::yield();
    for (int i = 0; i < 5; ++i) {
      status = AppendAndWait(*store, loop, {SampleRecord(number++)});
      if (!status.ok()) return __LINE__;
      ++acknowledged;
    }
  }
  store.reset();
  opened = RecordStore::Open(options, clock, SystemRandom());
  if (!opened.ok()) return __LINE__;
  auto ids = AllIds(**opened);
  if (!ids.ok() || ids->size() != acknowledged) return __LINE__;
  return 0;
}

// What is written into a file that somebody has removed is durable for nobody.
TEST(RecordProcessTest, ARemovedFolderIsNoticedByTheNextAppend) {
  TempFolder folder;
  const SystemClock clock;
  LoopExecutor loop;
  auto opened =
      RecordStore::Open(TestOptions(folder.path()), clock, SystemRandom());
  ASSERT_TRUE(opened.ok()) << opened.status();
  RecordStore& store = **opened;
  ASSERT_TRUE(AppendAndWait(store, loop, {SampleRecord(1)}).ok());
  // The store may rename its spare segment away under the removal.
  for (std::error_code error; std::filesystem::exists(folder.path());)
    std::filesystem::remove_all(folder.path(), error);
  for (int i = 2; i < 5; ++i)
    EXPECT_EQ(ReasonOf(AppendAndWait(store, loop, {SampleRecord(i)})),
              "RECORD_NOT_DURABLE");
  EXPECT_EQ(ReasonOf(store.Health()), "RECORD_NOT_DURABLE");
}

TEST(RecordProcessTest, ADiskThatIsReallyFullRefusesAndRecovers) {
  constexpr int kNoMount = 255;
  TempFolder folder;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      _exit(kNoMount);
    }
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
      _exit(kNoMount);
    }
    const int line = LiveOnATinyDisk(folder.path());
    if (line != 0) dprintf(STDERR_FILENO, "failed at line %d\n", line);
    _exit(line == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoMount) {
    GTEST_SKIP() << "this machine lets us mount nothing";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace psm
