#include "services/residents/notice_rules.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"

namespace psm {
namespace {

using residents::v1::Member;

constexpr absl::CivilDay kRuleDay(2026, 11, 22);

TEST(NoticeRulesTest, ADayIsWrittenInOneWay) {
  EXPECT_EQ(*ParseDay("2024-02-29", "DATE_INVALID"),
            absl::CivilDay(2024, 2, 29));
  for (const char* text :
       {"", "2026-02-29", "2026-2-01", "2026-13-01", "2026/01/01", "20260101",
        " 2026-01-01", "2026-01-01T00", "+026-01-01", "2026-00-10"}) {
    const absl::Status status = ParseDay(text, "BIRTH_DATE_INVALID").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "BIRTH_DATE_INVALID") << text;
  }
}

TEST(NoticeRulesTest, NoticeOfMovingIsTakenWithinTheWindow) {
  struct Case {
    int days;  // from today to the day of moving
    bool taken;
  };
  for (const Case& c : {Case{31, false}, Case{30, true}, Case{0, true},
                        Case{-10, true}, Case{-11, false}}) {
    const absl::Status status =
        ParseMoveDay(absl::FormatCivilTime(kRuleDay + c.days), kRuleDay)
            .status();
    EXPECT_EQ(status.ok(), c.taken) << c.days;
    EXPECT_EQ(ReasonOf(status), c.taken ? "" : "OUTSIDE_THE_WINDOW") << c.days;
  }
}

TEST(NoticeRulesTest, WhatHasComeToPassIsNotToCome) {
  for (const int days : {1, -367}) {
    EXPECT_EQ(
        ReasonOf(ParsePastDay(absl::FormatCivilTime(kRuleDay + days), kRuleDay)
                     .status()),
        "DATE_INVALID")
        << days;
  }
  for (const int days : {0, -366}) {
    EXPECT_TRUE(
        ParsePastDay(absl::FormatCivilTime(kRuleDay + days), kRuleDay).ok())
        << days;
  }
}

TEST(NoticeRulesTest, ADayIsThatOfJapan) {
  // 15:00 UTC is midnight in Japan.
  const absl::Time last = absl::FromCivil(
      absl::CivilSecond(2026, 11, 22, 14, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(DayInJapan(last), kRuleDay);
  EXPECT_EQ(DayInJapan(last + absl::Seconds(1)), kRuleDay + 1);
}

TEST(NoticeRulesTest, ATaxYearBeginsInApril) {
  EXPECT_EQ(TaxDayOf(absl::CivilDay(2027, 3, 31)), absl::CivilDay(2026, 1, 1));
  EXPECT_EQ(TaxDayOf(absl::CivilDay(2027, 4, 1)), absl::CivilDay(2027, 1, 1));
}

TEST(NoticeRulesTest, ANameHasTwoParts) {
  EXPECT_TRUE(CheckName("青空　花子").ok());
  EXPECT_TRUE(CheckName("架空　Ann").ok());
  EXPECT_TRUE(CheckKana("アオゾラ　ハナコ").ok());
  EXPECT_TRUE(CheckKana("ヴァン　ルー").ok());
  std::string endless = "青　";
  for (int i = 0; i < 99; ++i) absl::StrAppend(&endless, "花");
  for (const std::string& bad :
       {std::string(), std::string("青空花子"), std::string("青空 花子"),
        std::string("　花子"), std::string("青空　"),
        std::string("青空　花　子"), std::string("青空　花\n子"),
        std::string("青\0空　花子", 15), std::string("青空　\xff"),
        std::string("青空　\xe3\x81"), endless}) {
    EXPECT_EQ(ReasonOf(CheckName(bad)), "NAME_INVALID") << bad;
    EXPECT_EQ(ReasonOf(CheckKana(bad)), "KANA_INVALID") << bad;
  }
  for (const char* bad : {"青空　花子", "あおぞら　はなこ", "ｱｵｿﾞﾗ　ﾊﾅｺ",
                          "アオゾラ・ハナコ", "Aozora　Hanako"}) {
    EXPECT_EQ(ReasonOf(CheckKana(bad)), "KANA_INVALID") << bad;
  }
}

TEST(NoticeRulesTest, AnAddressIsOneLine) {
  EXPECT_TRUE(CheckAddress("架空県あかつき市東雲台2丁目3番4号　201号室").ok());
  std::string endless;
  for (int i = 0; i < 201; ++i) absl::StrAppend(&endless, "町");
  for (const std::string& bad : {std::string(), std::string("  　"),
                                 std::string("架空県\n町"), endless}) {
    EXPECT_EQ(ReasonOf(CheckAddress(bad)), "ADDRESS_INVALID") << bad;
  }
}

TEST(NoticeRulesTest, SexIsAsTheStandardSays) {
  for (const int sex : {0, 1, 2, 9}) EXPECT_TRUE(CheckSex(sex).ok());
  for (const int sex : {-1, 3, 8, 10})
    EXPECT_EQ(ReasonOf(CheckSex(sex)), "SEX_INVALID");
}

TEST(NoticeRulesTest, RelationsFollowTheNewHead) {
  struct Case {
    Member::Relation new_head, member, becomes;
  };
  for (const Case& c : {Case{Member::SPOUSE, Member::HEAD, Member::SPOUSE},
                        Case{Member::SPOUSE, Member::CHILD, Member::CHILD},
                        Case{Member::SPOUSE, Member::PARENT, Member::OTHER},
                        Case{Member::CHILD, Member::HEAD, Member::PARENT},
                        Case{Member::CHILD, Member::SPOUSE, Member::PARENT},
                        Case{Member::CHILD, Member::CHILD, Member::OTHER},
                        Case{Member::PARENT, Member::HEAD, Member::CHILD},
                        Case{Member::PARENT, Member::PARENT, Member::SPOUSE},
                        Case{Member::PARENT, Member::CHILD, Member::OTHER},
                        Case{Member::OTHER, Member::HEAD, Member::OTHER},
                        Case{Member::HEAD, Member::CHILD, Member::CHILD}}) {
    EXPECT_EQ(RelationUnder(c.new_head, c.member), c.becomes)
        << c.new_head << " " << c.member;
  }
}

}  // namespace
}  // namespace psm
