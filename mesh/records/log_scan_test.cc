// What a start makes of bytes that are not as they were written.
#include "mesh/records/log_scan.h"

#include <fstream>
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// Thirty commits of one record each over segments 1, 2 and so on.
class LogScanTest : public ::testing::Test {
 protected:
  LogScanTest() {
    options_.segment_bytes = 4096;
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    for (int i = 0; i < kRecords; ++i) {
      EXPECT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(i)}).ok());
    }
    store->reset();
    auto chain = FindChain(*PosixSegmentFolder::OpenToRead(folder_.path()));
    EXPECT_TRUE(chain.ok());
    chain_ = *chain;
    EXPECT_GE(chain_.segments.size(), 2u);
  }

  fs::path FileOf(const ChainSegment& segment) {
    return folder_.path() +
           absl::StrCat("/segment-",
                        absl::Dec(segment.header.number, absl::kZeroPad12));
  }

  // Offsets of the frames of a segment and, last, its end.
  std::vector<std::uint64_t> Frames(const ChainSegment& segment) {
    std::vector<std::uint64_t> offsets;
    auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
    auto scan = ScanSegment(*folder, segment, false,
                            [&](const FrameView&, std::uint64_t offset) {
                              offsets.push_back(offset);
                              return absl::OkStatus();
                            });
    EXPECT_TRUE(scan.ok());
    offsets.push_back(scan->end);
    return offsets;
  }

  // The number of records a start finds, or its error's reason.
  std::string StartFinds() {
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    if (!store.ok()) return ReasonOf(store.status());
    auto ids = AllIds(**store);
    if (!ids.ok()) return ReasonOf(ids.status());
    for (std::size_t i = 0; i < ids->size(); ++i) {
      EXPECT_EQ((*ids)[i], absl::StrCat("exchange-", ids->size() - 1 - i));
    }
    return absl::StrCat(ids->size());
  }

  static constexpr int kRecords = 30;
  TempFolder folder_{FolderInMemory()};
  RecordStoreOptions options_ = TestOptions(folder_.path());
  SystemClock clock_;
  LoopExecutor loop_;
  LogChain chain_;
};

TEST_F(LogScanTest, EveryFlippedByteOfAnAcknowledgedFrameIsNoticed) {
  for (const ChainSegment& segment : chain_.segments) {
    std::vector<std::uint64_t> frames = Frames(segment);
    const bool last = !segment.end.has_value();
    // Of the last segment's last commit, a record and its head, no start can
    // know whether it was told.
    const std::uint64_t end = last ? frames[frames.size() - 3] : frames.back();
    const std::string sound = ReadAll(FileOf(segment));
    for (std::uint64_t at = kSegmentHeaderBytes; at < end; ++at) {
      std::string flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      WriteAll(FileOf(segment), flipped);
      auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
      auto scan = ScanSegment(
          *folder, segment, false,
          [](const FrameView&, std::uint64_t) { return absl::OkStatus(); });
      // The padding of a frame to 8 bytes says nothing and is not looked at.
      bool padding = false;
      for (std::size_t i = 1; i < frames.size(); ++i) {
        padding = padding ||
                  (at < frames[i] && at + 8 > frames[i] && sound[at] == '\0');
      }
      if (padding && scan.ok()) continue;
      ASSERT_EQ(ReasonOf(scan.status()), "RECORDS_DAMAGED") << at;
    }
    WriteAll(FileOf(segment), sound);
  }
  EXPECT_EQ(StartFinds(), "30");
}

TEST_F(LogScanTest, EveryFlippedByteOfTheLastCommitIsATornEnd) {
  const ChainSegment& last = chain_.segments.back();
  std::vector<std::uint64_t> frames = Frames(last);
  const std::string sound = ReadAll(FileOf(last));
  // Headers and payloads of the record's frame and of the head; the padding
  // says nothing.
  std::vector<std::uint64_t> bytes;
  for (std::size_t i : {frames.size() - 3, frames.size() - 2}) {
    for (std::uint64_t at = frames[i]; at + 8 < frames[i + 1]; ++at) {
      bytes.push_back(at);
    }
  }
  for (const std::uint64_t at : bytes) {
    std::string flipped = sound;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    WriteAll(FileOf(last), flipped);
    auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
    auto scan = ScanSegment(
        *folder, last, false,
        [](const FrameView&, std::uint64_t) { return absl::OkStatus(); });
    ASSERT_TRUE(scan.ok()) << at;
    EXPECT_EQ(scan->end_index, 29u) << at;
    EXPECT_GT(scan->torn_bytes, 0u) << at;
  }
}

