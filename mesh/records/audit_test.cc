// Whoever may write to the log's folders, or has an older copy of them, against
// an auditor with nothing but the verifying key.
#include "mesh/records/audit.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/segment_format.h"
#include "mesh/records/tlog/tile_folder.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {
namespace {

namespace fs = std::filesystem;
using In = AuditFinding::In;

constexpr int kRecords = 600;  // two full tiles and a partial one

class AuditTest : public RecordStoreFixture {
 protected:
  AuditTest() { options_.tiles = tiles_.path() + "/log"; }
  void SetUp() override { Grow(kRecords); }

  void Grow(int count) {
    auto store = OpenStore();
    ASSERT_NE(store, nullptr);
    // Many commits, of several records each.
    for (int done = 0; done < count;) {
      std::vector<PendingAppend> appends(
          static_cast<std::size_t>(std::min(20, count - done)));
      for (PendingAppend& append : appends) {
        append.Start(*store, loop_, {SampleRecord(next_++)});
        ++done;
      }
      loop_.RunUntil([&] {
        return std::all_of(appends.begin(), appends.end(),
                           [](const auto& a) { return a.status.has_value(); });
      });
      for (const PendingAppend& append : appends) {
        ASSERT_TRUE(append.status->ok()) << *append.status;
      }
    }
  }

  const tlog::VerifierKey& key() const { return options_.signer->verifier(); }
  absl::StatusOr<AuditReport> Audit(bool with_records = true) {
    AuditOptions audit;
    audit.log = options_.tiles;
    if (with_records) audit.records = folder_.path();
    audit.kept = kept_;
    return AuditLog(audit, key(), clock_);
  }
  // What the audit finds first; a failure where it finds nothing.
  AuditFinding Found(bool with_records = true) {
    absl::StatusOr<AuditReport> report = Audit(with_records);
    EXPECT_TRUE(report.ok()) << report.status();
    if (report.ok() && report->finding.has_value()) return *report->finding;
    ADD_FAILURE() << "nothing was found";
    return AuditFinding{In::kRoot, 0, 0, "", ""};
  }
  void ExpectHolds() {
    absl::StatusOr<AuditReport> report = Audit();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_FALSE(report->finding.has_value())
        << report->finding->file << ": " << report->finding->what;
  }
  void Keep() {
    absl::StatusOr<AuditReport> report = Audit();
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_TRUE(KeepCheckpoint(State(), *report).ok());
    auto kept = ReadKeptCheckpoint(State(), key());
    ASSERT_TRUE(kept.ok() && kept->has_value()) << kept.status();
    kept_ = **std::move(kept);
  }
  std::string State() const { return tiles_.path() + "/audit/kept"; }

  // The entries as published.
  std::vector<std::string> Entries() {
    tlog::FolderSource source(options_.tiles);
    tlog::TileReader reader(source, static_cast<std::uint64_t>(next_));
    std::vector<std::string> entries;
    for (std::uint64_t i = 0; i * tlog::kTileWidth < kRecords; ++i) {
      auto bundle = reader.Entries(i);
      EXPECT_TRUE(bundle.ok()) << bundle.status();
      entries.insert(entries.end(), bundle->begin(), bundle->end());
    }
    return entries;
  }
  // Publishes `entries` in place of the log, every tile as it ought to be, with
  // the old checkpoint: what one can do who may write and cannot sign.
  void Forge(const std::vector<std::string>& entries) {
    const std::string checkpoint = tiles_.Read("log/checkpoint");
    PublishAsSigner(entries);
    tiles_.Write("log/checkpoint", checkpoint);
  }
  // And with the log's key.
  void PublishAsSigner(const std::vector<std::string>& entries) {
    fs::remove_all(options_.tiles);
    auto folder = tlog::TileFolder::Open(options_.tiles, key());
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE((*folder)->Add(entries).ok());
    tlog::Checkpoint checkpoint;
    checkpoint.origin = key().name();
    checkpoint.size = (*folder)->size();
    checkpoint.root = (*folder)->root();
    auto head = tlog::SignedCheckpoint::Make(checkpoint, *options_.signer);
    ASSERT_TRUE((*folder)->Publish(*head).ok());
  }

