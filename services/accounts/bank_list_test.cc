#include "services/accounts/bank_list.h"

#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

constexpr char kList[] =
    "source\tzengin-code\t1.0.0\n"
    "0001\tみずほ\tミズホ\n"
    "0001\t001\t東京営業部\tトウキヨウ\n"
    "0001\t009\t京橋\tキヨウバシ\n"
    "0033\tＰａｙＰａｙ\tペイペイ\n"
    "0033\t001\t本店\tホンテン\n"
    "end\t2\t3\n";

class BankListTest : public testing::Test {
 protected:
  absl::StatusOr<BankList> Load(const std::string& contents) {
    std::ofstream(folder_.File("banks.tsv")) << contents;
    return BankList::Load(folder_.File("banks.tsv"));
  }
  static std::vector<std::string> Codes(
      const std::vector<accounts::v1::Bank>& banks) {
    std::vector<std::string> codes;
    for (const auto& bank : banks) codes.push_back(bank.code());
    return codes;
  }
  using Strings = std::vector<std::string>;
  TempFolder folder_;
};

TEST_F(BankListTest, WithoutTheFileTheDemosOwnBankIsThereAndSaysSo) {
  for (const auto& list :
       {BankList::Load(folder_.File("none")), Load("none\n")}) {
    ASSERT_TRUE(list.ok()) << list.status();
    EXPECT_TRUE(list->source().fictitious_only());
    EXPECT_EQ(list->source().package(), "");
    EXPECT_EQ(list->source().banks(), 1);
    EXPECT_EQ(list->source().branches(), 12);
    EXPECT_TRUE(list->Check("9990", "001").ok());
    EXPECT_TRUE(list->Check("9990", "012").ok());
    EXPECT_EQ(ReasonOf(list->Check("9990", "013")), "BRANCH_UNKNOWN");
    EXPECT_EQ(ReasonOf(list->Check("0001", "001")), "BANK_UNKNOWN");
  }
}

TEST_F(BankListTest, TheFileAddsItsBanks) {
  const auto list = Load(kList);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_FALSE(list->source().fictitious_only());
  EXPECT_EQ(list->source().package(), "zengin-code");
  EXPECT_EQ(list->source().version(), "1.0.0");
  EXPECT_EQ(list->source().banks(), 3);
  EXPECT_EQ(list->source().branches(), 15);
  EXPECT_TRUE(list->Check("0001", "009").ok());
  EXPECT_EQ(ReasonOf(list->Check("0001", "012")), "BRANCH_UNKNOWN");
  EXPECT_TRUE(list->IsBankOf("hoshizora-bank", "9990"));
  EXPECT_FALSE(list->IsBankOf("hoshizora-bank", "0001"));
  EXPECT_FALSE(list->IsBankOf("akatsuki", "9990"));
}

TEST_F(BankListTest, ABankIsFoundByCodeKanaOrName) {
  const auto list = Load(kList);
  ASSERT_TRUE(list.ok());
  const std::vector<std::pair<std::string, Strings>> cases = {
      {"", {"0001", "0033", "9990"}},
      {"00", {"0001", "0033"}},
      {"００３", {"0033"}},
      {"ミズ", {"0001"}},
      {"ﾐｽﾞ", {"0001"}},
      {"みずほ", {"0001"}},
      {"ほし", {"9990"}},
      {"ホシソ", {"9990"}},  // the mark is typed after its letter
      {"ずほ", {"0001"}},    // a part of the name
      {"paypay", {"0033"}},
      {"ＰＡＹ", {"0033"}},
      {"ペ", {"0033"}},
      {"9991", {}},
      {"'; DROP TABLE banks", {}},
  };
  for (const auto& [query, codes] : cases)
    EXPECT_EQ(Codes(list->Search(query, "", 10)), codes) << query;
  EXPECT_EQ(Codes(list->Search("", "0001", 1)), Strings{"0033"});
  EXPECT_TRUE(list->Search("", "9990", 10).empty());

  const auto branches = list->SearchBranches("0001", "きょうばし", "", 10);
  ASSERT_TRUE(branches.ok());  // small kana are large
  ASSERT_EQ(branches->size(), 1U);
  EXPECT_EQ(branches->front().code(), "009");
  EXPECT_EQ(list->SearchBranches("0001", "", "001", 10)->size(), 1U);
  EXPECT_EQ(ReasonOf(list->SearchBranches("0009", "", "", 10).status()),
            "BANK_UNKNOWN");
}

TEST_F(BankListTest, ADamagedFileIsRefusedAndNotHalfRead) {
  const std::string list = kList;
  for (const std::string& bad : Strings{
           "", "zengin\n", list.substr(0, list.size() - 8),  // cut off: no end
           "source\tz\t1\n0001\tみずほ\tミズホ\nend\t2\t0\n",
           "source\tz\t1\n0001\t001\t東京\tトウキヨウ\nend\t0\t1\n",
           "source\tz\t1\n0001\ta\ta\n0001\tb\tb\nend\t1\t0\n",
           "source\tz\t1\n9990\tほんもの\tホンモノ\nend\t1\t0\n",
           "source\tz\t1\n9990\t013\tあたらしい\tアタラシイ\nend\t0\t1\n",
           "source\tz\t1\n1\tx\ty\nend\t1\t0\n",
           "source\tz\t1\n0001\tx\nend\t1\t0\n"}) {
    EXPECT_EQ(Load(bad).status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

}  // namespace
}  // namespace psm