TEST_F(LogScanTest, EveryCutOfTheLastCommitIsATornEnd) {
  const ChainSegment& last = chain_.segments.back();
  std::vector<std::uint64_t> frames = Frames(last);
  const std::string sound = ReadAll(FileOf(last));
  for (std::uint64_t end = frames[frames.size() - 2]; end < frames.back();
       ++end) {
    // What was cut off is zeros, as it was written in advance, or not there.
    for (bool zeros : {true, false}) {
      std::string cut = sound.substr(0, end);
      if (zeros) cut.resize(sound.size(), '\0');
      WriteAll(FileOf(last), cut);
      auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
      auto scan = ScanSegment(
          *folder, last, false,
          [](const FrameView&, std::uint64_t) { return absl::OkStatus(); });
      ASSERT_TRUE(scan.ok()) << end;
      // A frame without its padding is not whole unless the padding is zeros.
      EXPECT_LE(scan->end_index, 30u);
      if (end + 8 <= frames.back()) {
        EXPECT_EQ(scan->end_index, 29u) << end;
      }
    }
  }
}

TEST_F(LogScanTest, HostileAndUnluckyFolders) {
  const fs::path first = FileOf(chain_.segments.front());
  const fs::path last = FileOf(chain_.segments.back());
  const std::vector<std::uint64_t> frames = Frames(chain_.segments.front());
  const std::string first_bytes = ReadAll(first);
  const std::string last_bytes = ReadAll(last);

  struct Case {
    const char* name;
    std::function<void()> harm;
    std::string finds;
  };
  const std::vector<Case> cases = {
      {"nothing", [] {}, "30"},
      {"a segment deleted", [&] { fs::remove(first); }, "RECORDS_DAMAGED"},
      {"a segment emptied", [&] { WriteAll(first, ""); }, "RECORDS_DAMAGED"},
      {"a segment cut",
       [&] { WriteAll(first, first_bytes.substr(0, frames[2] + 20)); },
       "RECORDS_DAMAGED"},
      {"the header of a segment zeroed",
       [&] {
         WriteAll(first, std::string(kSegmentHeaderBytes, '\0') +
                             first_bytes.substr(kSegmentHeaderBytes));
       },
       "RECORDS_DAMAGED"},
      {"the header of the last segment zeroed",
       [&] {
         WriteAll(last, std::string(kSegmentHeaderBytes, '\0') +
                            last_bytes.substr(kSegmentHeaderBytes));
       },
       "RECORDS_DAMAGED"},
      {"two commits swapped",
       [&] {
         WriteAll(first,
                  first_bytes.substr(0, frames[0]) +
                      first_bytes.substr(frames[2], frames[4] - frames[2]) +
                      first_bytes.substr(frames[0], frames[2] - frames[0]) +
                      first_bytes.substr(frames[4]));
       },
       "RECORDS_DAMAGED"},
      {"a head taken out",
       [&] {
         WriteAll(first, first_bytes.substr(0, frames[1]) +
                             first_bytes.substr(frames[2]));
       },
       "RECORDS_DAMAGED"},
      {"a frame taken out",
       [&] {
         WriteAll(first, first_bytes.substr(0, frames[0]) +
                             first_bytes.substr(frames[1]));
       },
       "RECORDS_DAMAGED"},
      {"a frame twice",
       [&] {
         WriteAll(first, first_bytes.substr(0, frames[1]) +
                             first_bytes.substr(frames[0]));
       },
       "RECORDS_DAMAGED"},
      {"the last segment replaced by the first",
       [&] { WriteAll(last, first_bytes); },
       // Its bytes are of another generation, so it is a spare, and the log
       // ends earlier: only a Merkle head outside the folder can tell.
       absl::StrCat(chain_.segments.back().header.first_index)},
      {"stray files",
       [&] {
         WriteAll(folder_.path() + "/segment-000000000000", first_bytes);
         WriteAll(folder_.path() + "/segment-x", "x");
         WriteAll(folder_.path() + "/segment-000000000099.new", "x");
         WriteAll(folder_.path() + "/notes.txt", "x");
         WriteAll(folder_.path() + "/segment-000000000090", "");
         WriteAll(folder_.path() + "/segment-000000000091", first_bytes);
         WriteAll(folder_.path() + "/segment-000000000092",
                  std::string(100, '\xff'));
       },
       "30"},
      {"another version",
       [&] {
         std::string other = last_bytes;
         other[8] = 3;
         WriteAll(last, other);
       },
       "RECORDS_FORMAT_UNKNOWN"},
  };
  TempFolder backup(FolderInMemory());
  auto copy = [](const std::string& from, const std::string& to) {
    for (const auto& entry : fs::directory_iterator(to)) fs::remove(entry);
    fs::copy(from, to, fs::copy_options::recursive);
  };
  copy(folder_.path(), backup.path());
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    copy(backup.path(), folder_.path());
    test.harm();
    EXPECT_EQ(StartFinds(), test.finds);
    if (test.finds == "30") {
      EXPECT_EQ(StartFinds(), "30");  // and again, after the repair
    }
  }
}

