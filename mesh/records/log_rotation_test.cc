// A log changes its key: what was signed before stays good, and a crash at any
// step loses neither the log nor the key.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/audit.h"
#include "mesh/records/key_rotation.h"
#include "mesh/records/log_key.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/tlog/witness.h"

namespace psm {
namespace {

namespace fs = std::filesystem;
using records::v1::Record;

constexpr char kOrigin[] = "psm.test/log/rotated";

class LogRotationTest : public RecordStoreFixture {
 protected:
  LogRotationTest() {
    options_.tiles = others_.path() + "/log";
    EXPECT_TRUE(CreateLogKey(Key(), kOrigin).ok());
    auto first = ReadLogVerifier(Key() + ".vkey");
    EXPECT_TRUE(first.ok()) << first.status();
    first_.emplace(*std::move(first));
  }
  std::string Key() const { return others_.path() + "/log.pem"; }

  // As the gateway starts.
  absl::StatusOr<std::unique_ptr<RecordStore>> Open() {
    PSM_ASSIGN_OR_RETURN(LogSigning signing, ReadLogSigning(Key(), kOrigin));
    options_.signer = signing.signer;
    options_.keys = signing.keys;
    options_.next = signing.next;
    options_.prepare_keys = [this](const LogKeys& keys) {
      if (fail_to_prepare_ > 0 && fail_to_prepare_-- > 0)
        return absl::ResourceExhaustedError("no room");
      return PrepareLogKeys(Key(), keys);
    };
    options_.put_keys_in_force = [this](const LogKeys& keys) {
      if (fail_in_force_ > 0 && fail_in_force_-- > 0)
        return absl::AbortedError("not yet");
      if (dies_in_ == 1) return absl::AbortedError("died before it");
      if (dies_in_ == 2) {
        PSM_RETURN_IF_ERROR(
            WriteWholeFile(Key() + ".vkey", keys.ToText(), kPublic));
        return absl::AbortedError("died amid it");
      }
      PSM_RETURN_IF_ERROR(PutLogKeysInForce(Key(), keys));
      return dies_in_ == 3 ? absl::AbortedError("died after it")
                           : absl::OkStatus();
    };
    return RecordStore::Open(options_, clock_, SystemRandom());
  }
  // A life with so many records.
  void Live(int records) {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    for (int i = 0; i < records; ++i)
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(next_++)}).ok());
  }
  // A life that ends in this step of a rotation.
  void DieIn(int step) {
    dies_in_ = step;
    {
      auto store = Open();
      ASSERT_TRUE(store.ok()) << store.status();
    }
    dies_in_ = 0;
  }
  void BeginRotation() { ASSERT_TRUE(CreateNextLogKey(Key(), kOrigin).ok()); }
  // While it runs, as the gateway hands it over.
  void Rotate(RecordStore& store) {
    BeginRotation();
    auto next = ReadNextLogKey(Key(), kOrigin);
    ASSERT_TRUE(next.ok() && *next != nullptr) << next.status();
    store.RotateTo(*std::move(next));
  }
  LogKeys Keys() {
    auto keys = ReadLogKeys(Key() + ".vkey");
    EXPECT_TRUE(keys.ok()) << keys.status();
    return keys.ok() ? *keys : *first_;
  }
  // Appends until the log has changed its key so often.
  void AppendUntilRotated(RecordStore& store, std::size_t rotations) {
    do {
      ASSERT_TRUE(AppendAndWait(store, loop_, {SampleRecord(next_++)}).ok());
    } while (Keys().rotations().size() < rotations);
  }

  // Where rotations stand in the log.
  std::vector<std::uint64_t> Rotations() {
    std::vector<std::uint64_t> found;
    EXPECT_TRUE(RecordReader(folder_.path())
                    .Read(0,
                          [&](std::uint64_t index, const Record& record) {
                            if (record.kind() == Record::KEY_ROTATION)
                              found.push_back(index);
                            return true;
                          })
                    .ok());
    return found;
  }
  // An auditor who was given the log's first key, before anything.
  AuditReport Audit(bool all_published = true) {
    const auto keys = FollowPublishedKeys(options_.tiles, *first_);
    EXPECT_TRUE(keys.ok()) << keys.status();
    if (!keys.ok()) return {};
    AuditOptions audit;
    audit.log = options_.tiles;
    audit.records = folder_.path();
    audit.every_signature = true;
    const auto kept = ReadKeptCheckpoint(others_.path() + "/kept", *keys);
    EXPECT_TRUE(kept.ok()) << kept.status();
    if (kept.ok()) audit.kept = *kept;
    auto report = AuditLog(audit, *first_, clock_);
    EXPECT_TRUE(report.ok()) << report.status();
    if (!report.ok()) return {};
    EXPECT_FALSE(report->finding.has_value()) << report->finding->what;
    if (report->finding.has_value()) return {};
    EXPECT_EQ(report->unpublished == 0, all_published);
    EXPECT_EQ(report->entries, report->records);
    EXPECT_TRUE(KeepCheckpoint(others_.path() + "/kept", *report).ok());
    return *std::move(report);
  }
  // The thief of the present key names one of his own, at an index of the past,
  // and signs what was published.
  tlog::NoteSigner Steal(std::uint64_t index) {
    const auto stolen = ReadLogKey(Key(), kOrigin);
    auto own = Ed25519Key::Generate();
    const auto thief = tlog::NoteSigner::Make(kOrigin, *std::move(own));
    LogKeys forged = *first_;
    EXPECT_TRUE(
        forged
            .Follow(RotationRecord(*SignRotation(index, **stolen, *thief),
                                   clock_.Now()),
                    std::string(kSeedBytes, 's'))
            .ok());
    const auto published = PublishedCheckpoint(options_.tiles, *first_);
    others_.Write("log/keys", forged.ToText());
    others_.Write("log/checkpoint", tlog::SignedCheckpoint::Make(
                                        (*published)->checkpoint(), *thief)
                                        ->ToText());
    return *thief;
  }
  // A witness who was given the log's first key, before anything.
  std::unique_ptr<tlog::Witness> Witness() {
    auto key = Ed25519Key::FromRaw(SecretBytes(std::string(32, 9)));
    auto witness = tlog::Witness::Open(
        others_.path() + "/witness", std::make_unique<LogKeys>(*first_),
        *tlog::Cosigner::Make("psm.test/w", *std::move(key)), clock_);
    EXPECT_TRUE(witness.ok()) << witness.status();
    return *std::move(witness);
  }
  tlog::WitnessAnswer Look(tlog::Witness& witness) {
    tlog::FolderSource log(options_.tiles);
    const auto answer = witness.Follow(log);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : tlog::WitnessAnswer();
  }
  std::string Copied(const std::string& folder) {
    const std::string copy = others_.path() + "/copy-" + std::to_string(next_);
    fs::copy(folder, copy, fs::copy_options::recursive);
    return copy;
  }
  static void Restore(const std::string& copy, const std::string& to) {
    fs::remove_all(to);
    fs::copy(copy, to, fs::copy_options::recursive);
  }

  int next_ = 0;
  // The files of the keys: how often they cannot be written, or named; and in
  // which step the process ends, 0 in none.
  std::atomic<int> fail_to_prepare_ = 0;
  std::atomic<int> fail_in_force_ = 0;
  std::atomic<int> dies_in_ = 0;
  TempFolder others_;
  std::optional<LogKeys> first_;
};