  // Changes the payload of the frame with record `index` (or, with `head`, of
  // the head behind it) and mends the checksums.
  void ChangeFrame(std::uint64_t index, bool head,
                   const std::function<void(std::string&)>& change) {
    auto folder = PosixSegmentFolder::OpenToRead(folder_.path());
    auto chain = FindChain(*folder);
    ASSERT_TRUE(chain.ok());
    for (const ChainSegment& segment : chain->segments) {
      std::optional<std::pair<FrameView, std::uint64_t>> found;
      std::string mended;
      auto status = ScanSegment(
          *folder, segment, true,
          [&](const FrameView& frame, std::uint64_t offset) {
            const bool is_head = frame.header.kind == FrameKind::kHead;
            const bool holds =
                is_head ? frame.header.first_index > index
                        : frame.header.first_index + frame.header.record_count >
                              index;
            if (is_head != head || !holds || found.has_value()) {
              return absl::OkStatus();
            }
            found.emplace(frame, offset);
            std::string payload(frame.payload);
            change(payload);
            FrameHeader header = frame.header;
            header.payload_crc = Crc32c(payload);
            AppendFrame(header, payload, mended);
            return absl::OkStatus();
          });
      ASSERT_TRUE(status.ok()) << status.status();
      if (!found.has_value()) continue;
      const std::string name =
          absl::StrFormat("segment-%012d", segment.header.number);
      std::string bytes = folder_.Read(name);
      const std::size_t size = bytes.size();
      bytes.replace(found->second, found->first.bytes, mended);
      bytes.resize(size);  // what follows the last frame is no frame
      folder_.Write(name, bytes);
      return;
    }
    FAIL() << "no such frame";
  }

  int next_ = 0;
  TempFolder tiles_;
  std::optional<KeptCheckpoint> kept_;
};

TEST_F(AuditTest, AGoodLogHoldsAndEverythingWasCounted) {
  absl::StatusOr<AuditReport> report = Audit();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->finding.has_value()) << report->finding->what;
  EXPECT_EQ(report->entries, 600u);
  EXPECT_EQ(report->records, 600u);
  EXPECT_EQ(report->unpublished, 0u);
  EXPECT_GE(report->heads, 30u);
  EXPECT_EQ(report->signatures, report->heads);
  EXPECT_GE(report->files, 7u);  // three bundles, three tiles, one above
  Keep();
  Grow(77);
  ExpectHolds();
  Keep();
}

TEST_F(AuditTest, RecordsThatAreNotPublishedYetAreCountedAndChecked) {
  const std::string tiles = std::exchange(options_.tiles, "");
  Grow(30);
  options_.tiles = tiles;
  absl::StatusOr<AuditReport> report = Audit();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->finding.has_value()) << report->finding->what;
  EXPECT_EQ(report->records, 600u);
  EXPECT_EQ(report->unpublished, 30u);
  ChangeFrame(610, false, [](std::string& payload) { payload[5] ^= 1; });
  const AuditFinding found = Found();
  EXPECT_EQ(found.in, In::kHead);
  EXPECT_LE(*found.first, 610u);
  EXPECT_GE(*found.last, 610u);
}

TEST_F(AuditTest, AChangedByteOfAnyPublishedFileIsFound) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(options_.tiles)) {
    if (entry.is_regular_file()) {
      files.push_back(
          fs::relative(entry.path(), tiles_.path()).generic_string());
    }
  }
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 8u);
  int tried = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string good = tiles_.Read(files[i]);
    // A step that is prime to the sizes of hashes and entries.
    for (std::size_t at = i * 31 % good.size(); at < good.size();
         at += good.size() / 5 + 1) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      tiles_.Write(files[i], bad);
      const absl::StatusOr<AuditReport> report = Audit(false);
      ASSERT_TRUE(report.ok()) << report.status();
      EXPECT_TRUE(report->finding.has_value()) << files[i] << " at " << at;
      ++tried;
    }
    tiles_.Write(files[i], good);
  }
  EXPECT_GE(tried, 30);
  ExpectHolds();
}

