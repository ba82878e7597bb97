// A key that the log has not named is refused by whoever meets it: a start, an
// auditor, a witness.
#include <filesystem>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/audit.h"
#include "mesh/records/log_key.h"
#include "mesh/records/log_rotation_fixture.h"
#include "mesh/records/tlog/witness.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

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
  ASSERT_TRUE(CreateLogKey(others_.path() + "/other.pem", kRotatedOrigin).ok());
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