TEST_F(LogRotationTest, OldAndNewAreFollowedFromTheFirstKey) {
  Live(5);
  EXPECT_EQ(Audit().entries, 5u);
  const auto old = PublishedCheckpoint(options_.tiles, *first_);
  ASSERT_TRUE(old.ok() && old->has_value());
  const std::string old_key = others_.Read("log.pem");
  BeginRotation();
  Live(0);
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{5});
  EXPECT_EQ(Audit().rotations, 1u);
  Live(5);
  EXPECT_EQ(Audit().entries, 11u);
  EXPECT_NE(others_.Read("log.pem"), old_key) << "the old key is gone";
  EXPECT_FALSE(fs::exists(Key() + ".next"));

  // The tree as it is now is the new key's; the old one signs it no more.
  EXPECT_FALSE(PublishedCheckpoint(options_.tiles, *first_).ok());
  const auto keys = ReadLogKeys(Key() + ".vkey");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_TRUE(PublishedCheckpoint(options_.tiles, *keys).ok());
  EXPECT_TRUE(keys->Open((*old)->ToText()).ok()) << "old checkpoints verify";

  // And again, one upon the other.
  for (int i = 0; i < 3; ++i) {
    BeginRotation();
    Live(0);
  }
  Live(2);
  EXPECT_EQ(Audit().rotations, 4u);
  EXPECT_EQ(Rotations(), (std::vector<std::uint64_t>{5, 11, 12, 13}));
}