TEST_F(AuditTest, AFlippedByteOfAnEntryIsNamedByItsIndex) {
  for (const std::uint64_t index : {0u, 255u, 256u, 599u}) {
    const std::string file = index < 256   ? "log/tile/entries/000"
                             : index < 512 ? "log/tile/entries/001"
                                           : "log/tile/entries/002.p/88";
    const std::string good = tiles_.Read(file);
    std::string bad = good;
    bad[index % 256 * (kLeafBytes + 2) + 100] ^= 4;
    tiles_.Write(file, bad);
    const AuditFinding found = Found(false);
    EXPECT_EQ(found.in, In::kEntry);
    EXPECT_EQ(found.first, index);
    EXPECT_EQ(found.last, index);
    tiles_.Write(file, good);
  }
}

TEST_F(AuditTest, MissingAndCutFilesAreNamed) {
  const struct {
    const char* file;
    std::uint64_t first;
  } cases[] = {{"log/tile/entries/001", 256},
               {"log/tile/0/001", 256},
               {"log/tile/1/000.p/2", 0}};
  for (const auto& one : cases) {
    const std::string good = tiles_.Read(one.file);
    fs::remove(tiles_.File(one.file));
    EXPECT_EQ(Found(false).first, one.first) << one.file;
    tiles_.Write(one.file, good.substr(0, good.size() - 1));
    EXPECT_EQ(Found(false).in, In::kMissing) << one.file;
    tiles_.Write(one.file, good + "x");
    EXPECT_TRUE(Audit(false)->finding.has_value()) << one.file;
    tiles_.Write(one.file, good);
  }
  ExpectHolds();
}

TEST_F(AuditTest, ChangedDeletedInsertedAndReorderedEntriesAreFound) {
  const std::vector<std::string> good = Entries();
  ASSERT_EQ(good.size(), 600u);
  const struct {
    const char* what;
    std::function<void(std::vector<std::string>&)> change;
  } cases[] = {
      {"changed", [](auto& all) { all[300][10] ^= 1; }},
      {"deleted", [](auto& all) { all.erase(all.begin() + 300); }},
      {"inserted", [](auto& all) { all.insert(all.begin() + 300, all[7]); }},
      {"reordered", [](auto& all) { std::swap(all[300], all[301]); }},
  };
  for (const auto& one : cases) {
    std::vector<std::string> entries = good;
    one.change(entries);
    // As many as the checkpoint says, so that it takes looking inside.
    entries.resize(good.size(), good.back());
    Forge(entries);
    // The records tell where; without them only that it is not what was signed.
    const AuditFinding found = Found();
    EXPECT_EQ(found.in, In::kRecord) << one.what;
    EXPECT_EQ(found.first, 300u) << one.what;
    EXPECT_EQ(Found(false).in, In::kRoot) << one.what;
  }
  Forge(good);
  ExpectHolds();
}

TEST_F(AuditTest, ARecordThatWasChangedUnderMendedChecksumsIsNamed) {
  for (const std::uint64_t index : {0u, 123u, 598u}) {
    for (const std::size_t at : {4u, 40u, 90u}) {  // seed, texts
      ChangeFrame(index, false,
                  [&](std::string& payload) { payload[at] ^= 2; });
      const AuditFinding found = Found();
      EXPECT_EQ(found.in, In::kRecord);
      EXPECT_EQ(found.first, index) << "byte " << at << ": " << found.what;
      EXPECT_EQ(found.last, index);
      ChangeFrame(index, false,
                  [&](std::string& payload) { payload[at] ^= 2; });
    }
  }
  ExpectHolds();
}

TEST_F(AuditTest, BytesThatNoLeafCommitsToAreFoundWhereverTheyAre) {
  const std::uint64_t index = kRecords - 1;
  const auto add = [&](records::v1::Record& record, bool in_time) {
    google::protobuf::Message* message = &record;
    if (in_time) message = record.mutable_record_time();
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(127, 1);
  };
  for (const bool in_time : {false, true}) {
    SCOPED_TRACE(in_time);
    std::string before;
    ChangeFrame(index, false, [&](std::string& payload) {
      before = payload;
      std::uint32_t count = 1;
      while (!SplitPayload(payload, count).has_value()) ++count;
      const auto items = SplitPayload(payload, count);
      std::string changed;
      for (const PayloadItem& item : *items) {
        records::v1::Record record;
        ASSERT_TRUE(record.ParseFromString(std::string(item.record)));
        if (--count == 0) add(record, in_time);
        const std::string bytes = record.SerializeAsString();
        AppendToPayload({item.seed, bytes}, changed);
      }
      payload = changed;
    });
    const AuditFinding found = Found();
    EXPECT_EQ(found.in, In::kRecord);
    EXPECT_EQ(found.first, index) << found.what;
    EXPECT_NE(found.what.find("not as it is written"), std::string::npos)
        << found.what;
    ChangeFrame(index, false, [&](std::string& payload) { payload = before; });
  }
  ExpectHolds();
}

