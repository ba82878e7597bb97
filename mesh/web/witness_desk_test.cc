// A witness as its two kinds of callers have it: a log that submits, and an
// auditor who asks; and as it follows a log by itself.
#include "mesh/web/witness_desk.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/audit.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/witness.h"
#include "mesh/web/http_server.h"
#include "mesh/web/log_source.h"
#include "mesh/web/served_log.h"
#include "mesh/web/witnessed.h"

namespace psm::web {
namespace {

using ::testing::HasSubstr;
using tlog::WitnessOutcome;

class WitnessDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened =
        tlog::Witness::Open(temp_.File("witness"), log_.key(), Key(9), clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    witness_ = *std::move(opened);
    desk_ = std::make_unique<WitnessDesk>(*witness_, [](const auto&) {});
    HttpServerOptions options;
    options.max_body_bytes = kMaxWitnessBody;
    server_ = *HttpServer::Start(options, [this](const HttpRequest& request) {
      return desk_->Answer(request);
    });
    client_ = *HttpClient::Create(url());
  }
  static tlog::Cosigner Key(char number) {
    return *tlog::Cosigner::Make(
        "psm.test/w",
        *Ed25519Key::FromRaw(SecretBytes(std::string(32, number))));
  }
  std::string url() const {
    return absl::StrCat("http://", server_->endpoint(), "/");
  }
  // What a log sends that has grown from `old_size`.
  static std::string Body(const ServedLog& log, std::uint64_t old_size) {
    tlog::FolderSource source(log.folder());
    tlog::WitnessRequest request;
    request.old_size = old_size;
    request.checkpoint = *source.Read("checkpoint");
    const std::uint64_t size = log.tiles().size();
    if (old_size > 0 && old_size < size) {
      tlog::TileReader reader(source, size);
      request.proof = *tlog::ProveConsistency(old_size, size, reader);
    }
    return tlog::FormatWitnessRequest(request);
  }
  HttpAnswer Submit(const std::string& body) {
    auto answer = client_->Post("add-checkpoint", body);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return *answer;
  }
  absl::StatusOr<tlog::WitnessAnswer> Follow(const ServedLog& log) {
    return witness_->Follow(**LogSource::Create(log.url()));
  }
  std::size_t EvidenceFiles() const {
    std::error_code none;
    std::filesystem::directory_iterator files(temp_.File("witness/evidence"),
                                              none);
    return static_cast<std::size_t>(
        std::distance(begin(files), std::filesystem::directory_iterator()));
  }

  const TempFolder temp_;
  ServedLog log_{temp_.File("log")};
  ServedLog other_{temp_.File("other"), "two"};  // the same key's
  ManualClock clock_{absl::FromUnixSeconds(1700000000)};
  std::unique_ptr<tlog::Witness> witness_;
  std::unique_ptr<WitnessDesk> desk_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(WitnessDeskTest, CosignsWhatALogSubmitsAndShowsIt) {
  const std::string path = WitnessedPath("psm.test/served");
  EXPECT_EQ(path.size(), 64 + std::string("/checkpoint").size());
  EXPECT_EQ(client_->Get(path)->status, 404) << "nothing was cosigned yet";
  log_.Grow(5);
  const HttpAnswer answer = Submit(Body(log_, 0));
  EXPECT_EQ(answer.status, 200);
  const auto line = absl::string_view(answer.body);
  ASSERT_TRUE(absl::EndsWith(line, "\n"));
  const auto cosignature =
      tlog::ParseSignature(line.substr(0, line.size() - 1));
  ASSERT_TRUE(cosignature.ok()) << answer.body;
  auto checkpoint =
      tlog::SignedCheckpoint::Open(temp_.Read("log/checkpoint"), log_.key());
  EXPECT_TRUE(checkpoint->AddCosignature(*cosignature, Key(9).verifier()).ok());
  EXPECT_EQ(client_->Get(path)->body, checkpoint->ToText());
  EXPECT_EQ(temp_.Read("witness/checkpoint"), checkpoint->ToText())
      << "on the disk before it was answered";
  log_.Grow(300);
  EXPECT_EQ(Submit(Body(log_, 5)).status, 200);
  EXPECT_EQ(Submit(Body(log_, 300)).status, 200) << "the same tree again";
}

TEST_F(WitnessDeskTest, AnswersWithTheStatusesOfTheSpecification) {
  log_.Grow(5);
  other_.Grow(5);
  EXPECT_EQ(Submit(Body(log_, 0)).status, 200);
  const HttpAnswer conflict = Submit(Body(log_, 0));
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.content_type, "text/x.tlog.size");
  EXPECT_EQ(conflict.body, "5\n");
  EXPECT_EQ(Submit(Body(log_, 6)).status, 400) << "an old size above the new";
  for (const char* bad : {"", "old 5", "old 05\n\nx", "old 5\n\n", "\n\n"})
    EXPECT_EQ(Submit(bad).status, 400) << bad;
  const HttpAnswer split = Submit(Body(other_, 5));
  EXPECT_EQ(split.status, 422);
  EXPECT_THAT(split.body, HasSubstr("split view"));
  EXPECT_EQ(EvidenceFiles(), 2u) << "both sides of it are kept";

  ServedLog forged(temp_.File("forged"), "one", 2);  // another key
  forged.Grow(9);
  EXPECT_EQ(Submit(Body(forged, 5)).status, 403);
  std::string unknown = Body(log_, 5);
  unknown.replace(unknown.find("psm.test/served"), 15, "psm.test/nobody");
  EXPECT_EQ(Submit(unknown).status, 404);

