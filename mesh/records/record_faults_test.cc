// The failure matrix: every call on which durability rests fails in every way,
// at every place it is made, and then everything is verified after a restart
// on a sound disk.
#include <algorithm>
#include <thread>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/faulty_segment_folder.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

using ::testing::IsEmpty;

constexpr int kEarlier = 3;  // records of the life before the faults
constexpr int kAppends = 16;

class RecordFaults : public ::testing::Test {
 protected:
  RecordFaults() {
    options_.segment_bytes = 4096;  // about nine records
    options_.retry_interval = absl::Microseconds(1);
    options_.index_part_records = 4;
  }

  // The lives of one case share a folder.
  void BeginCase() {
    acknowledged_.clear();
    refused_.clear();
    next_ = 0;
    folder_ = std::make_unique<TempFolder>(FolderInMemory());
    options_.folder = folder_->path();
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    ASSERT_TRUE(store.ok()) << store.status();
    for (int i = 0; i < kEarlier; ++i) ASSERT_TRUE(AppendOne(**store).ok());
    // With a spare for the next life to recycle.
    auto folder = PosixSegmentFolder::OpenToRead(folder_->path());
    while (folder->List()->size() < 2) std::this_thread::yield();
  }

  absl::StatusOr<std::unique_ptr<RecordStore>> OpenFaulty(Faults& faults) {
    auto real = PosixSegmentFolder::OpenToWrite(folder_->path());
    if (!real.ok()) return real.status();
    return RecordStore::OpenOn(
        std::make_unique<FaultySegmentFolder>(*std::move(real), faults),
        options_, clock_, SystemRandom());
  }

  // Every third append is of two records.
  absl::Status AppendOne(RecordStore& store) {
    std::vector<records::v1::Record> records{SampleRecord(next_++)};
    if (next_ % 3 == 0) records.push_back(SampleRecord(next_++));
    std::vector<std::string> ids;
    for (const auto& record : records) ids.push_back(record.exchange_id());
    absl::Status status = AppendAndWait(store, loop_, std::move(records));
    auto& known = status.ok() ? acknowledged_ : refused_;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "RECORD_NOT_DURABLE");
      if (refused_.empty()) first_refused_after_ = acknowledged_.size();
      first_refused_ = refused_.empty() ? ids : first_refused_;
    }
    known.insert(known.end(), ids.begin(), ids.end());
    return status;
  }

  // What a store finds, oldest first.
  std::vector<std::string> Found(RecordStore& store) {
    auto ids = AllIds(store);
    EXPECT_TRUE(ids.ok()) << ids.status();
    if (!ids.ok()) return {};
    std::reverse(ids->begin(), ids->end());
    return *ids;
  }

  // Several times, with an append between: nothing may come up later either.
  void VerifyAfterRestart() {
    for (int life = 0; life < 3; ++life) {
      auto store = RecordStore::Open(options_, clock_, SystemRandom());
      ASSERT_TRUE(store.ok()) << store.status();
      ASSERT_EQ(Found(**store), acknowledged_) << "life " << life;
      ASSERT_TRUE(AppendOne(**store).ok());
    }
  }

  std::unique_ptr<TempFolder> folder_;
  RecordStoreOptions options_ = TestOptions("");
  SystemClock clock_;
  LoopExecutor loop_;
  int next_ = 0;
  std::vector<std::string> acknowledged_;  // in order
  std::vector<std::string> refused_;
  std::vector<std::string> first_refused_;
  std::size_t first_refused_after_ = 0;
};

class RecordFaultMatrix
    : public RecordFaults,
      public ::testing::WithParamInterface<
          std::tuple<FaultOp, FaultMode, /*forever=*/bool>> {};

TEST_P(RecordFaultMatrix, KeepsWhatItAcknowledgedAndNothingItRefused) {
  const auto [op, mode, forever] = GetParam();
  int nth = 0;
  bool hit = true;
  while (hit) {
    ++nth;
    SCOPED_TRACE(nth);
    BeginCase();
    Faults faults;
    faults.Add(op, nth, mode, forever);
    {
      auto store = OpenFaulty(faults);
      if (store.ok()) {
        for (int i = 0; i < kAppends; ++i) {
          const bool was_hit = faults.hits() > 0;
          absl::Status status = AppendOne(**store);
          if (!forever && !status.ok() && was_hit) {
            // The fault is over: the store must come back by itself.
            while (!(*store)->Health().ok()) std::this_thread::yield();
          }
          ASSERT_EQ(Found(**store), acknowledged_);
        }
        if (!forever) {
          while (!(*store)->Health().ok()) std::this_thread::yield();
          if (faults.hits() > 0) {
            EXPECT_TRUE(AppendOne(**store).ok());
          }
        }
      }
    }
    hit = faults.hits() > 0;
    ASSERT_NO_FATAL_FAILURE(VerifyAfterRestart());
  }
  EXPECT_GT(nth, 1) << "the fault never happened";
}

INSTANTIATE_TEST_SUITE_P(
    All, RecordFaultMatrix,
    ::testing::Combine(::testing::Values(FaultOp::kCreate, FaultOp::kWrite,
                                         FaultOp::kSync, FaultOp::kTruncate,
                                         FaultOp::kRename),
                       ::testing::Values(FaultMode::kFails,
                                         FaultMode::kFailsPersists,
                                         FaultMode::kShort),
                       ::testing::Bool()));