TEST_F(LogRotationTest, ANewLogMayBeginWithOne) {
  BeginRotation();
  Live(3);
  EXPECT_EQ(Audit().entries, 4u);
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{0});
}

TEST_F(LogRotationTest, ALogThatRunsChangesItsKeyAndRefusesNothing) {
  std::vector<std::unique_ptr<PendingAppend>> appends;
  const auto all_told = [&] {
    return std::all_of(appends.begin(), appends.end(), [](const auto& append) {
      return append->status.has_value();
    });
  };
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    for (std::size_t rotation = 1; rotation <= 3; ++rotation) {
      for (int i = 0; i < 100; ++i) {
        if (i == 30) Rotate(**store);
        appends.push_back(std::make_unique<PendingAppend>());
        appends.back()->Start(**store, loop_, {SampleRecord(next_++)});
      }
      loop_.RunUntil(all_told);
      AppendUntilRotated(**store, rotation);
    }
  }
  const LogKeys keys = Keys();
  ASSERT_EQ(keys.rotations().size(), 3u);
  for (const auto& append : appends) {
    ASSERT_TRUE(append->status->ok()) << *append->status;
    // What whoever holds it needs: the checkpoint, by the key of its time.
    const std::string head = append->recorded.checkpoint->ToText();
    EXPECT_TRUE(keys.Open(head).ok());
  }
  EXPECT_EQ(Rotations().size(), 3u);
  EXPECT_EQ(Audit().rotations, 3u);
  Live(1);
  EXPECT_EQ(Audit().entries, static_cast<std::uint64_t>(next_) + 3);
}

// An idle log, too: nobody has to append for it.
TEST_F(LogRotationTest, AnIdleLogChangesItsKey) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  Rotate(**store);
  while (Keys().rotations().empty()) std::this_thread::yield();
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{0});
}

TEST_F(LogRotationTest, ACrashAtAnyStepIsGoneOnFrom) {
  Live(3);
  Audit();
  std::vector<std::uint64_t> expected;
  for (const int step : {1, 2, 3}) {
    BeginRotation();
    DieIn(step);
    expected.push_back(Rotations().back());
    Live(2);
    EXPECT_EQ(Rotations(), expected) << "no second one, step " << step;
    EXPECT_EQ(Audit().rotations, expected.size());
  }
}

TEST_F(LogRotationTest, WithoutRoomTheOldKeyGoesOnAndItIsTriedAgain) {
  Live(3);
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    fail_to_prepare_ = 1000000;
    Rotate(**store);
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(next_++)}).ok());
    EXPECT_TRUE(Keys().rotations().empty());
    fail_to_prepare_ = 0;
    AppendUntilRotated(**store, 1);
  }
  Audit();
  BeginRotation();
  WriteQuota("0\n");
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_FALSE((*store)->Health().ok());
    EXPECT_EQ(Keys().rotations().size(), 1u);
    RemoveQuota();
    while (!(*store)->Health().ok()) std::this_thread::yield();
    AppendUntilRotated(**store, 2);
  }
  EXPECT_EQ(Audit().rotations, 2u);
}

