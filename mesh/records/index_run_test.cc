// Runs by themselves: what was written is found, what was harmed is noticed.
#include "mesh/records/index_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/index_folder.h"
#include "mesh/records/index_run_writer.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Time kNever = absl::InfinitePast();

// The indexes of the entries below `before`, as an index says them.
template <typename Index>
std::vector<std::uint64_t> IndexesOf(const Index& index, const IndexKey& key,
                                     std::uint64_t before = UINT64_MAX) {
  std::vector<std::uint64_t> found;
  (void)index.Visit(key, before, [&](const IndexEntry& entry) {
    EXPECT_EQ(entry.key, key);
    found.push_back(entry.position.index);
    return true;
  });
  return found;
}

class IndexRunTest : public ::testing::Test {
 protected:
  // Records `from` up to `to` in frames of one to three, of subjects of which
  // the first has about half of all.
  IndexPart MakePart(std::uint64_t from, std::uint64_t to) {
    IndexPart part(from);
    std::mt19937_64 random(from);
    while (part.to() < to) {
      IndexedFrame frame;
      frame.segment = 7;
      frame.offset = static_cast<std::uint32_t>(part.to() * 8);
      frame.frame_bytes = 8;
      for (std::uint64_t left = random() % 3 + 1; left > 0; --left) {
        const std::string subject =
            absl::StrCat("s", random() % 2 == 0 ? 0 : random() % 500);
        RecordKeys keys;
        keys.subject = SubjectKey(subject);
        keys.exchange = ExchangeKey("a/a", absl::StrCat(part.to(), ".", left));
        keys.ask_time = absl::FromUnixSeconds(
            static_cast<std::int64_t>(part.to() + random() % 2));
        frame.keys.push_back(keys);
        expected_[*keys.subject].push_back(expected_size_++);
      }
      part.Add(frame, kNever);
    }
    return part;
  }

  std::shared_ptr<const IndexRun> Write(const IndexPart& part) {
    auto run = index_.Write(log_id_, part);
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *run : nullptr;
  }

  std::string OnlyFile() {
    return std::filesystem::directory_iterator(folder_.path())->path();
  }

  TempFolder folder_{FolderInMemory()};
  IndexFolder index_{folder_.path()};
  const std::string log_id_ = std::string(16, 'l');
  std::map<IndexKey, std::vector<std::uint64_t>> expected_;  // oldest first
  std::uint64_t expected_size_ = 0;
};

TEST_F(IndexRunTest, FindsWhatIsInItBelowEveryIndexAndNothingElse) {
  const IndexPart part = MakePart(0, 20'000);
  const auto run = Write(part);
  ASSERT_NE(run, nullptr);
  EXPECT_GT(run->header().data_blocks, kFencesInBlock);  // two of fences
  for (auto& [key, indexes] : expected_) {
    std::reverse(indexes.begin(), indexes.end());
    ASSERT_EQ(IndexesOf(part, key), indexes);
    ASSERT_EQ(IndexesOf(*run, key), indexes);
    for (std::size_t i = 0; i < indexes.size(); i += 97) {
      const std::vector<std::uint64_t> below(
          indexes.begin() + static_cast<std::ptrdiff_t>(i), indexes.end());
      ASSERT_EQ(IndexesOf(part, key, indexes[i] + 1), below);
      ASSERT_EQ(IndexesOf(*run, key, indexes[i] + 1), below);
    }
    EXPECT_THAT(IndexesOf(*run, key, 0), IsEmpty());
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_THAT(IndexesOf(*run, CorporationKey(absl::StrCat(i))), IsEmpty());
  }
  EXPECT_EQ(IndexesOf(*run, kPlaceKey), IndexesOf(part, kPlaceKey));
}

TEST_F(IndexRunTest, AMergedRunHoldsWhatItsPartsHeldButForOldExchanges) {
  IndexRuns runs;
  std::vector<IndexPart> parts;
  for (std::uint64_t from = 0; from < 5000; from = parts.back().to()) {
    parts.push_back(MakePart(from, from + 700));
    runs.push_back(Write(parts.back()));
  }
  const std::uint64_t end = EndOf(runs);
  const auto forget = absl::FromUnixSeconds(static_cast<std::int64_t>(end / 2));
  auto merged = index_.Merge(log_id_, runs, 0, forget, [] { return true; });
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ((*merged)->header().to, end);
  for (auto& [key, indexes] : expected_) {
    std::reverse(indexes.begin(), indexes.end());
    ASSERT_EQ(IndexesOf(**merged, key), indexes);
  }
  std::uint64_t exchanges = 0;
  for (const IndexPart& part : parts) {
    for (const IndexEntry& entry : part.Sorted()) {
      const bool kept = !IsExchangeKey(entry.key) || entry.ask_time() > forget;
      bool found = false;
      ASSERT_TRUE((*merged)
                      ->Visit(entry.key, entry.position.index + 1,
                              [&](const IndexEntry& at) {
                                found =
                                    at.position.index == entry.position.index;
                                return false;
                              })
                      .ok());
      ASSERT_EQ(found, kept);
      exchanges += IsExchangeKey(entry.key) && kept;
    }
  }
  EXPECT_GT(exchanges, 2000u);
  // The parts' files count for nothing beside it, and go.
  auto loaded = index_.Load(log_id_, 0, end);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->size(), 1u);
  EXPECT_EQ(OnlyFile(),
            absl::StrFormat("%s/run-%016d-%016d", folder_.path(), 0, end));
}

