// 19. What is released stands in the published log within a second, while many
// others ask.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/base/mutex.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_key.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/receipt.h"
#include "mesh/records/tlog/tile_reader.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

// What is promised, and what a publication needs of the machine for it: it
// waits half a second for others to join it, and then for the disk some ten
// times.
constexpr absl::Duration kBound = absl::Seconds(PSM_SANITIZED ? 10 : 1);
constexpr absl::Duration kStall = absl::Milliseconds(100);
constexpr int kSamples = 15;
constexpr int kAskers = 6;

// The longest that one small durable write has taken, beside what is measured.
// Where the machine stands still, so does this.
class Disk {
 public:
  explicit Disk(const Mesh& mesh)
      : clock_(mesh.clock()),
        file_(mesh.folder().root() + "/beside"),
        thread_([this] { Run(); }) {}
  ~Disk() {
    {
      MutexLock lock(mu_);
      stopping_ = true;
    }
    stop_.NotifyAll();
    thread_.join();
  }
  absl::Duration Longest() const { return absl::Microseconds(longest_.load()); }

 private:
  void Run() {
    const int fd = open(file_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    while (fd >= 0 && !Pause()) {
      const absl::Duration begun = clock_.Monotonic();
      if (pwrite(fd, "x", 1, 0) != 1 || fsync(fd) != 0) break;
      longest_ =
          std::max(longest_.load(),
                   absl::ToInt64Microseconds(clock_.Monotonic() - begun));
    }
    if (fd >= 0) close(fd);
  }

  // Between two writes, so as to see the disk and not to fill it; true where
  // there is to be no other.
  bool Pause() {
    MutexLock lock(mu_);
    if (!stopping_) stop_.WaitFor(mu_, std::chrono::milliseconds(20));
    return stopping_;
  }

  const Clock& clock_;
  const std::string file_;
  Mutex mu_;
  CondVar stop_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::atomic<std::int64_t> longest_{0};
  std::thread thread_;
};

// Asks without a pause until it ends.
class Askers {
 public:
  explicit Askers(Mesh& mesh) {
    for (int i = 0; i < kAskers; ++i)
      threads_.emplace_back([this, &mesh] {
        while (!stop_) answered_ += AskTax(mesh).status.ok() ? 1 : 0;
      });
  }
  ~Askers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  int answered() const { return answered_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> answered_{0};
  std::vector<std::thread> threads_;
};

class Publication : public Scenario {
 protected:
  // One exchange's receipt, as it comes with the answer.
  static records::v1::Receipt Ask() {
    SystemCaller& benefits = mesh().Client(kBenefits);
    const auto context =
        benefits.Context({.affair = kBenefitAffair, .provider = kYunagiTax});
    tax::v1::TaxService::Stub stub(benefits.Channel());
    tax::v1::GetTaxStatusResponse response;
    EXPECT_TRUE(stub.GetTaxStatus(context.get(), TaxRequest(mesh(), "hanako"),
                                  &response)
                    .ok());
    std::string bytes;
    const auto [begin, end] =
        context->GetServerTrailingMetadata().equal_range("psm-receipt-bin");
    for (auto value = begin; value != end; ++value)
      bytes.append(value->second.data(), value->second.size());
    records::v1::Receipt receipt;
    EXPECT_TRUE(receipt.ParseFromString(bytes));
    EXPECT_EQ(receipt.leaves_size(), 1);
    return receipt;
  }

  // Whether whoever reads the published log finds this record in it: under a
  // checkpoint that the log signed, its leaf in a bundle and its hash in a
  // tile.
  static bool IsPublished(const records::v1::Receipt& receipt,
                          const LogKeys& keys) {
    const std::uint64_t index = receipt.leaves(0).index();
    const std::string& folder = mesh().folder().PublishedLog();
    const auto checkpoint = PublishedCheckpoint(folder, keys);
    if (!checkpoint.ok() || !checkpoint->has_value() ||
        (*checkpoint)->size() < receipt.tree_size())
      return false;
    tlog::FolderSource source(folder);
    tlog::TileReader tiles(source, (*checkpoint)->size());
    // Both must be there now: a checkpoint without what lies under it is none.
    const auto edge = tlog::ReadFrontier((*checkpoint)->size(), tiles);
    EXPECT_TRUE(edge.ok() && edge->Root() == (*checkpoint)->root());
    const auto entries = tiles.Entries(index / 256);
    const auto hash = tiles.Node(0, index);
    EXPECT_TRUE(entries.ok() && hash.ok()) << index;
    if (!entries.ok() || !hash.ok()) return false;
    const std::string& leaf = (*entries)[index % 256];
    EXPECT_EQ(tlog::LeafHash(leaf), *hash);
    EXPECT_EQ(leaf.substr(1 + 2 * kCommitmentBytes), receipt.leaves(0).closed())
        << "another record's";
    return true;
  }
};

TEST_F(Publication, WhatIsReleasedUnderLoadIsInTheLogWithinASecond) {
  const auto keys = ReadLogKeys(mesh().folder().LogVerifierKey());
  ASSERT_TRUE(keys.ok()) << keys.status();
  const Askers askers(mesh());
  const Disk disk(mesh());
  std::vector<absl::Duration> took;
  for (int i = 0; i < kSamples; ++i) {
    const records::v1::Receipt receipt = Ask();
    const absl::Duration released = mesh().clock().Monotonic();
    absl::Duration waited;
    bool published = false;
    while (!published && waited < absl::Seconds(20)) {
      // The look before the clock: what is late is the log, not this thread.
      published = IsPublished(receipt, *keys);
      waited = mesh().clock().Monotonic() - released;
      if (!published) std::this_thread::yield();
    }
    ASSERT_TRUE(published) << "not at all, within " << waited;
    took.push_back(waited);
  }
  std::sort(took.begin(), took.end());
  const std::string figures = absl::StrCat(
      "released to published: half within ",
      absl::FormatDuration(took[took.size() / 2]), ", all within ",
      absl::FormatDuration(took.back()), "; ", askers.answered(),
      " other exchanges; the longest of one durable write beside them ",
      absl::FormatDuration(disk.Longest()));
  std::printf("%s\n", figures.c_str());
  EXPECT_GT(askers.answered(), kSamples);
  if (took.back() > kBound && disk.Longest() > kStall) {
    GTEST_SKIP() << "NOT TESTED: this machine stood still. " << figures;
  }
  EXPECT_LE(took.back(), kBound) << figures;
}

}  // namespace
}  // namespace psm::testing
