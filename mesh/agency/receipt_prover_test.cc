#include "mesh/agency/receipt_prover_fixture.h"

namespace psm::agency {
namespace {

TEST_F(ReceiptProverTest, ProvesInBatchesWhatVerifiesWithTheKeyAlone) {
  for (int i = 0; i < 150; ++i) Keep(Exchange(i));
  const absl::Status proved = ProveAll();
  ASSERT_TRUE(proved.ok()) << proved;
  EXPECT_EQ(prover_->proved(), 150u);
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 150u);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    EXPECT_EQ(verdicts[i].kind(), SideEntry::PROVED);
    EXPECT_EQ(verdicts[i].exchange_id(), absl::StrCat("exchange-", i));
    EXPECT_TRUE(
        VerifyReceiptProof(verdicts[i].proof(), TestSigner()->verifier()).ok());
  }
  const int asked = proofs_->asked();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "what is proved is not asked again";
}

TEST_F(ReceiptProverTest, ARestartGoesOnWhereItWas) {
  Keep(Exchange(1));
  ASSERT_TRUE(ProveAll().ok());
  Keep(Exchange(2));
  Restart();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(prover_->proved(), 1u);
  EXPECT_EQ(Verdicts().size(), 2u);
}

TEST_F(ReceiptProverTest, WhatDoesNotVerifyIsSaidAndTheRestProved) {
  const std::vector<
      std::pair<const char*, std::function<void(GetProofsResponse::Proof&)>>>
      lies = {
          {"another time",
           [](auto& p) {
             p.mutable_record()->mutable_ask_time()->set_nanos(1);
           }},
          {"another affair",
           [](auto& p) { p.mutable_record()->set_affair("other"); }},
          {"another path",
           [](auto& p) { p.add_inclusion(std::string(32, 'x')); }},
          {"no record", [](auto& p) { p.clear_record(); }},
          {"expunged, and two days are not over",
           [](auto& p) {
             p.clear_record();
             p.set_expunged(true);
           }},
      };
  int next = 0;
  for (const auto& [what, lie] : lies) {
    const SideEntry bad = Exchange(next++);
    Keep(bad);
    Keep(Exchange(next++));
    proofs_->Change(bad.receipt().leaves(0).index(), lie);
  }
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipt_disproved"), std::string::npos) << said;
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 2 * lies.size());
  for (std::size_t i = 0; i < lies.size(); ++i) {
    SCOPED_TRACE(lies[i].first);
    const SideEntry& bad = verdicts[2 * i];
    EXPECT_EQ(bad.kind(), SideEntry::DISPROVED);
    EXPECT_FALSE(bad.finding().empty());
    EXPECT_NE(said.find(bad.exchange_id()), std::string::npos) << said;
    EXPECT_EQ(verdicts[2 * i + 1].kind(), SideEntry::PROVED);
  }
  EXPECT_EQ(prover_->disproved(), lies.size());
}

TEST_F(ReceiptProverTest, WhatWasOldEnoughToBeExpungedIsNotJudged) {
  SideEntry old = Exchange(1);
  SetTimestamp(clock_.Now() - absl::Hours(49), old.mutable_time());
  Keep(old);
  Keep(Exchange(2));
  proofs_->Change(old.receipt().leaves(0).index(), [](auto& p) {
    p.clear_record();
    p.set_expunged(true);
  });
  ASSERT_TRUE(ProveAll().ok());
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  const int asked = proofs_->asked();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "it is not asked for for ever";
}

TEST_F(ReceiptProverTest, ARecordThatSaysSomethingElseThanWasSeenIsDisproved) {
  const std::vector<std::pair<const char*, std::function<void(SideEntry&)>>>
      seen = {
          {"the answer's digest",
           [](SideEntry& e) { e.set_answer_digest(Sha256("what I got")); }},
          {"the request's digest",
           [](SideEntry& e) { e.set_request_digest(Sha256("what I sent")); }},
          {"the method", [](SideEntry& e) { e.set_method("a.B/C"); }},
          {"the outcome", [](SideEntry& e) { e.set_outcome(7); }},
          {"the exchange id", [](SideEntry& e) { e.set_exchange_id("mine"); }},
      };
  int next = 0;
  for (const auto& [what, change] : seen) {
    SideEntry entry = Exchange(next++);
    change(entry);
    Keep(entry);
  }
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(verdicts[i].kind(), SideEntry::DISPROVED);
    EXPECT_EQ(verdicts[i].finding(), seen[i].first);
  }
}

