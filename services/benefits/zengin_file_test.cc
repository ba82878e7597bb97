#include "services/benefits/zengin_file.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace psm {
namespace {

using testing::HasSubstr;

ZenginConsignor Consignor() {
  return {"9900190000",
          {"9990", "001", ZenginAccountType::kOrdinary, "0000001",
           "デモソウキンキンシ　アカツキシ"}};
}

ZenginTransfer Transfer() {
  return {{"9990", "002", ZenginAccountType::kCurrent, "0123456", "ｱｵｿﾞﾗ ﾊﾅｺ"},
          100000,
          42};
}

TEST(ZenginFileTest, EveryByteOfAFileIsAsTheLayoutSays) {
  const std::vector<ZenginTransfer> transfers = {
      Transfer(),
      {{"9990", "003", ZenginAccountType::kOrdinary, "7654321",
        "カクウ　タロウ"},
       9999999999,
       0}};
  const auto file =
      ZenginFile(Consignor(), absl::CivilDay(2026, 7, 1), transfers);
  ASSERT_TRUE(file.ok()) << file.status();

  const auto spaces = [](std::size_t n) { return std::string(n, ' '); };
  const std::string header =
      std::string("1") + "21" + "0" + "9900190000" +
      "\xC3\xDE\xD3\xBF\xB3\xB7\xDD\xB7\xDD\xBC \xB1\xB6\xC2\xB7\xBC" +
      spaces(24) + "0701" + "9990" + spaces(15) + "001" + spaces(15) + "1" +
      "0000001" + spaces(17);
  const std::string first =
      std::string("2") + "9990" + spaces(15) + "002" + spaces(15) + "0000" +
      "2" + "0123456" + "\xB1\xB5\xBF\xDE\xD7 \xCA\xC5\xBA" + spaces(21) +
      "0000100000" + "0" + "0000000042" + "0000000000" + "7" + " " + spaces(7);
  const std::string second =
      std::string("2") + "9990" + spaces(15) + "003" + spaces(15) + "0000" +
      "1" + "7654321" + "\xB6\xB8\xB3 \xC0\xDB\xB3" + spaces(23) +
      "9999999999" + "0" + "0000000000" + "0000000000" + "7" + " " + spaces(7);
  const std::string trailer =
      std::string("8") + "000002" + "010000099999" + spaces(101);
  const std::string end = "9" + spaces(119);
  for (const std::string& record : {header, first, second, trailer, end}) {
    EXPECT_EQ(record.size(), kZenginRecordSize);
  }
  EXPECT_EQ(*file, header + "\r\n" + first + "\r\n" + second + "\r\n" +
                       trailer + "\r\n" + end + "\r\n");
}

TEST(ZenginFileTest, AFileWithoutTransfersCountsNone) {
  const auto file = ZenginFile(Consignor(), absl::CivilDay(2026, 12, 31), {});
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(file->size(), 3 * (kZenginRecordSize + 2));
  EXPECT_EQ(file->substr(122, 19), "8000000000000000000");
  EXPECT_EQ(file->substr(54, 4), "1231");
}

TEST(ZenginFileTest, AHolderIsCutAfterThirtyBytes) {
  ZenginTransfer transfer = Transfer();
  transfer.account.holder_kana.clear();
  for (int i = 0; i < 31; ++i) transfer.account.holder_kana += "ア";
  const auto file =
      ZenginFile(Consignor(), absl::CivilDay(2026, 7, 1), {transfer});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->substr(122 + 50, 40), std::string(30, '\xB1') + "0000100000");
}

TEST(ZenginFileTest, RefusesWhatDoesNotFitItsPlace) {
  struct Case {
    const char* field;
    void (*spoil)(ZenginTransfer&);
  };
  const Case kCases[] = {
      {"bank_code", [](ZenginTransfer& t) { t.account.bank_code = "999"; }},
      {"bank_code", [](ZenginTransfer& t) { t.account.bank_code = "99 0"; }},
      {"branch_code", [](ZenginTransfer& t) { t.account.branch_code = ""; }},
      {"branch_code",
       [](ZenginTransfer& t) { t.account.branch_code = "0010"; }},
      {"number", [](ZenginTransfer& t) { t.account.number = "12345678"; }},
      {"number", [](ZenginTransfer& t) { t.account.number = "12345\r\n"; }},
      {"type",
       [](ZenginTransfer& t) {
         t.account.type = static_cast<ZenginAccountType>(0);
       }},
      {"type",
       [](ZenginTransfer& t) {
         t.account.type = static_cast<ZenginAccountType>(10);
       }},
      {"holder", [](ZenginTransfer& t) { t.account.holder_kana = "青空"; }},
      {"holder", [](ZenginTransfer& t) { t.account.holder_kana = ""; }},
      {"amount", [](ZenginTransfer& t) { t.amount_yen = 0; }},
      {"amount", [](ZenginTransfer& t) { t.amount_yen = -1; }},
      {"amount", [](ZenginTransfer& t) { t.amount_yen = 10000000000; }},
      {"amount",
       [](ZenginTransfer& t) {
         t.amount_yen = std::numeric_limits<std::int64_t>::min();
       }},
      {"amount",
       [](ZenginTransfer& t) {
         t.amount_yen = std::numeric_limits<std::int64_t>::max();
       }},
      {"reference", [](ZenginTransfer& t) { t.reference = -1; }},
      {"reference", [](ZenginTransfer& t) { t.reference = 10000000000; }},
  };
  for (const Case& c : kCases) {
    ZenginTransfer bad = Transfer();
    c.spoil(bad);
    const auto file =
        ZenginFile(Consignor(), absl::CivilDay(2026, 7, 1), {Transfer(), bad});
    EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(file.status().message()), HasSubstr("transfer 1"));
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(c.field));
  }
}

TEST(ZenginFileTest, RefusesAConsignorThatDoesNotFit) {
  ZenginConsignor consignor = Consignor();
  consignor.code = "1";
  EXPECT_FALSE(ZenginFile(consignor, absl::CivilDay(2026, 7, 1), {}).ok());
  consignor = Consignor();
  consignor.account.holder_kana = std::string(41, 'A');
  EXPECT_FALSE(ZenginFile(consignor, absl::CivilDay(2026, 7, 1), {}).ok());
}

TEST(ZenginFileTest, RefusesASumOfMoreThanTwelveDigits) {
  ZenginTransfer transfer = Transfer();
  transfer.amount_yen = 9999999999;
  const std::vector<ZenginTransfer> many(101, transfer);
  EXPECT_FALSE(ZenginFile(Consignor(), absl::CivilDay(2026, 7, 1), many).ok());
}

}  // namespace
}  // namespace psm
