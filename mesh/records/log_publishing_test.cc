// What everybody can read of a log, and what a start makes of what they read
// before.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

class LogPublishingTest : public RecordStoreFixture {
 protected:
  LogPublishingTest() { options_.tiles = tiles_.path() + "/log"; }

  // Appends until the log has `count` records; the last checkpoint.
  std::shared_ptr<const tlog::SignedCheckpoint> Fill(RecordStore& store,
                                                     int count) {
    std::vector<PendingAppend> appends(static_cast<std::size_t>(count));
    for (PendingAppend& append : appends) {
      append.Start(store, loop_, {SampleRecord(next_++)});
    }
    loop_.RunUntil([&] {
      return std::all_of(appends.begin(), appends.end(),
                         [](const auto& a) { return a.status.has_value(); });
    });
    std::shared_ptr<const tlog::SignedCheckpoint> last;
    for (PendingAppend& append : appends) {
      EXPECT_TRUE(append.status->ok()) << *append.status;
      if (last == nullptr || append.recorded.checkpoint->size() > last->size())
        last = append.recorded.checkpoint;
    }
    return last;
  }

  // The published leaves, each proved under the published checkpoint; and they
  // are those of the records in the store, one by one.
  void ExpectPublished(std::uint64_t size) {
    auto published =
        PublishedCheckpoint(options_.tiles, options_.signer->verifier());
    ASSERT_TRUE(published.ok()) << published.status();
    ASSERT_TRUE(published->has_value());
    ASSERT_EQ((*published)->size(), size);
    tlog::FolderSource source(options_.tiles);
    tlog::TileReader reader(source, size);
    std::vector<std::string> leaves;
    for (std::uint64_t bundle = 0; leaves.size() < size; ++bundle) {
      auto entries = reader.Entries(bundle);
      ASSERT_TRUE(entries.ok()) << entries.status();
      leaves.insert(leaves.end(), entries->begin(), entries->end());
    }
    ASSERT_EQ(leaves.size(), size);
    auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
    std::uint64_t seen = 0;
    auto next = ReadStored(
        *folder, 0, [&](std::uint64_t index, const PayloadItem& item) {
          records::v1::Record record;
          EXPECT_TRUE(record.ParseFromArray(
              item.record.data(), static_cast<int>(item.record.size())));
          EXPECT_EQ(RecordSeal(record, item.seed).leaf(), leaves[index]);
          auto proof = tlog::ProveInclusion(index, size, reader);
          EXPECT_TRUE(proof.ok()) << proof.status();
          EXPECT_TRUE(tlog::VerifyInclusion(index, size,
                                            tlog::LeafHash(leaves[index]),
                                            *proof, (*published)->root())
                          .ok());
          ++seen;
          return true;
        });
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(seen, size);
  }

  int next_ = 0;
  TempFolder tiles_;
};

TEST_F(LogPublishingTest, EveryRecordIsALeafUnderTheLastCheckpoint) {
  std::shared_ptr<const tlog::SignedCheckpoint> last;
  {
    auto store = OpenStore();
    last = Fill(*store, 300);  // more than one tile
    ASSERT_EQ(last->size(), 300u);
  }
  ExpectPublished(300);
  auto published =
      PublishedCheckpoint(options_.tiles, options_.signer->verifier());
  EXPECT_EQ((*published)->ToText(), last->ToText());
  // The next life goes on.
  {
    Fill(*OpenStore(), 7);
  }
  ExpectPublished(307);
}

TEST_F(LogPublishingTest, WhatWasNotPublishedIsReadBackFromTheLog) {
  options_.tiles.clear();
  {
    Fill(*OpenStore(), 20);
  }
  options_.tiles = tiles_.path() + "/log";
  {
    Fill(*OpenStore(), 1);
  }
  ExpectPublished(21);
  options_.tiles.clear();
  {
    Fill(*OpenStore(), 20);
  }
  options_.tiles = tiles_.path() + "/log";
  {
    OpenStore();
  }  // without a record of its own
  ExpectPublished(41);
}

TEST_F(LogPublishingTest, AnOlderCopyOfTheRecordsIsRefused) {
  {
    Fill(*OpenStore(), 5);
  }
  TempFolder backup;
  fs::copy(folder_.path(), backup.path(),
           fs::copy_options::recursive | fs::copy_options::update_existing);
  {
    Fill(*OpenStore(), 5);
  }
  fs::remove_all(folder_.path());
  fs::copy(backup.path(), folder_.path(), fs::copy_options::recursive);
  auto store = RecordStore::Open(options_, clock_, SystemRandom());
  EXPECT_EQ(ReasonOf(store.status()), "RECORDS_ROLLED_BACK");
  // Nor may there be none.
  fs::remove_all(folder_.path());
  store = RecordStore::Open(options_, clock_, SystemRandom());
  EXPECT_EQ(ReasonOf(store.status()), "RECORDS_ROLLED_BACK");
}

TEST_F(LogPublishingTest, AnotherHistoryOfTheSameSizeIsRefused) {
  {
    Fill(*OpenStore(), 5);
  }
  fs::remove_all(folder_.path());
  options_.tiles.clear();
  {
    Fill(*OpenStore(), 5);
  }  // other seeds
  options_.tiles = tiles_.path() + "/log";
  auto store = RecordStore::Open(options_, clock_, SystemRandom());
  EXPECT_EQ(ReasonOf(store.status()), "RECORDS_ROLLED_BACK");
}

TEST_F(LogPublishingTest, AnotherHistoryThatIsLongerIsNeverPublished) {
  std::shared_ptr<const tlog::SignedCheckpoint> last;
  {
    last = Fill(*OpenStore(), 5);
  }
  fs::remove_all(folder_.path());
  options_.tiles.clear();
  {
    Fill(*OpenStore(), 6);
  }
  options_.tiles = tiles_.path() + "/log";
  {
    Fill(*OpenStore(), 1);
  }
  auto published =
      PublishedCheckpoint(options_.tiles, options_.signer->verifier());
  ASSERT_TRUE(published.ok() && published->has_value());
  EXPECT_EQ((*published)->ToText(), last->ToText());
}

TEST_F(LogPublishingTest, AnotherKeyMayNotGoOnWithALog) {
  {
    Fill(*OpenStore(), 2);
  }
  options_.signer = NewTestSigner();
  auto store = RecordStore::Open(options_, clock_, SystemRandom());
  EXPECT_EQ(ReasonOf(store.status()), "LOG_KEY_UNKNOWN");
}

TEST_F(LogPublishingTest, WhereTilesCannotBeWrittenRecordsAreKeptAllTheSame) {
  fs::create_directory(options_.tiles);
  std::ofstream(options_.tiles + "/tile") << "no folder";
  {
    auto store = OpenStore();
    ASSERT_NE(store, nullptr);
    Fill(*store, 3);
    EXPECT_TRUE(store->Health().ok());
  }
  fs::remove(options_.tiles + "/tile");
  {
    OpenStore();
  }
  ExpectPublished(3);
}

}  // namespace
}  // namespace psm