TEST_F(ReceiptProverTest, ARefusedProofIsFoundAmongOthers) {
  Keep(Exchange(0));
  SideEntry omitted = Exchange(1);  // signed away: the log has no such record
  omitted.mutable_receipt()->mutable_leaves(0)->set_index(500);
  Keep(omitted);
  Keep(Exchange(2));
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipt_disproved"), std::string::npos) << said;
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 3u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  EXPECT_EQ(verdicts[1].kind(), SideEntry::DISPROVED);
  EXPECT_EQ(verdicts[1].exchange_id(), "exchange-1");
  EXPECT_NE(verdicts[1].finding().find("refuses"), std::string::npos);
  EXPECT_EQ(verdicts[2].kind(), SideEntry::PROVED);
}

TEST_F(ReceiptProverTest, WhatIsLateIsSaidOnceAndWhenItIsOver) {
  Keep(Exchange(0));
  proofs_->SetDown(MakeError(absl::StatusCode::kUnavailable,
                             "RECORDS_UNAVAILABLE", Party::kGateway, "no"));
  testing::internal::CaptureStderr();
  EXPECT_TRUE(absl::IsUnavailable(ProveAll()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "not yet late";
  clock_.Advance(absl::Minutes(2));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(absl::IsUnavailable(ProveAll()));
  std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("receipts_late");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("receipts_late", first + 1), std::string::npos) << said;
  EXPECT_NE(said.find("exchange-0"), std::string::npos) << said;
  EXPECT_TRUE(Verdicts().empty());

  proofs_->SetDown(absl::OkStatus());
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipts_on_time"), std::string::npos) << said;
  EXPECT_EQ(Verdicts().back().kind(), SideEntry::PROVED);
}

TEST_F(ReceiptProverTest, WithoutTheLogsKeyNothingIsBelieved) {
  Keep(Exchange(0));
  std::filesystem::rename(folder_.File("log.vkey"), folder_.File("away"));
  EXPECT_TRUE(absl::IsNotFound(ProveAll()));
  EXPECT_TRUE(Verdicts().empty());
  folder_.Write("log.vkey", NewTestSigner()->verifier().ToText() + "\n");
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(Verdicts().back().kind(), SideEntry::DISPROVED);
}

TEST_F(ReceiptProverTest, ALedgerThatCannotBeReadIsSaidOnce) {
  Keep(Exchange(0));
  std::filesystem::create_directory(folder_.File("ledger/proved"));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(prover_->Prove().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("side_not_read");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("side_not_read", first + 1), std::string::npos) << said;
  std::filesystem::remove(folder_.File("ledger/proved"));
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(Verdicts().size(), 1u);
}

TEST_F(ReceiptProverTest, AReceiptIsNotAskedAboutAtOnce) {
  Keep(Exchange(0));
  ASSERT_TRUE(prover_->Prove().ok());
  EXPECT_EQ(proofs_->asked(), 0) << "the log is not published yet";
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(Verdicts().size(), 1u);
}

TEST_F(ReceiptProverTest, TheThreadProvesByItselfAndEndsAtOnce) {
  Keep(Exchange(0));
  clock_.Advance(absl::Seconds(10));
  {
    ReceiptThread thread(
        {kSystem, folder_.File("log.vkey")}, *ledger_,
        [this] { return proofs_->Dial(); }, clock_);
    while (Verdicts().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(Verdicts().front().kind(), SideEntry::PROVED);
}

}  // namespace
}  // namespace psm::agency
