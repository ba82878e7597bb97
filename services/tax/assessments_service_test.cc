#include "services/tax/assessments_service.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/tax/competence.h"

namespace psm {
namespace {

using tax::v1::AssessRequest;
using tax::v1::AssessResponse;
using tax::v1::CorrectAssessmentRequest;
using tax::v1::CorrectAssessmentResponse;
using tax::v1::ListAssessmentsResponse;
using TaxCategory = tax::v1::GetTaxStatusResponse;

class FakeResidence final : public ResidenceSource {
 public:
  absl::StatusOr<bool> LivedHere(const agency::CallContext&, absl::string_view,
                                 absl::CivilDay day) override {
    asked.push_back(day);
    return answer;
  }
  absl::StatusOr<std::optional<Resident>> ResidentOn(const agency::CallContext&,
                                                     absl::string_view,
                                                     absl::CivilDay) override {
    ADD_FAILURE() << "no assessment asks for that";
    return std::nullopt;
  }
  absl::StatusOr<bool> answer = true;
  std::vector<absl::CivilDay> asked;
};

class AssessmentsServiceTest : public testing::Test {
 protected:
  const std::vector<std::string> kAll = {"income", "category", "amount",
                                         "grounds"};

  agency::FakeCall NewCall() {
    return agency::FakeCall(
        "akatsuki/counter", "residence-tax", kAll,
        absl::StrCat("00000000-0000-4000-8000-", 100000000000 + ++exchanges_));
  }

  absl::Status Assess(AssessRequest request, agency::FakeCall&& call) {
    if (request.subject().empty()) request.set_subject("taro");
    assessed_.Clear();
    return agency::FromGrpc(
        service_.Assess(call.context(), &request, &assessed_));
  }
  absl::Status Assess(const AssessRequest& request) {
    return Assess(request, NewCall());
  }
  static AssessRequest Year(int year, std::int64_t income, int dependants = 0) {
    AssessRequest request;
    request.set_fiscal_year(year);
    request.mutable_circumstances()->set_income_yen(income);
    request.mutable_circumstances()->set_dependants(dependants);
    return request;
  }
  absl::Status Correct(const std::string& etag, std::int64_t income,
                       const std::string& grounds = "修正申告",
                       int year = 2026) {
    CorrectAssessmentRequest request;
    request.set_subject("taro");
    request.set_fiscal_year(year);
    request.set_etag(etag);
    request.mutable_circumstances()->set_income_yen(income);
    request.set_grounds(grounds);
    corrected_.Clear();
    return agency::FromGrpc(
        service_.CorrectAssessment(NewCall().context(), &request, &corrected_));
  }
  ListAssessmentsResponse List(const std::vector<std::string>& attributes) {
    agency::FakeCall call("portal/terminal", "own-request", attributes);
    tax::v1::ListAssessmentsRequest request;
    request.set_subject("taro");
    ListAssessmentsResponse response;
    listed_ = agency::FromGrpc(
        service_.ListAssessments(call.context(), &request, &response));
    return response;
  }
  absl::Status Died(const std::string& date, int* withdrawn = nullptr) {
    tax::v1::EndTaxationRequest request;
    request.set_subject("taro");
    request.set_death_date(date);
    tax::v1::EndTaxationResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.EndTaxation(NewCall().context(), &request, &response));
    if (withdrawn != nullptr) *withdrawn = response.withdrawn_years();
    return status;
  }

  int exchanges_ = 0;
  ManualClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 22, 3, 0, 0),
                                     absl::UTCTimeZone())};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("tax.sqlite"),
                             TaxLedger::Migrations())
          .value();
  int corrected_told_ = 0;
  TellOfRecord tell_ = [this](soci::session&, const std::string&,
                              RecordEvent event) {
    if (event == RecordEvent::kCorrected) ++corrected_told_;
    return absl::OkStatus();
  };
  TaxLedger ledger_{database_.get(), tell_};
  FakeResidence residence_;
  LinkReviews reviews_{database_.get(), "akatsuki", tell_};
  AssessmentsService service_{&ledger_, &reviews_, &residence_, &clock_};
  AssessResponse assessed_;
  CorrectAssessmentResponse corrected_;
  absl::Status listed_;
};

