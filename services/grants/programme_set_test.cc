#include "services/grants/programme_set.h"

#include "gtest/gtest.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/temp_folder.h"

namespace psm::grants {
namespace {

constexpr char kGood[] = R"({"id": "a", "title_ja": "あ", "title_en": "A",
  "open_date": "2026-04-01", "close_date": "2026-04-30",
  "max_amount_yen": 1000})";

std::string With(const std::string& from, const std::string& to) {
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

TEST(ProgrammeSetTest, TheProgrammesOfThisFolderAreGood) {
  const auto set = ProgrammeSet::Load(PSM_GRANT_PROGRAMMES_FOLDER);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_NE(set->Find("digital-introduction-2026"), nullptr);
  EXPECT_EQ(set->Find("none"), nullptr);
}

TEST(ProgrammeSetTest, AWrongFileIsNamed) {
  for (const std::string& bad :
       {std::string("{"), std::string("{}"), With("\"a\"", "\"\""),
        With("2026-04-01", "2026-04-31"), With("2026-04-30", "2026-03-31"),
        With("1000", "0"), With("\"id\"", "\"name\""),
        With("\"title_en\": \"A\",", "")}) {
    TempFolder folder;
    folder.Write("bad.json", bad);
    const auto set = ProgrammeSet::Load(folder.path());
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_NE(set.status().message().find("bad.json"), std::string::npos);
  }
  TempFolder folder;
  EXPECT_EQ(ProgrammeSet::Load(folder.path()).status().code(),
            absl::StatusCode::kNotFound);
  folder.Write("one.json", kGood);
  EXPECT_TRUE(ProgrammeSet::Load(folder.path()).ok());
  folder.Write("two.json", kGood);
  EXPECT_FALSE(ProgrammeSet::Load(folder.path()).ok()) << "one id, two files";
}

TEST(ProgrammeSetTest, ItIsOpenFromItsFirstDayToItsLastInJapan) {
  TempFolder folder;
  folder.Write("one.json", kGood);
  const auto set = ProgrammeSet::Load(folder.path());
  ASSERT_TRUE(set.ok());
  const v1::Programme& programme = *set->Find("a");
  EXPECT_FALSE(IsOpen(programme, absl::CivilDay(2026, 3, 31)));
  EXPECT_TRUE(IsOpen(programme, absl::CivilDay(2026, 4, 1)));
  EXPECT_TRUE(IsOpen(programme, absl::CivilDay(2026, 4, 30)));
  EXPECT_FALSE(IsOpen(programme, absl::CivilDay(2026, 5, 1)));
  // 15:00 in Greenwich is the next day in Japan.
  EXPECT_EQ(DayInJapan(absl::FromUnixSeconds(1'780'000'000)),
            absl::CivilDay(2026, 5, 29));
}

}  // namespace
}  // namespace psm::grants