TEST_F(AuditTest, AHeadThatWasChangedUnderMendedChecksumsIsNamed) {
  for (const std::size_t at : {8u, 40u, 150u, 190u}) {
    ChangeFrame(200, true, [&](std::string& payload) { payload[at] ^= 1; });
    const AuditFinding found = Found();
    EXPECT_EQ(found.in, In::kHead) << at;
    EXPECT_LE(*found.first, 200u);
    EXPECT_GE(*found.last, 200u);
    ChangeFrame(200, true, [&](std::string& payload) { payload[at] ^= 1; });
  }
  ExpectHolds();
}

TEST_F(AuditTest, AnOlderCopyOfTheRecordsIsFoundByTheFirstMissingOne) {
  TempFolder backup;
  fs::copy(folder_.path(), backup.path(),
           fs::copy_options::recursive | fs::copy_options::update_existing);
  Grow(9);
  fs::remove_all(folder_.path());
  fs::copy(backup.path(), folder_.path(), fs::copy_options::recursive);
  const AuditFinding found = Found();
  EXPECT_EQ(found.in, In::kRecord);
  EXPECT_EQ(found.first, 600u);
  EXPECT_EQ(found.last, 608u);
}

TEST_F(AuditTest, AnOlderLogIsFoundByTheCheckpointThatWasKept) {
  TempFolder backup;
  fs::copy(options_.tiles, backup.path() + "/log", fs::copy_options::recursive);
  Grow(9);
  Keep();
  fs::remove_all(options_.tiles);
  fs::copy(backup.path() + "/log", options_.tiles, fs::copy_options::recursive);
  AuditFinding found = Found(false);
  EXPECT_EQ(found.in, In::kHistory);
  EXPECT_EQ(found.first, 600u);
  fs::remove_all(options_.tiles);
  EXPECT_EQ(Found(false).in, In::kHistory);
}

TEST_F(AuditTest, AnotherHistoryUnderTheLogsOwnKeyIsFound) {
  Keep();
  std::vector<std::string> entries = Entries();
  entries[42][9] ^= 1;
  PublishAsSigner(entries);
  EXPECT_EQ(Found(false).in, In::kHistory);
  entries.resize(700, entries[3]);
  PublishAsSigner(entries);
  const AuditFinding found = Found(false);
  EXPECT_EQ(found.in, In::kHistory);
  EXPECT_EQ(found.first, 0u);
  EXPECT_EQ(found.last, 599u);
  // Who kept nothing is none the wiser, but for the records.
  kept_.reset();
  EXPECT_FALSE(Audit(false)->finding.has_value());
  EXPECT_EQ(Found().first, 42u);
}

TEST_F(AuditTest, AnotherKeyOrOriginIsNoSignature) {
  const auto other = NewTestSigner();
  AuditOptions audit;
  audit.log = options_.tiles;
  auto report = AuditLog(audit, other->verifier(), clock_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->finding->in, In::kCheckpoint);
  const auto renamed =
      tlog::NoteSigner::Make("psm.test/log/another", *Ed25519Key::Generate());
  report = AuditLog(audit, renamed->verifier(), clock_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->finding->in, In::kCheckpoint);
  // Nor is a key that was exchanged taken beside the kept checkpoint.
  Keep();
  EXPECT_EQ(ReadKeptCheckpoint(State(), other->verifier()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(AuditTest, NothingIsKeptOfALogThatDoesNotHold) {
  fs::remove(tiles_.File("log/tile/0/001"));
  auto report = Audit();
  ASSERT_TRUE(report.ok() && report->finding.has_value());
  EXPECT_FALSE(KeepCheckpoint(State(), *report).ok());
  EXPECT_FALSE(fs::exists(State()));
}

}  // namespace
}  // namespace psm
