#include "services/corporations/change_check.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"

namespace psm::corporations {
namespace {

using v1::RegisterChangeRequest;

constexpr char kSubject[] = "7123456789012";
constexpr char kOther[] = "4011001098993";

RegisterChangeRequest Renamed() {
  RegisterChangeRequest request;
  request.set_corporate_number(kSubject);
  request.set_etag("e");
  request.set_effective_date("2026-11-22");
  request.mutable_name()->set_name("株式会社みほん");
  request.mutable_name()->set_kana("ミホン");
  return request;
}

std::string Check(const std::function<void(RegisterChangeRequest&)>& change) {
  RegisterChangeRequest request = Renamed();
  change(request);
  return ReasonOf(CheckChange(request, absl::CivilDay(2026, 11, 22)));
}

TEST(ChangeCheckTest, TakesEachKindOfChange) {
  EXPECT_EQ(Check([](auto&) {}), "");
  EXPECT_EQ(Check([](auto& r) { r.set_address("架空県あかつき市明野"); }), "");
  EXPECT_EQ(Check([](auto& r) { r.set_representative("見本　二郎"); }), "");
  EXPECT_EQ(Check([](auto& r) { r.set_merged_into(kOther); }), "");
  EXPECT_EQ(Check([](auto& r) { r.mutable_dissolution(); }), "");
}

TEST(ChangeCheckTest, NamesTheFieldAtFault) {
  const std::string long_text(700, 'a');
  EXPECT_EQ(Check([](auto& r) { r.set_corporate_number("1123456789012"); }),
            "CORPORATE_NUMBER_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.clear_change(); }), "CHANGE_REQUIRED");
  EXPECT_EQ(Check([](auto& r) { r.mutable_name()->set_name("(株)"); }),
            "NAME_MALFORMED");
  EXPECT_EQ(Check([&](auto& r) { r.mutable_name()->set_name(long_text); }),
            "NAME_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.mutable_name()->set_kana("見本"); }),
            "KANA_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.mutable_name()->set_name_en("Mihön"); }),
            "NAME_EN_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.set_address(" 　"); }), "ADDRESS_MALFORMED");
  EXPECT_EQ(Check([&](auto& r) { r.set_address(long_text); }),
            "ADDRESS_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.set_representative("見本\n二郎"); }),
            "REPRESENTATIVE_MALFORMED");
  EXPECT_EQ(Check([](auto& r) { r.set_merged_into(kSubject); }),
            "SUCCESSOR_INVALID");
  EXPECT_EQ(Check([](auto& r) { r.set_merged_into("4011001098994"); }),
            "SUCCESSOR_INVALID");
}

TEST(ChangeCheckTest, ADayIsADayAndNotInTheFuture) {
  for (const std::string day :
       {"", "2026-11-23", "2026-02-30", "2026-1-1", "20261122", "2026-11-22 ",
        " 2026-11-22", "2026-11-22T00:00:00", "-2026-11-22", "heute",
        "２０２６-11-22"}) {
    EXPECT_EQ(Check([&](auto& r) { r.set_effective_date(day); }),
              "EFFECTIVE_DATE_INVALID")
        << day;
  }
  EXPECT_EQ(Check([](auto& r) { r.set_effective_date("1960-04-01"); }), "");
}

TEST(ChangeCheckTest, TheDayIsJapans) {
  absl::Time time;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2026-11-22T15:00:00Z", &time,
                              nullptr));
  EXPECT_EQ(DayInJapan(time), absl::CivilDay(2026, 11, 23));
  EXPECT_EQ(DayInJapan(time - absl::Seconds(1)), absl::CivilDay(2026, 11, 22));
}

}  // namespace
}  // namespace psm::corporations