TEST_F(LogScanTest, ASegmentOfAnotherLogIsNoticed) {
  TempFolder other_folder(FolderInMemory());
  RecordStoreOptions other = options_;
  other.folder = other_folder.path();
  {
    auto store = RecordStore::Open(other, clock_, SystemRandom());
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(i)}).ok());
    }
  }
  const fs::path first = FileOf(chain_.segments.front());
  fs::copy_file(other_folder.path() / first.filename(), first,
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(StartFinds(), "RECORDS_DAMAGED");
}

// A commit of two frames whose first is torn; the second is whole, and so are
// frames of an earlier life further on. None of them may be found.
TEST_F(LogScanTest, NothingBehindATornFrameIsReplayed) {
  TempFolder folder(FolderInMemory());
  SegmentHeader header;
  header.number = 7;
  header.log_id = std::string(kLogIdBytes, 'i');
  std::string bytes = EncodeSegmentHeader(header);
  std::string payload;
  const std::string record = SampleRecord(0).SerializeAsString();
  AppendToPayload({std::string(kSeedBytes, 's'), record}, payload);
  auto frame = [&](std::uint64_t generation, std::uint64_t index,
                   std::uint64_t batch) {
    FrameHeader made;
    made.payload_crc = Crc32c(payload);
    made.record_count = 1;
    made.generation = generation;
    made.first_index = index;
    made.batch_index = batch;
    AppendFrame(made, payload, bytes);
  };
  frame(7, 0, 0);
  tlog::Frontier frontier;
  frontier.Append(tlog::LeafHash(
      RecordSeal(SampleRecord(0), std::string(kSeedBytes, 's')).leaf()));
  auto head = SignHead(frontier, *options_.signer);
  ASSERT_TRUE(head.ok()) << head.status();
  const std::string head_payload = EncodeHead(*head);
  FrameHeader head_frame;
  head_frame.kind = FrameKind::kHead;
  head_frame.payload_crc = Crc32c(head_payload);
  head_frame.generation = 7;
  head_frame.first_index = 1;
  AppendFrame(head_frame, head_payload, bytes);
  const std::size_t torn = bytes.size();
  frame(7, 1, 1);
  frame(7, 2, 1);
  frame(6, 3, 3);  // of an earlier life
  bytes[torn + kFrameHeaderBytes + 5] ^= 1;
  WriteAll(folder.path() + "/segment-000000000007", bytes);
  RecordStoreOptions options = options_;
  options.folder = folder.path();
  auto store = RecordStore::Open(options, clock_, SystemRandom());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->figures().records, 1u);
  store->reset();

  // The same, but the earlier life is this one: a later commit stands behind
  // the bad frame, so it is damage.
  bytes.resize(torn);
  frame(7, 1, 1);
  frame(7, 2, 2);
  bytes[torn + kFrameHeaderBytes + 5] ^= 1;
  fs::remove_all(folder.path());
  fs::create_directory(folder.path());
  WriteAll(folder.path() + "/segment-000000000007", bytes);
  EXPECT_EQ(
      ReasonOf(RecordStore::Open(options, clock_, SystemRandom()).status()),
      "RECORDS_DAMAGED");
}

}  // namespace
}  // namespace psm
