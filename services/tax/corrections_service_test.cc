#include "services/tax/corrections_service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/tax/tax_ledger.h"

namespace psm {
namespace {

using tax::v1::CorrectionRequest;

// Hanako's assessment of 2026, from an income that is not hers.
class CorrectionsServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    seed::v1::Taxpayer taxpayer;
    taxpayer.set_subject("hanako");
    taxpayer.set_fiscal_year(2026);
    taxpayer.set_category(tax::v1::GetTaxStatusResponse::TAXED);
    taxpayer.set_income_yen(4'300'000);
    ASSERT_TRUE(
        ledger_
            .ImportOnce(clock_.Now(),
                        [&](TaxLedger::Take take) { return take(taxpayer); })
            .ok());
  }
  std::string NewId() {
    return absl::StrCat("00000000-0000-4000-8000-",
                        100000000000 + ++exchanges_);
  }
  static tax::v1::RequestCorrectionRequest Wants(long long income) {
    tax::v1::RequestCorrectionRequest request;
    request.set_subject("hanako");
    request.set_fiscal_year(2026);
    request.set_statement("給与支払報告書の桁の誤り");
    request.mutable_wanted()->set_income_yen(income);
    return request;
  }
  // The reason of a refusal; "" where it was taken.
  std::string Request(const tax::v1::RequestCorrectionRequest& request,
                      const std::string& exchange = "") {
    agency::FakeCall call("portal/terminal", "own-request", {"correction"},
                          exchange.empty() ? NewId() : exchange);
    requested_.Clear();
    return ReasonOf(agency::FromGrpc(
        service_.RequestCorrection(call.context(), &request, &requested_)));
  }
  std::vector<CorrectionRequest> List(
      const std::string& subject,
      const std::vector<std::string>& attributes = {"correction"}) {
    agency::FakeCall call("portal/terminal", "own-request", attributes,
                          NewId());
    tax::v1::ListCorrectionRequestsRequest request;
    request.set_subject(subject);
    tax::v1::ListCorrectionRequestsResponse response;
    EXPECT_TRUE(
        service_.ListCorrectionRequests(call.context(), &request, &response)
            .ok());
    return {response.requests().begin(), response.requests().end()};
  }
  tax::v1::DecideCorrectionRequest Decision(CorrectionRequest::State decision) {
    tax::v1::DecideCorrectionRequest request;
    request.set_subject("hanako");
    request.set_request_id(requested_.request_id());
    request.set_decision(decision);
    request.set_grounds("支払報告書を確認した");
    request.set_etag(Etag());
    return request;
  }
  std::string Decide(const tax::v1::DecideCorrectionRequest& request,
                     const std::string& exchange = "") {
    agency::FakeCall call("akatsuki/counter", "correct-data", {"correction"},
                          exchange.empty() ? NewId() : exchange);
    tax::v1::DecideCorrectionResponse response;
    return ReasonOf(agency::FromGrpc(
        service_.DecideCorrection(call.context(), &request, &response)));
  }
  std::string Etag() {
    return ledger_.FindAssessments("hanako")->assessments(0).etag();
  }
  long long Income() {
    return ledger_.FindAssessments("hanako")
        ->assessments(0)
        .circumstances()
        .income_yen();
  }
  void ProvidedTo(const std::string& consumer) {
    agency::CallContext call;
    call.consumer = consumer;
    call.affair = "benefit-tax-exempt";
    call.exchange_id = NewId();
    ASSERT_TRUE(reviews_
                    .Provide(call, "hanako", clock_.Now(),
                             [](soci::session&) {
                               return std::vector<std::int32_t>{2026};
                             })
                    .ok());
  }