// Between the record and the key in force neither key may sign.
TEST_F(LogRotationTest, NothingIsSignedUntilTheNewKeyIsInForce) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  fail_in_force_ = 1000000;
  Rotate(**store);
  absl::Status refused;
  do {
    refused = AppendAndWait(**store, loop_, {SampleRecord(next_)});
    if (refused.ok()) ++next_;
  } while (refused.ok());
  EXPECT_EQ(ReasonOf(refused), "RECORD_NOT_DURABLE");
  EXPECT_FALSE((*store)->Health().ok());
  EXPECT_EQ((*store)->Checkpoint()->size(),
            static_cast<std::uint64_t>(next_) + 1)
      << "up to the rotation, by the old key";
  EXPECT_TRUE(first_->Open((*store)->Checkpoint()->ToText()).ok());
  EXPECT_EQ(Rotations(),
            std::vector<std::uint64_t>{static_cast<std::uint64_t>(next_)});
  fail_in_force_ = 0;
  while (!(*store)->Health().ok()) std::this_thread::yield();
  AppendUntilRotated(**store, 1);
  store->reset();
  EXPECT_EQ(Rotations().size(), 1u);
  EXPECT_EQ(Audit().rotations, 1u);
}

// Whoever took the next key away, or put another in its place, has stopped the
// log, not changed who signs it.
TEST_F(LogRotationTest, ALogThatNamesAKeyIsNotGoneOnWithByAnother) {
  Live(3);
  BeginRotation();
  DieIn(1);
  dies_in_ = 1;
  EXPECT_FALSE(Open().ok()) << "a start does not serve before it is in force";
  dies_in_ = 0;
  const std::string next = others_.Read("log.pem.next");
  fs::remove(Key() + ".next");
  EXPECT_EQ(ReasonOf(Open().status()), "LOG_KEY_UNKNOWN") << "the old key";
  BeginRotation();
  EXPECT_EQ(ReasonOf(Open().status()), "LOG_KEY_UNKNOWN") << "another one";
  fs::remove(Key() + ".next");
  others_.Write("log.pem.next", next);
  fs::permissions(Key() + ".next", fs::perms(0600));
  Live(1);
  EXPECT_EQ(Audit().rotations, 1u);
}

TEST_F(LogRotationTest, OlderCopiesOfRecordsOrKeysAreRefused) {
  Live(3);
  const std::string old_records = Copied(folder_.path());
  const std::string old_key = others_.Read("log.pem");
  const std::string old_keys = others_.Read("log.pem.vkey");
  BeginRotation();
  Live(3);
  const std::string new_records = Copied(folder_.path());
  const std::string new_key = others_.Read("log.pem");
  const std::string new_keys = others_.Read("log.pem.vkey");
  const auto put = [&](const std::string& records, const std::string& key,
                       const std::string& keys) {
    Restore(records, folder_.path());
    others_.Write("log.pem", key);
    others_.Write("log.pem.vkey", keys);
  };
  // The old key beside the records that it must not go on with.
  put(new_records, old_key, old_keys);
  EXPECT_EQ(ReasonOf(Open().status()), "LOG_KEY_UNKNOWN");
  // All of it old, but for what was published.
  put(old_records, old_key, old_keys);
  EXPECT_EQ(ReasonOf(Open().status()), "RECORDS_ROLLED_BACK");
  // Nothing is published, but the keys are newer.
  put(old_records, new_key, new_keys);
  const std::string tiles = std::exchange(options_.tiles, "");
  EXPECT_EQ(ReasonOf(Open().status()), "RECORDS_ROLLED_BACK");
  options_.tiles = tiles;
}

TEST_F(LogRotationTest, RecordsBehindTheCheckpointMayHaveAnotherKey) {
  Live(3);
  const std::string published = Copied(options_.tiles);
  BeginRotation();
  Live(3);
  Restore(published, options_.tiles);  // as before the publisher came to it
  const AuditReport report = Audit(/*all_published=*/false);
  EXPECT_EQ(report.unpublished, 4u);
  ASSERT_TRUE(report.keys.has_value());
  EXPECT_EQ(report.keys->rotations().size(), 1u) << "followed in the records";
}

TEST_F(LogRotationTest, ALogThatHidesItsKeysIsFound) {
  Live(3);
  BeginRotation();
  Live(3);
  fs::remove(options_.tiles + "/keys");
  AuditOptions audit;
  audit.log = options_.tiles;
  auto report = AuditLog(audit, Keys(), clock_);
  ASSERT_TRUE(report.ok() && report->finding.has_value()) << report.status();
  EXPECT_EQ(report->finding->in, AuditFinding::In::kKeys);
  EXPECT_EQ(report->finding->first, 3u);
  report = AuditLog(audit, *first_, clock_);
  ASSERT_TRUE(report.ok() && report->finding.has_value()) << report.status();
  EXPECT_EQ(report->finding->in, AuditFinding::In::kCheckpoint);
}

