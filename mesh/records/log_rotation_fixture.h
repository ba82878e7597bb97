// A log that changes its key, for tests.
#ifndef PSM_MESH_RECORDS_LOG_ROTATION_FIXTURE_H_
#define PSM_MESH_RECORDS_LOG_ROTATION_FIXTURE_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/audit.h"
#include "mesh/records/key_rotation.h"
#include "mesh/records/log_key.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/tlog/witness.h"

namespace psm {

inline constexpr char kRotatedOrigin[] = "psm.test/log/rotated";

class LogRotationTest : public RecordStoreFixture {
 protected:
  LogRotationTest() {
    options_.tiles = others_.path() + "/log";
    EXPECT_TRUE(CreateLogKey(Key(), kRotatedOrigin).ok());
    auto first = ReadLogVerifier(Key() + ".vkey");
    EXPECT_TRUE(first.ok()) << first.status();
    first_.emplace(*std::move(first));
  }
  std::string Key() const { return others_.path() + "/log.pem"; }

  // As the gateway starts.
  absl::StatusOr<std::unique_ptr<RecordStore>> Open() {
    PSM_ASSIGN_OR_RETURN(LogSigning signing,
                         ReadLogSigning(Key(), kRotatedOrigin));
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
  void BeginRotation() {
    ASSERT_TRUE(CreateNextLogKey(Key(), kRotatedOrigin).ok());
  }
  // While it runs, as the gateway hands it over.
  void Rotate(RecordStore& store) {
    BeginRotation();
    auto next = ReadNextLogKey(Key(), kRotatedOrigin);
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
    EXPECT_TRUE(
        RecordReader(folder_.path())
            .Read(0,
                  [&](std::uint64_t index, const records::v1::Record& record) {
                    if (record.kind() == records::v1::Record::KEY_ROTATION)
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
    const auto stolen = ReadLogKey(Key(), kRotatedOrigin);
    auto own = Ed25519Key::Generate();
    const auto thief = tlog::NoteSigner::Make(kRotatedOrigin, *std::move(own));
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
    std::filesystem::copy(folder, copy,
                          std::filesystem::copy_options::recursive);
    return copy;
  }
  static void Restore(const std::string& copy, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(copy, to, std::filesystem::copy_options::recursive);
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

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_ROTATION_FIXTURE_H_
