#include "certs/issued_index.h"

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace psm::pki {
namespace {

const absl::Time kToday = absl::FromUnixSeconds(1790000000);

IssuedIndex Example() {
  IssuedIndex index;
  index.Add(
      {"01", "ff", "akatsuki/tax", kToday + absl::Hours(1), std::nullopt});
  index.Add(
      {"02", "ff", "akatsuki/tax", kToday - absl::Hours(1), std::nullopt});
  index.Add({"03", "ff", "yunagi/tax", kToday + absl::Hours(1), std::nullopt});
  index.Add(
      {"04", "ee", "akatsuki/tax", kToday + absl::Hours(1), std::nullopt});
  index.NextListNumber();
  return index;
}

std::vector<std::string> Serials(const std::vector<Revocation>& revoked) {
  std::vector<std::string> serials;
  for (const Revocation& revocation : revoked) {
    serials.push_back(revocation.serial);
  }
  return serials;
}

using Names = std::vector<std::string>;

TEST(IssuedIndexTest, SurvivesItsText) {
  IssuedIndex index = Example();
  index.RevokeSerial("03", kToday);
  const auto again = IssuedIndex::FromText(index.ToText());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->ToText(), index.ToText());
  EXPECT_EQ(again->list_number(), 1u);
  EXPECT_EQ(again->Find("01")->expire_time, kToday + absl::Hours(1));
  EXPECT_TRUE(again->IsRevoked("03"));
  EXPECT_FALSE(again->IsRevoked("01"));
  EXPECT_TRUE(IssuedIndex::FromText(IssuedIndex().ToText()).ok());
}

TEST(IssuedIndexTest, EveryCutAndEveryDamageIsDataLoss) {
  const std::string text = Example().ToText();
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto cut = IssuedIndex::FromText(text.substr(0, size));
    // A cut between two lines cannot be seen here; files are written whole.
    const bool whole_lines =
        size >= IssuedIndex().ToText().size() && text[size - 1] == '\n';
    EXPECT_EQ(cut.ok(), whole_lines) << size;
    if (!cut.ok()) {
      EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss);
    }
  }
  using Change = std::vector<std::pair<std::string, std::string>>;
  for (const Change& change :
       std::vector<Change>{{{"version 1", "version 2"}},
                           {{"list-number 1", "list-number x"}},
                           {{"list-number 1", "list-number -1"}},
                           {{"02 ff", "01 ff"}},
                           {{"02 ff", "02  ff"}},
                           {{"akatsuki/tax", "akatsuki tax"}},
                           {{"yunagi/tax 20", "yunagi/tax x20"}},
                           {{" -\n03", " x\n03"}},
                           {{"\n03", "\n\n03"}}}) {
    EXPECT_EQ(IssuedIndex::FromText(absl::StrReplaceAll(text, change))
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss)
        << change[0].second;
  }
}

TEST(IssuedIndexTest, RevokesASystemsUnexpiredCertificatesOnce) {
  IssuedIndex index = Example();
  EXPECT_EQ(index.RevokeSubject("akatsuki/tax", kToday), 2);
  EXPECT_EQ(index.RevokeSubject("akatsuki/tax", kToday), 0);
  EXPECT_EQ(index.RevokeSubject("akatsuki", kToday), 0);
  EXPECT_EQ(Serials(index.RevokedBy("ff", kToday)), Names{"01"});
  EXPECT_EQ(Serials(index.RevokedBy("ee", kToday)), Names{"04"});
  EXPECT_TRUE(index.RevokedBy("dd", kToday).empty());
}

TEST(IssuedIndexTest, TheFirstRevocationKeepsItsTime) {
  IssuedIndex index = Example();
  EXPECT_EQ(index.RevokeSerial("01", kToday), 1);
  EXPECT_EQ(index.RevokeSerial("01", kToday + absl::Hours(1)), 0);
  EXPECT_EQ(index.RevokeSerial("99", kToday), 0);
  EXPECT_EQ(index.RevokedBy("ff", kToday)[0].time, kToday);
}

TEST(IssuedIndexTest, ListsKeepExpiredCertificatesForAWhile) {
  IssuedIndex index = Example();
  index.RevokeSerial("02", kToday);
  const absl::Time end = kToday - absl::Hours(1) + IssuedIndex::kMemory;
  EXPECT_EQ(Serials(index.RevokedBy("ff", end)), Names{"02"});
  EXPECT_TRUE(index.RevokedBy("ff", end + absl::Seconds(1)).empty());
}

TEST(IssuedIndexTest, ForgetsTheOldButNeverTheRevoked) {
  IssuedIndex index = Example();
  index.RevokeSerial("03", kToday);
  index.Prune(kToday);
  EXPECT_EQ(index.certificates().size(), 4u);
  index.Prune(kToday + absl::Hours(2) + IssuedIndex::kMemory);
  ASSERT_EQ(index.certificates().size(), 1u);
  EXPECT_TRUE(index.IsRevoked("03"));
}

}  // namespace
}  // namespace psm::pki
