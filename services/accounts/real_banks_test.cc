// The public list of banks as the build got it.
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/accounts/bank_list.h"
#include "tests/support/missing.h"

namespace psm {
namespace {

class RealBanksTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto list = BankList::Load(PSM_BANKS_FILE);
    ASSERT_TRUE(list.ok()) << list.status();
    if (!list->source().fictitious_only())
      list_ = std::make_unique<BankList>(*std::move(list));
  }
  static void TearDownTestSuite() { list_.reset(); }
  void SetUp() override {
    if (list_ == nullptr)
      PSM_MISSING(kRequireNode, "the build could get no list (npm)");
  }

  static std::unique_ptr<BankList> list_;
};
std::unique_ptr<BankList> RealBanksTest::list_;

// Above 1,100 institutions and 28,000 branches in 2026; mergers make them less.
TEST_F(RealBanksTest, AreAllThatThereAre) {
  EXPECT_EQ(list_->source().package(), "zengin-code");
  EXPECT_GT(list_->source().banks(), 1'000);
  EXPECT_LT(list_->source().banks(), 1'300);
  EXPECT_GT(list_->source().branches(), 20'000);
}

TEST_F(RealBanksTest, AreFoundAsPeopleWriteThem) {
  for (const char* query : {"0001", "みずほ", "ﾐｽﾞﾎ"}) {
    const auto found = list_->Search(query, "", 1);
    ASSERT_EQ(found.size(), 1U) << query;
    EXPECT_EQ(found[0].code(), "0001") << query;
  }
  EXPECT_TRUE(list_->Check("0001", "001").ok());
  EXPECT_EQ(ReasonOf(list_->Check("0002", "001")), "BANK_UNKNOWN")
      << "merged in 2002";
  const auto branches = list_->SearchBranches("0001", "東京営業部", "", 5);
  ASSERT_TRUE(branches.ok()) << branches.status();
  ASSERT_EQ(branches->size(), 1U);
  EXPECT_EQ(branches->front().code(), "001");
}

// Load refuses a list that has the demo's own code; this one ends below it.
TEST_F(RealBanksTest, EndBelowTheBankThatDoesNotExist) {
  const auto last = list_->Search("", "9899", 10);
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0].code(), "9900");
  EXPECT_EQ(last[1].code(), "9990");
  EXPECT_TRUE(list_->IsBankOf("hoshizora-bank", last[1].code()));
}

}  // namespace
}  // namespace psm