// The disk goes away at any call, with nothing, all or half of that call done,
// and the process ends: what a power cut does. Then one commit, the one in
// flight, may be found although it was refused; see log_writer.cc.
TEST_F(RecordFaults, ADiskThatGoesAwayLosesNothingAcknowledged) {
  int found_more = 0;
  for (FaultMode mode :
       {FaultMode::kFails, FaultMode::kFailsPersists, FaultMode::kShort}) {
    bool hit = true;
    for (int nth = 1; hit; ++nth) {
      SCOPED_TRACE(nth);
      ASSERT_NO_FATAL_FAILURE(BeginCase());
      Faults faults;
      faults.Add(FaultOp::kAny, nth, mode, /*forever=*/true);
      {
        auto store = OpenFaulty(faults);
        for (int i = 0; store.ok() && i < kAppends; ++i) {
          absl::Status status = AppendOne(**store);
          if (!status.ok()) {
            EXPECT_FALSE((*store)->Health().ok());
          }
        }
      }
      hit = faults.hits() > 0;
      auto store = RecordStore::Open(options_, clock_, SystemRandom());
      ASSERT_TRUE(store.ok()) << store.status();
      std::vector<std::string> found = Found(**store);
      if (found != acknowledged_) {
        ++found_more;
        // Whole, at its place, and the only one.
        std::vector<std::string> with = acknowledged_;
        ASSERT_EQ(first_refused_after_, acknowledged_.size());
        with.insert(with.end(), first_refused_.begin(), first_refused_.end());
        ASSERT_EQ(found, with);
        acknowledged_ = with;
      }
      store->reset();
      ASSERT_NO_FATAL_FAILURE(VerifyAfterRestart());
    }
  }
  EXPECT_GT(found_more, 0) << "the exception of log_writer.cc never happened";
}

// The bytes of a refused commit reach the disk and cannot be cut off, but the
// store goes on in another segment: its header alone must keep them out, also
// where the store only began that segment, and died with nothing in it.
TEST_F(RecordFaults, TheNextSegmentSaysWhereTheLogLeftAnUncutOne) {
  for (const int more : {3, 0}) {
    SCOPED_TRACE(more);
    ASSERT_NO_FATAL_FAILURE(BeginCase());
    Faults faults;
    faults.Add(FaultOp::kSync, 5, FaultMode::kFailsPersists, /*forever=*/false);
    faults.Add(FaultOp::kTruncate, 1, FaultMode::kFails, /*forever=*/true);
    {
      auto store = OpenFaulty(faults);
      ASSERT_TRUE(store.ok()) << store.status();
      while (refused_.empty()) {
        ASSERT_LT(next_, 100);
        AppendOne(**store).IgnoreError();
      }
      while (!(*store)->Health().ok()) std::this_thread::yield();
      for (int i = 0; i < more; ++i) EXPECT_TRUE(AppendOne(**store).ok());
    }
    ASSERT_GT(faults.hits(), 1);
    ASSERT_NO_FATAL_FAILURE(VerifyAfterRestart());
  }
}

TEST_F(RecordFaults, OneSyncAndOnePostServeAllWhoWait) {
  options_.segment_bytes = 1 << 20;
  ASSERT_NO_FATAL_FAILURE(BeginCase());
  Faults faults;
  auto store = OpenFaulty(faults);
  ASSERT_TRUE(store.ok()) << store.status();
  const int posts = loop_.posts();
  LoopExecutor other_loop;
  faults.HoldSyncs();
  std::vector<PendingAppend> appends(65);
  for (int i = 0; i < 65; ++i) {
    appends[static_cast<std::size_t>(i)].Start(
        **store, i % 2 == 0 ? loop_ : other_loop, {SampleRecord(100 + i)});
    if (i == 0) faults.AwaitHeldSync();
  }
  EXPECT_EQ(loop_.posts(), posts);  // nobody is told before the sync
  EXPECT_EQ(Found(**store), acknowledged_);
  faults.ReleaseSyncs();
  for (std::size_t i = 0; i < appends.size(); ++i) {
    (i % 2 == 0 ? loop_ : other_loop).RunUntil([&] {
      return appends[i].status.has_value();
    });
    EXPECT_TRUE(appends[i].status->ok());
  }
  EXPECT_EQ((*store)->figures().commits, 2u);  // the first, and all the others
  EXPECT_EQ(loop_.posts() - posts, 2);
  EXPECT_EQ(other_loop.posts(), 1);
}

TEST_F(RecordFaults, EveryWaiterOfAFailedCommitIsRefused) {
  ASSERT_NO_FATAL_FAILURE(BeginCase());
  options_.gather_interval = absl::Milliseconds(100);
  options_.retry_interval = absl::Milliseconds(1);
  Faults faults;
  // Carried frames, header, then the first commit of the sixteen or so.
  faults.Add(FaultOp::kSync, 3, FaultMode::kFailsPersists, /*forever=*/true);
  auto store = OpenFaulty(faults);
  ASSERT_TRUE(store.ok()) << store.status();
  std::vector<PendingAppend> appends(16);
  for (int i = 0; i < 16; ++i) {
    appends[static_cast<std::size_t>(i)].Start(**store, loop_,
                                               {SampleRecord(100 + i)});
  }
  for (PendingAppend& append : appends) {
    loop_.RunUntil([&] { return append.status.has_value(); });
    EXPECT_EQ(ReasonOf(*append.status), "RECORD_NOT_DURABLE");
  }
  EXPECT_EQ(Found(**store), acknowledged_);
  EXPECT_THAT(refused_, IsEmpty());
  EXPECT_EQ((*store)->figures().refused, 16u);
  store->reset();
  ASSERT_NO_FATAL_FAILURE(VerifyAfterRestart());
}

}  // namespace
}  // namespace psm