  other_.Grow(9);
  EXPECT_EQ(Submit(Body(other_, 5)).status, 422) << "another history that grew";
  EXPECT_EQ((*witness_->Latest())->size(), 5u) << "none of it was cosigned";

  EXPECT_EQ(Submit(std::string(kMaxWitnessBody + 1, 'x')).status, 413);
  EXPECT_EQ(client_->Get("add-checkpoint")->status, 405);
  EXPECT_EQ(client_->Post(WitnessedPath("psm.test/served"), "")->status, 405);
  for (const char* path : {"", "checkpoint", "add-checkpoint/", "key.pem",
                           "../key.pem", "log/checkpoint"})
    EXPECT_EQ(client_->Get(path)->status, 404) << path;
  EXPECT_EQ(client_->Get(WitnessedPath("psm.test/other"))->status, 404);
}

TEST_F(WitnessDeskTest, WhatCannotBeKeptIsNotAnswered) {
  log_.Grow(5);
  std::filesystem::create_directory(temp_.File("witness/checkpoint.partial"));
  EXPECT_EQ(Submit(Body(log_, 0)).status, 500);
  EXPECT_FALSE((*witness_->Latest()).has_value());
  std::filesystem::remove(temp_.File("witness/checkpoint.partial"));
  EXPECT_EQ(Submit(Body(log_, 0)).status, 200);
}

TEST_F(WitnessDeskTest, FollowsALogThatOnlyGrows) {
  EXPECT_TRUE(absl::IsNotFound(Follow(log_).status()));
  for (std::uint64_t size : {1u, 1u, 255u, 256u, 300u, 700u, 700u}) {
    log_.Grow(size);
    const auto answer = Follow(log_);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->outcome, WitnessOutcome::kCosigned) << answer->reason;
    EXPECT_EQ((*witness_->Latest())->size(), size);
  }
  EXPECT_EQ(EvidenceFiles(), 0u);
}

TEST_F(WitnessDeskTest, ALogThatWasRolledBackIsRefusedAndNamed) {
  log_.Grow(300);
  ServedLog older(temp_.File("older"));  // the same, as of before
  older.Grow(200);
  ASSERT_EQ(Follow(log_)->outcome, WitnessOutcome::kCosigned);
  const auto answer = Follow(older);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->rolled_back);
  EXPECT_THAT(answer->reason, HasSubstr("had 300 entries and now shows 200"));
  EXPECT_EQ((*witness_->Latest())->size(), 300u);
  older.Grow(301);
  EXPECT_EQ(Follow(older)->outcome, WitnessOutcome::kCosigned)
      << "the same history after all";
}

TEST_F(WitnessDeskTest, ASplitViewIsRefusedAndNamedHoweverLargeItHasGrown) {
  log_.Grow(300);
  ASSERT_EQ(Follow(log_)->outcome, WitnessOutcome::kCosigned);
  std::size_t evidence = 0;
  for (std::uint64_t size : {300u, 301u, 700u}) {
    other_.Grow(size);
    const auto answer = Follow(other_);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->outcome, WitnessOutcome::kInconsistent);
    EXPECT_TRUE(answer->split_view) << size;
    EXPECT_THAT(answer->reason, HasSubstr("split view"));
    EXPECT_EQ(EvidenceFiles(), evidence += 2);
  }
  EXPECT_EQ((*witness_->Latest())->size(), 300u);
}

TEST_F(WitnessDeskTest, DamagedTilesAreNoSecondHistory) {
  log_.Grow(300);
  ASSERT_EQ(Follow(log_)->outcome, WitnessOutcome::kCosigned);
  log_.Grow(700);
  std::string tile = temp_.Read("log/tile/0/000");
  const std::string good = tile;
  tile[40] ^= 1;
  temp_.Write("log/tile/0/000", tile);
  std::filesystem::remove(temp_.File("log/tile/1/000.p/2"));
  EXPECT_TRUE(absl::IsDataLoss(Follow(log_).status())) << Follow(log_).status();
  EXPECT_EQ(EvidenceFiles(), 0u);
}

TEST_F(WitnessDeskTest, AnAuditorComparesTheLogWithWhatTheWitnessSaw) {
  log_.Grow(300);
  tlog::OneKey keys(log_.key());
  tlog::FolderSource source(log_.folder());
  const auto ask = [&](char witness) {
    return AskWitness(url(), keys, source, Key(witness).verifier());
  };
  EXPECT_TRUE(absl::IsNotFound(ask(9).status()));
  ASSERT_EQ(Follow(log_)->outcome, WitnessOutcome::kCosigned);
  EXPECT_TRUE(absl::IsPermissionDenied(ask(8).status()))
      << "another witness's key";
  const auto seen = ask(9);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->time, clock_.Now());
  AuditOptions options;
  options.witnessed = KeptCheckpoint{seen->checkpoint, seen->time};
  const SystemClock clock;
  const auto audit = [&](const std::string& folder) {
    options.log = folder;
    auto report = AuditLog(options, log_.key(), clock);
    EXPECT_TRUE(report.ok()) << report.status();
    return report->finding;
  };
  log_.Grow(400);
  EXPECT_FALSE(audit(log_.folder()).has_value());
  // The operator shows this auditor another history, or an older log.
  for (std::uint64_t size : {200u, 300u, 500u}) {
    other_.Grow(size);
    const auto finding = audit(other_.folder());
    ASSERT_TRUE(finding.has_value()) << size;
    EXPECT_EQ(finding->in, AuditFinding::In::kHistory);
    EXPECT_THAT(finding->what,
                HasSubstr(size == 200 ? "rolled back" : "two histories"));
  }
}

}  // namespace
}  // namespace psm::web