TEST_F(IndexRunTest, AMergeThatIsStoppedLeavesNothing) {
  const IndexRuns runs{Write(MakePart(0, 9000))};
  auto merged = index_.Merge(log_id_, runs, 0, kNever, [] { return false; });
  EXPECT_TRUE(absl::IsCancelled(merged.status()));
  EXPECT_EQ(index_.Load(log_id_, 0, 10'000)->size(), 1u);
  EXPECT_EQ(OnlyFile(), absl::StrFormat("%s/run-%016d-%016d", folder_.path(), 0,
                                        runs[0]->header().to));
}

// Every byte that says something is covered by a checksum.
TEST_F(IndexRunTest, AFlippedByteIsNoticedOrSaysNothing) {
  const IndexPart part = MakePart(0, 120);
  const std::uint64_t to = Write(part)->header().to;
  const std::string name = OnlyFile();
  std::ifstream in(name, std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  const std::vector<IndexEntry> entries = part.Sorted();
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < sound.size(); at += 7) {
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    auto put = [&](char byte) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte).flush();
    };
    put(static_cast<char>(sound[at] ^ 0x10));
    auto run = IndexRun::Open(name, log_id_, 0, to);
    bool damaged = !run.ok();
    for (std::size_t i = 0; i < entries.size() && !damaged; i += 20) {
      bool found = false;
      auto visited = (*run)->Visit(
          entries[i].key, entries[i].position.index + 1,
          [&](const IndexEntry& entry) {
            found = entry.position.index == entries[i].position.index &&
                    entry.position.offset == entries[i].position.offset &&
                    entry.ask_nanos == entries[i].ask_nanos;
            return false;
          });
      damaged = !visited.ok();
      ASSERT_TRUE(damaged || found) << at;
    }
    noticed += damaged;
    put(sound[at]);
  }
  // The header, the fences and the data; of the filter the lines looked at.
  EXPECT_GE(noticed, (sound.size() - kIndexBlockBytes) / 7);
}

TEST_F(IndexRunTest, RunsOfOneSizeBecomeOneByFour) {
  // As the thread of the index does it, with sizes only.
  std::vector<std::uint64_t> sizes;
  std::uint64_t rewritten = 0;
  auto due = [&] {
    IndexRuns runs;
    std::uint64_t from = 0;
    TempFolder folder(FolderInMemory());
    for (std::uint64_t size : sizes) {
      const std::string name = folder.File("run");
      auto writer =
          IndexRunWriter::Create(name, log_id_, from, from + size, 1, 0);
      EXPECT_TRUE(writer.ok() && (*writer)->Add(IndexEntry()).ok() &&
                  (*writer)->Finish().ok());
      runs.push_back(*IndexRun::Open(name, log_id_, from, from + size));
      from += size;
    }
    return IndexFolder::CountDue(runs, 10);
  };
  for (int i = 0; i < 260; ++i) {
    sizes.push_back(10);
    for (std::size_t count = due(); count > 0; count = due()) {
      std::uint64_t sum = 0;
      for (; count > 0; --count) {
        sum += sizes.back();
        sizes.pop_back();
      }
      sizes.push_back(sum);
      rewritten += sum;
    }
    ASSERT_LE(sizes.size(), 13u);
  }
  EXPECT_THAT(sizes, ElementsAre(2560, 40));
  EXPECT_EQ(rewritten, 2560u * 4 + 40);
}

TEST_F(IndexRunTest, WhatWasExpungedIsLeftOutWhereverACrashCameBetween) {
  const auto first = Write(MakePart(0, 1000));
  const auto second = Write(MakePart(first->header().to, 2000));
  const std::uint64_t end = second->header().to;
  const std::uint64_t begin = second->header().from + 300;
  auto loaded = index_.Load(log_id_, begin, end);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front()->header().from, second->header().from);

  auto made =
      index_.Merge(log_id_, *loaded, begin, kNever, [] { return true; });
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->header().from, begin);
  EXPECT_EQ((*made)->header().to, end);
  for (const auto& [key, all] : expected_) {
    std::vector<std::uint64_t> kept;
    for (auto index = all.rbegin(); index != all.rend(); ++index)
      if (*index >= begin) kept.push_back(*index);
    EXPECT_EQ(IndexesOf(**made, key), kept);
  }
  // Died before the old one was removed: it is taken, and the step repeated.
  loaded = index_.Load(log_id_, begin, end);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front()->header().from, second->header().from);
  made = index_.Merge(log_id_, *loaded, begin, kNever, [] { return true; });
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(index_.Remove(*loaded).ok());
  loaded = index_.Load(log_id_, begin, end);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front()->header().from, begin);
  EXPECT_EQ(index_.Load(log_id_, begin - 1, end).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace psm
