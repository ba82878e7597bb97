#include "services/benefits/zengin_reader.h"

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm {
namespace {

constexpr std::size_t kLine = kZenginRecordSize + 2;

std::string SentFile() {
  const ZenginConsignor consignor = {
      "9900190000",
      {"9990", "001", ZenginAccountType::kOrdinary, "0000001", "デモ"}};
  const std::vector<ZenginTransfer> transfers = {
      {{"9990", "001", ZenginAccountType::kOrdinary, "0010001",
        "アオゾラ　ハナコ"},
       100'000,
       7},
      {{"0001", "234", ZenginAccountType::kCurrent, "7654321",
        "カクウ　タロウ"},
       30'000,
       4'294'967'296}};
  return *ZenginFile(consignor, absl::CivilDay(2026, 7, 1), transfers);
}

TEST(ZenginReaderTest, ReadsWhatWasWritten) {
  for (const std::string& file :
       {SentFile(), SentFile().substr(0, SentFile().size() - 2)}) {
    const auto contents = ReadZenginFile(file);
    ASSERT_TRUE(contents.ok()) << contents.status();
    EXPECT_EQ(contents->consignor_code, "9900190000");
    ASSERT_EQ(contents->transfers.size(), 2U);
    const ZenginTransfer& second = contents->transfers[1];
    EXPECT_EQ(second.account.bank_code, "0001");
    EXPECT_EQ(second.account.branch_code, "234");
    EXPECT_EQ(second.account.type, ZenginAccountType::kCurrent);
    EXPECT_EQ(second.account.number, "7654321");
    EXPECT_EQ(second.account.holder_kana, *ZenginHolderField("ｶｸｳ ﾀﾛｳ"));
    EXPECT_EQ(second.amount_yen, 30'000);
    EXPECT_EQ(second.reference, 4'294'967'296);
  }
}

TEST(ZenginReaderTest, RefusesEverythingElse) {
  const std::string good = SentFile();
  const std::vector<std::pair<const char*, std::function<void(std::string&)>>>
      cases = {
          {"empty", [](std::string& f) { f.clear(); }},
          {"cut in a record", [](std::string& f) { f.resize(f.size() - 3); }},
          {"a byte too many", [](std::string& f) { f += "x"; }},
          {"no CR", [](std::string& f) { f.erase(120, 1); }},
          {"no header", [](std::string& f) { f.erase(0, kLine); }},
          {"another kind", [](std::string& f) { f[1] = '9'; }},
          {"no trailer", [](std::string& f) { f.erase(3 * kLine, kLine); }},
          {"no end", [](std::string& f) { f.erase(4 * kLine); }},
          {"one transfer less", [](std::string& f) { f.erase(kLine, kLine); }},
          {"one twice",
           [](std::string& f) { f.insert(kLine, f.substr(kLine, kLine)); }},
          {"another sum", [](std::string& f) { f[kLine + 89] = '1'; }},
          {"a letter in a number", [](std::string& f) { f[kLine + 45] = 'x'; }},
          {"a sign in the amount", [](std::string& f) { f[kLine + 80] = '-'; }},
          {"a type of account", [](std::string& f) { f[kLine + 42] = '3'; }},
          {"a record of no kind", [](std::string& f) { f[kLine] = '3'; }},
      };
  ASSERT_TRUE(ReadZenginFile(good).ok());
  for (const auto& [what, spoil] : cases) {
    std::string file = good;
    spoil(file);
    EXPECT_EQ(ReadZenginFile(file).status().code(),
              absl::StatusCode::kInvalidArgument)
        << what;
  }
}

}  // namespace
}  // namespace psm