  TempFolder folder_;
  ManualClock clock_{absl::FromUnixSeconds(1'795'000'000)};
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("tax.sqlite"), TaxLedger::Migrations());
  std::vector<std::string> told_;
  TellOfRecord tell_ = [this](soci::session&, const std::string& who,
                              RecordEvent) {
    told_.push_back(who);
    return absl::OkStatus();
  };
  TaxLedger ledger_{database_.get(), tell_};
  LinkReviews reviews_{database_.get(), "akatsuki", tell_};
  CorrectionRequests requests_{database_.get(), tell_};
  CorrectionsService service_{&requests_, &clock_};
  tax::v1::RequestCorrectionResponse requested_;
  int exchanges_ = 0;
};

TEST_F(CorrectionsServiceTest, WhatIsAcceptedIsEnteredAndToldToWhoHadTheOld) {
  ProvidedTo("akatsuki/benefits");
  ProvidedTo("akatsuki/benefits");
  ASSERT_EQ(Request(Wants(430'000)), "");
  std::vector<CorrectionRequest> listed = List("hanako");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].state(), CorrectionRequest::PENDING);
  EXPECT_EQ(listed[0].wanted().income_yen(), 430'000);
  EXPECT_EQ(listed[0].due_date(), requested_.due_date());
  EXPECT_EQ(Income(), 4'300'000) << "nothing is corrected yet";
  EXPECT_TRUE(told_.empty());

  ASSERT_EQ(Decide(Decision(CorrectionRequest::ACCEPTED)), "");
  EXPECT_EQ(Income(), 430'000);
  const auto versions = *ledger_.FindAssessments("hanako");
  ASSERT_EQ(versions.assessments_size(), 2) << "the wrong one is history";
  EXPECT_EQ(versions.assessments(0).grounds(), "支払報告書を確認した");
  EXPECT_EQ(versions.assessments(1).circumstances().income_yen(), 4'300'000);
  EXPECT_EQ(told_, std::vector<std::string>{"hanako"});
  listed = List("hanako");
  EXPECT_EQ(listed[0].state(), CorrectionRequest::ACCEPTED);
  EXPECT_EQ(listed[0].grounds(), "支払報告書を確認した");
  ASSERT_EQ(listed[0].given_to_size(), 1);
  EXPECT_EQ(listed[0].given_to(0), "akatsuki/benefits");
}

TEST_F(CorrectionsServiceTest, InPartIsWhatTheOfficerFoundAndNeitherOfTheTwo) {
  ASSERT_EQ(Request(Wants(430'000)), "");
  auto decision = Decision(CorrectionRequest::ACCEPTED_IN_PART);
  EXPECT_EQ(Decide(decision), "DECISION_INVALID") << "nothing was found";
  decision.mutable_found()->set_income_yen(430'000);
  EXPECT_EQ(Decide(decision), "DECISION_INVALID") << "that is all of it";
  decision.mutable_found()->set_income_yen(4'300'000);
  EXPECT_EQ(Decide(decision), "DECISION_INVALID") << "that is nothing of it";
  decision.mutable_found()->set_income_yen(-1);
  EXPECT_EQ(Decide(decision), "INCOME_INVALID");
  decision.mutable_found()->set_income_yen(500'000);
  EXPECT_EQ(Decide(decision), "");
  EXPECT_EQ(Income(), 500'000);
  EXPECT_EQ(List("hanako")[0].state(), CorrectionRequest::ACCEPTED_IN_PART);
}

TEST_F(CorrectionsServiceTest, WhatIsRefusedStaysAsItIsAndSaysWhy) {
  ASSERT_EQ(Request(Wants(430'000)), "");
  auto decision = Decision(CorrectionRequest::REFUSED);
  decision.clear_grounds();
  EXPECT_EQ(Decide(decision), "GROUNDS_MISSING");
  decision.set_grounds("源泉徴収票と一致する");
  EXPECT_EQ(Decide(decision), "");
  EXPECT_EQ(Income(), 4'300'000);
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(List("hanako")[0].grounds(), "源泉徴収票と一致する");
  EXPECT_EQ(Decide(Decision(CorrectionRequest::ACCEPTED)), "ALREADY_DECIDED");
  EXPECT_EQ(Request(Wants(430'000)), "") << "she may ask again";
}

TEST_F(CorrectionsServiceTest, WhatCannotBeAskedForIsRefusedByField) {
  auto request = Wants(430'000);
  request.clear_statement();
  EXPECT_EQ(Request(request), "STATEMENT_INVALID");
  request.set_statement(std::string(1001, 'x'));
  EXPECT_EQ(Request(request), "STATEMENT_INVALID");
  EXPECT_EQ(Request(Wants(-1)), "INCOME_INVALID");
  EXPECT_EQ(Request(Wants(4'300'000)), "NOTHING_WRONG");
  request = Wants(430'000);
  request.set_fiscal_year(2025);
  EXPECT_EQ(Request(request), "NOT_A_TAXPAYER");
  request.set_statement(
      absl::StrReplaceAll(std::string(1000, 'x'), {{"x", "𠮷"}}));
  EXPECT_EQ(Request(request), "NOT_A_TAXPAYER") << "characters, not bytes";
  request.set_fiscal_year(0);
  EXPECT_EQ(Request(request), "NOT_A_TAXPAYER");
  request = Wants(430'000);
  request.set_subject("nobody");
  EXPECT_EQ(Request(request), "NOT_A_TAXPAYER");
  EXPECT_TRUE(List("hanako").empty());
}

TEST_F(CorrectionsServiceTest, ARetryIsOneRequestAndASecondOneWaits) {
  const std::string id = NewId();
  ASSERT_EQ(Request(Wants(430'000), id), "");
  const std::string first = requested_.request_id();
  ASSERT_EQ(Request(Wants(430'000), id), "");
  EXPECT_EQ(requested_.request_id(), first);
  EXPECT_EQ(Request(Wants(440'000)), "CORRECTION_PENDING");
  EXPECT_EQ(List("hanako").size(), 1u);
}

TEST_F(CorrectionsServiceTest, ADecisionIsOnWhatTheOfficerHasRead) {
  ASSERT_EQ(Request(Wants(430'000)), "");
  auto decision = Decision(CorrectionRequest::ACCEPTED);
  decision.set_etag("0000000000000000");
  EXPECT_EQ(Decide(decision), "ETAG_STALE");
  decision = Decision(CorrectionRequest::ACCEPTED);
  decision.set_subject("taro");
  EXPECT_EQ(Decide(decision), "REQUEST_UNKNOWN") << "another's request";
  decision = Decision(CorrectionRequest::PENDING);
  EXPECT_EQ(Decide(decision), "DECISION_INVALID");
  const std::string id = NewId();
  decision = Decision(CorrectionRequest::ACCEPTED);
  EXPECT_EQ(Decide(decision, id), "");
  EXPECT_EQ(Decide(decision, id), "") << "a retry has the first answer";
  EXPECT_EQ(ledger_.FindAssessments("hanako")->assessments_size(), 2);
}

TEST_F(CorrectionsServiceTest, WhileTheLinkIsInDoubtNothingIsCorrected) {
  ASSERT_EQ(Request(Wants(430'000)), "");
  agency::CallContext call;
  call.consumer = "akatsuki/counter";
  call.exchange_id = NewId();
  tax::v1::ReportWrongLinkRequest report;
  report.set_subject("hanako");
  ASSERT_TRUE(reviews_.Report(call, report, clock_.Now()).ok());
  EXPECT_EQ(Decide(Decision(CorrectionRequest::ACCEPTED)), "LINK_UNDER_REVIEW");
  EXPECT_EQ(Request(Wants(440'000)), "LINK_UNDER_REVIEW");
}

TEST_F(CorrectionsServiceTest, WhatIsNotDecidedInThirtyDaysIsOverdue) {
  ASSERT_EQ(Request(Wants(430'000)), "");
  clock_.Advance(absl::Hours(24 * 30));
  EXPECT_FALSE(List("hanako")[0].overdue());
  clock_.Advance(absl::Hours(24));
  EXPECT_TRUE(List("hanako")[0].overdue());
  EXPECT_TRUE(List("hanako", {}).empty()) << "only to whom it is granted";
  ASSERT_EQ(Decide(Decision(CorrectionRequest::REFUSED)), "");
  EXPECT_FALSE(List("hanako")[0].overdue());
}

}  // namespace
}  // namespace psm