TEST_F(LogRotationTest, AKeyThatTheLogHasNotNamedSignsNothing) {
  Live(3);
  // Put in place by hand.
  const std::string old_key = others_.Read("log.pem");
  ASSERT_TRUE(CreateLogKey(others_.path() + "/other.pem", kOrigin).ok());
  fs::rename(others_.path() + "/other.pem", Key());
  EXPECT_EQ(ReasonOf(Open().status()), "LOG_KEY_UNKNOWN");
  // With a file of keys to go with it.
  fs::copy(others_.path() + "/other.pem.vkey", Key() + ".vkey",
           fs::copy_options::overwrite_existing);
  EXPECT_EQ(ReasonOf(Open().status()), "LOG_KEY_UNKNOWN");
}

TEST_F(LogRotationTest, APublishedRotationThatIsNotInTheLogIsFound) {
  Live(6);
  const tlog::NoteSigner thief = Steal(3);
  AuditOptions audit;
  audit.log = options_.tiles;
  auto report = AuditLog(audit, *first_, clock_);
  ASSERT_TRUE(report.ok() && report->finding.has_value()) << report.status();
  EXPECT_EQ(report->finding->in, AuditFinding::In::kKeys);
  EXPECT_EQ(report->finding->first, 3u);
  // What is not even signed by the old key is not followed at all.
  others_.Write("log/keys", thief.verifier().ToText() + "\n");
  report = AuditLog(audit, *first_, clock_);
  ASSERT_TRUE(report.ok() && report->finding.has_value()) << report.status();
  EXPECT_EQ(report->finding->in, AuditFinding::In::kKeys);
  EXPECT_EQ(report->finding->what,
            "the keys that psm.test/log/rotated shows do not lead from the one "
            "that is trusted");
}

TEST_F(LogRotationTest, AWitnessFollowsTheLogToItsNewKey) {
  Live(3);
  const auto witness = Witness();
  EXPECT_EQ(Look(*witness).outcome, tlog::WitnessOutcome::kCosigned);
  const auto other_process = Witness();
  for (std::uint64_t size : {6u, 9u}) {
    BeginRotation();
    Live(2);
    const tlog::WitnessAnswer answer = Look(*witness);
    EXPECT_EQ(answer.outcome, tlog::WitnessOutcome::kCosigned) << answer.reason;
    // What it knows is the folder's, and began with the first key.
    const auto restarted = Witness();
    for (const tlog::Witness* one : {restarted.get(), other_process.get()}) {
      const auto latest = one->Latest();
      ASSERT_TRUE(latest.ok() && latest->has_value()) << latest.status();
      EXPECT_EQ((*latest)->size(), size);
    }
  }
}

TEST_F(LogRotationTest, AWitnessFollowsNoKeyThatTheLogHasNotNamed) {
  Live(6);
  const auto witness = Witness();
  EXPECT_EQ(Look(*witness).outcome, tlog::WitnessOutcome::kCosigned);
  const tlog::NoteSigner thief = Steal(3);
  tlog::WitnessAnswer answer = Look(*witness);
  EXPECT_EQ(answer.outcome, tlog::WitnessOutcome::kInconsistent);
  EXPECT_NE(answer.reason.find("no entry of the log names it"),
            std::string::npos)
      << answer.reason;
  others_.Write("log/keys", thief.verifier().ToText() + "\n");
  answer = Look(*witness);
  EXPECT_EQ(answer.outcome, tlog::WitnessOutcome::kNotSigned);
  EXPECT_NE(answer.reason.find("do not lead from the one that is trusted"),
            std::string::npos)
      << answer.reason;
  fs::remove(others_.path() + "/log/keys");
  EXPECT_EQ(Look(*witness).outcome, tlog::WitnessOutcome::kNotSigned);
  EXPECT_FALSE(fs::exists(others_.path() + "/witness/keys"));
  EXPECT_EQ((*witness->Latest())->size(), 6u);
}

}  // namespace
}  // namespace psm