TEST_F(AssessmentsServiceTest, AYearIsAssessedByTheMunicipalityOfIts1January) {
  ASSERT_TRUE(Assess(Year(2026, 3'120'000)).ok());
  EXPECT_EQ(assessed_.category(), TaxCategory::TAXED);
  EXPECT_EQ(assessed_.tax_yen(), 274'000);
  EXPECT_EQ(residence_.asked,
            std::vector<absl::CivilDay>{absl::CivilDay(2026, 1, 1)});
  const auto status = ledger_.FindStatus("taro", 0);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->category(), TaxCategory::TAXED);
  EXPECT_EQ(status->income_yen(), 3'120'000);
  EXPECT_EQ(status->as_of_time().seconds(), absl::ToUnixSeconds(clock_.Now()));

  residence_.answer = false;
  EXPECT_EQ(ReasonOf(Assess(Year(2025, 0))), "NOT_A_RESIDENT_THEN");
  residence_.answer = agency::Refusal(absl::StatusCode::kUnavailable,
                                      "RESIDENCE_UNKNOWN", "no");
  EXPECT_EQ(ReasonOf(Assess(Year(2025, 0))), "RESIDENCE_UNKNOWN");
  EXPECT_FALSE(ledger_.FindStatus("taro", 2025).ok());
}

TEST_F(AssessmentsServiceTest, AnAssessmentIsRefusedByWhatIsWrong) {
  EXPECT_EQ(ReasonOf(Assess(Year(2027, 0))), "FISCAL_YEAR_INVALID");
  EXPECT_EQ(ReasonOf(Assess(Year(2020, 0))), "FISCAL_YEAR_INVALID");
  EXPECT_EQ(ReasonOf(Assess(Year(2026, -1))), "INCOME_INVALID");
  EXPECT_EQ(ReasonOf(Assess(Year(2026, 0, 21))), "DEPENDANTS_INVALID");
  EXPECT_TRUE(residence_.asked.empty());
  ASSERT_TRUE(Assess(Year(2026, 0)).ok());
  EXPECT_EQ(ReasonOf(Assess(Year(2026, 1))), "ALREADY_ASSESSED");
}

TEST_F(AssessmentsServiceTest, ARetryAsksNobodyAndGetsTheFirstAnswer) {
  const auto call = [this] {
    return agency::FakeCall("akatsuki/counter", "residence-tax", kAll);
  };
  ASSERT_TRUE(Assess(Year(2026, 3'120'000), call()).ok());
  const std::string first = assessed_.SerializeAsString();
  residence_.answer = false;
  ASSERT_TRUE(Assess(Year(2026, 3'120'000), call()).ok());
  EXPECT_EQ(assessed_.SerializeAsString(), first);
  EXPECT_EQ(residence_.asked.size(), 1U);
}

