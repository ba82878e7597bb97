// Records that a receipt has no room for.
#include "mesh/agency/receipt_prover_fixture.h"

namespace psm::agency {
namespace {

// Of households that no receipt has room for, one larger than a question.
TEST_F(ReceiptProverTest, WhatAReceiptLeavesOutIsProvedAndKeptLikeTheRest) {
  const std::vector<int> persons = {14, 1, 250, 2};
  for (std::size_t i = 0; i < persons.size(); ++i) {
    const SideEntry entry = Exchange(static_cast<int>(i), persons[i]);
    EXPECT_EQ(entry.receipt().left_out() != 0, persons[i] > 12);
    Keep(entry);
  }
  const absl::Status proved = ProveAll();
  ASSERT_TRUE(proved.ok()) << proved;
  EXPECT_EQ(prover_->disproved(), 0u);
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 267u);
  std::map<std::string, int> of;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const records::v1::ReceiptProof& proof = verdicts[i].proof();
    EXPECT_EQ(proof.receipt().leaves(0).index(), i) << "each of them, once";
    EXPECT_TRUE(VerifyReceiptProof(proof, TestSigner()->verifier()).ok());
    EXPECT_EQ(proof.record().subject(), "");
    ++of[verdicts[i].exchange_id()];
  }
  for (std::size_t i = 0; i < persons.size(); ++i)
    EXPECT_EQ(of[absl::StrCat("exchange-", i)], persons[i]);
  const int asked = proofs_->asked();
  Restart();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "what is proved is not asked again";
}

TEST_F(ReceiptProverTest, ALeafThatComesLaterMustBeTheSignedTrees) {
  const SideEntry household = Exchange(0, 14);
  Keep(household);
  const std::uint64_t last =
      household.receipt().leaves(0).index() + 13;  // left out
  proofs_->Change(last, [](auto& proof) {
    (*proof.mutable_leaf()->mutable_salts())[0] ^= 1;
  });
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 14u);
  for (const SideEntry& verdict : verdicts) {
    EXPECT_EQ(verdict.kind() == SideEntry::DISPROVED,
              verdict.proof().receipt().leaves(0).index() == last);
  }
}

// A gateway cannot fill the ledger with what it has never recorded.
TEST_F(ReceiptProverTest, AReceiptThatLeavesOutWhatIsNotThereIsSaidOnce) {
  SideEntry lie = Exchange(0);
  lie.mutable_receipt()->set_left_out(1000);
  Keep(lie);
  Keep(Exchange(1, 14));
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  EXPECT_EQ(prover_->disproved(), 1u);
  ASSERT_EQ(verdicts.size(), 16u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  EXPECT_EQ(verdicts[1].kind(), SideEntry::DISPROVED);
  EXPECT_EQ(verdicts[1].exchange_id(), "exchange-0");
  for (std::size_t i = 2; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i].exchange_id(), "exchange-1");
}

}  // namespace
}  // namespace psm::agency
