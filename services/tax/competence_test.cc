#include "services/tax/competence.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mesh/agency/database.h"
#include "mesh/base/temp_folder.h"
#include "services/tax/assessment_rows.h"
#include "services/tax/tax_ledger.h"

namespace psm {
namespace {

constexpr char kHere[] = "akatsuki/residents";
constexpr char kElsewhere[] = "yunagi/residents";

class CompetenceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database_
                    ->Write([](soci::session& sql) {
                      tax::v1::Assessment version;
                      version.set_fiscal_year(2026);
                      version.set_version(1);
                      AssessmentWriter(sql).Write("taxed", version);
                      return absl::OkStatus();
                    })
                    .ok());
  }
  void Hear(const std::string& subject, const std::string& publisher,
            const std::string& date) {
    agency::LifeEvent event;
    event.type = "moved_in";
    event.subject = subject;
    event.publisher = publisher;
    event.effective_date = date;
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      return HearOfMove(sql, event, "akatsuki");
                    })
                    .ok());
  }
  // "here from 2027", or "" where nothing was kept.
  std::string Of(const std::string& subject) {
    std::optional<tax::v1::Competence> competence;
    EXPECT_TRUE(database_
                    ->Read([&](soci::session& sql) {
                      competence = CompetenceOf(sql, subject);
                      return absl::OkStatus();
                    })
                    .ok());
    if (!competence.has_value()) return "";
    return (competence->here() ? "here from " : "elsewhere from ") +
           std::to_string(competence->first_fiscal_year());
  }

  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("tax.sqlite"),
                             TaxLedger::Migrations())
          .value();
};

TEST_F(CompetenceTest, TheYearBelongsToWhereThePersonLivesOnIts1January) {
  Hear("newcomer", kHere, "2026-11-23");
  EXPECT_EQ(Of("newcomer"), "here from 2027");
  Hear("taxed", kElsewhere, "2026-01-02");
  EXPECT_EQ(Of("taxed"), "elsewhere from 2027");
  Hear("taxed", kElsewhere, "2027-01-01");
  EXPECT_EQ(Of("taxed"), "elsewhere from 2027") << "lives there on that day";
}

TEST_F(CompetenceTest, TheLastMoveCounts) {
  Hear("newcomer", kHere, "2026-11-23");
  Hear("newcomer", kElsewhere, "2027-02-01");
  EXPECT_EQ(Of("newcomer"), "elsewhere from 2028") << "and is heard of";
  Hear("newcomer", kHere, "2026-12-01");
  EXPECT_EQ(Of("newcomer"), "elsewhere from 2028") << "an earlier one, late";
}

TEST_F(CompetenceTest, NothingIsKeptOfWhoIsNotTaxedHereOrIsProtected) {
  Hear("stranger", kElsewhere, "2026-11-23");
  EXPECT_EQ(Of("stranger"), "");
  Hear("taxed", "", "2026-11-23");
  EXPECT_EQ(Of("taxed"), "") << "a protected person's event names no register";
  Hear("newcomer", "", "2026-11-23");
  EXPECT_EQ(Of("newcomer"), "");
  Hear("taxed", kElsewhere, "soon");
  EXPECT_EQ(Of("taxed"), "") << "no day";
  // Another town whose name begins alike.
  Hear("stranger", "akatsuki2/residents", "2026-11-23");
  EXPECT_EQ(Of("stranger"), "");
}

}  // namespace
}  // namespace psm