TEST_F(AssessmentsServiceTest, ACorrectionIsAFurtherVersion) {
  ASSERT_TRUE(Assess(Year(2026, 3'120'000)).ok());
  const std::string etag = assessed_.etag();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(corrected_told_, 0);
  ASSERT_TRUE(Correct(etag, 440'000).ok());
  EXPECT_EQ(corrected_told_, 1);
  EXPECT_EQ(corrected_.category(), TaxCategory::EXEMPT);
  EXPECT_EQ(ledger_.FindStatus("taro", 2026)->category(), TaxCategory::EXEMPT);
  const ListAssessmentsResponse all = List(kAll);
  ASSERT_EQ(all.assessments_size(), 2);
  EXPECT_EQ(all.assessments(0).version(), 2);
  EXPECT_EQ(all.assessments(0).etag(), corrected_.etag());
  EXPECT_EQ(all.assessments(0).grounds(), "修正申告");
  EXPECT_EQ(all.assessments(1).tax_yen(), 274'000);
  EXPECT_EQ(all.assessments(1).circumstances().income_yen(), 3'120'000);
  EXPECT_EQ(all.assessments(1).etag(), "");

  const absl::Status stale = Correct(etag, 1);
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(stale), "ETAG_STALE");
  EXPECT_EQ(ReasonOf(Correct(corrected_.etag(), 1, "")), "GROUNDS_MISSING");
  EXPECT_EQ(ReasonOf(Correct("", 1, "x", 2025)), "NOT_A_TAXPAYER");
  EXPECT_EQ(ReasonOf(Correct("", 1, "x", 0)), "NOT_A_TAXPAYER");
  EXPECT_EQ(List(kAll).assessments_size(), 2);
  EXPECT_EQ(corrected_told_, 1) << "nothing of what was refused";
}

TEST_F(AssessmentsServiceTest, WhatMayBeAnothersIsNotCorrected) {
  ASSERT_TRUE(Assess(Year(2026, 3'120'000)).ok());
  tax::v1::ReportWrongLinkRequest report;
  report.set_subject("taro");
  agency::CallContext call;
  call.consumer = "akatsuki/counter";
  call.exchange_id = "00000000-0000-4000-8000-200000000001";
  ASSERT_TRUE(reviews_.Report(call, report, clock_.Now()).ok());
  EXPECT_EQ(ReasonOf(Correct(assessed_.etag(), 440'000)), "LINK_UNDER_REVIEW");
  EXPECT_EQ(ledger_.FindStatus("taro", 2026)->income_yen(), 3'120'000);
  EXPECT_EQ(corrected_told_, 0);
}

TEST_F(AssessmentsServiceTest, WhatIsNotGrantedIsNotListed) {
  ASSERT_TRUE(Assess(Year(2026, 3'120'000)).ok());
  ASSERT_TRUE(Correct(assessed_.etag(), 3'200'000).ok());
  const ListAssessmentsResponse listed = List({"category"});
  ASSERT_EQ(listed.assessments_size(), 2);
  EXPECT_EQ(listed.assessments(0).category(), TaxCategory::TAXED);
  EXPECT_EQ(listed.assessments(0).tax_yen(), 0);
  EXPECT_FALSE(listed.assessments(0).has_circumstances());
  EXPECT_EQ(listed.assessments(0).grounds(), "");
}

TEST_F(AssessmentsServiceTest, ADeathEndsTheTaxOfLaterYears) {
  for (const int year : {2024, 2025, 2026})
    ASSERT_TRUE(Assess(Year(year, 3'120'000)).ok());
  int withdrawn = 0;
  ASSERT_TRUE(Died("2025-01-01", &withdrawn).ok());
  EXPECT_EQ(withdrawn, 1);
  EXPECT_EQ(corrected_told_, 1);
  // Who was alive on 1 January owes the year.
  EXPECT_TRUE(ledger_.FindStatus("taro", 2025).ok());
  EXPECT_EQ(ReasonOf(ledger_.FindStatus("taro", 2026).status()),
            "NOT_A_TAXPAYER");
  EXPECT_EQ(ledger_.FindStatus("taro", 0)->fiscal_year(), 2025);
  EXPECT_TRUE(List(kAll).assessments(0).withdrawn());
  EXPECT_EQ(ReasonOf(Died("2025-01-02")), "TAXPAYER_DEAD");
  EXPECT_TRUE(Died("2025-01-01", &withdrawn).ok());
  EXPECT_EQ(withdrawn, 0);
  EXPECT_EQ(corrected_told_, 1) << "no news";
  EXPECT_EQ(ReasonOf(Died("2026-12-01")), "DATE_INVALID");
}

TEST_F(AssessmentsServiceTest, ADeathIsHeardOfByAnEvent) {
  for (const int year : {2025, 2026})
    ASSERT_TRUE(Assess(Year(year, 3'120'000)).ok());
  const auto hear = [this](const char* subject, const char* date) {
    return database_->Write([&](soci::session& sql) {
      return ledger_.HearOfDeath(sql, subject, date, clock_.Now());
    });
  };
  ASSERT_TRUE(hear("taro", "2025-06-01").ok());
  EXPECT_EQ(ledger_.FindStatus("taro", 0)->fiscal_year(), 2025);
  // The same again, and another date, change nothing; a stranger leaves no
  // trace.
  ASSERT_TRUE(hear("taro", "2024-06-01").ok());
  EXPECT_TRUE(ledger_.FindStatus("taro", 2025).ok());
  ASSERT_TRUE(hear("kenji", "2025-06-01").ok());
  EXPECT_EQ(corrected_told_, 1);
  AssessRequest kenji = Year(2026, 1);
  kenji.set_subject("kenji");
  EXPECT_TRUE(Assess(kenji).ok());
}

TEST_F(AssessmentsServiceTest, AMoveIsShownWhereTheAgreementSays) {
  agency::LifeEvent event;
  event.type = "moved_in";
  event.subject = "taro";
  event.publisher = "akatsuki/residents";
  event.effective_date = "2026-11-22";
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    return HearOfMove(sql, event, "akatsuki");
                  })
                  .ok());
  // Without an assessment yet.
  EXPECT_EQ(List({"competence"}).competence().first_fiscal_year(), 2027);
  EXPECT_TRUE(listed_.ok()) << listed_;
  List({"category"});
  EXPECT_EQ(ReasonOf(listed_), "NOT_A_TAXPAYER");
  ASSERT_TRUE(Assess(Year(2026, 3'120'000)).ok());
  const ListAssessmentsResponse both = List({"competence", "category"});
  EXPECT_EQ(both.assessments_size(), 1);
  EXPECT_TRUE(both.competence().here());
  EXPECT_FALSE(List({"category"}).has_competence());
}

TEST_F(AssessmentsServiceTest, TheDeadAreNotAssessed) {
  ASSERT_TRUE(Died("2025-12-31").ok());
  EXPECT_EQ(ReasonOf(Assess(Year(2026, 1))), "TAXPAYER_DEAD");
  EXPECT_TRUE(Assess(Year(2025, 1)).ok());
  EXPECT_EQ(ReasonOf([this] {
              tax::v1::ListAssessmentsRequest request;
              request.set_subject("nobody");
              ListAssessmentsResponse response;
              return agency::FromGrpc(service_.ListAssessments(
                  NewCall().context(), &request, &response));
            }()),
            "NOT_A_TAXPAYER");
}

}  // namespace
}  // namespace psm
