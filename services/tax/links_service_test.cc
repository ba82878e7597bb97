#include "services/tax/links_service.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/tax/assessments_service.h"
#include "services/tax/tax_service.h"

namespace psm {
namespace {

// The register knows taro as he is.
class TarosRegister final : public ResidenceSource {
 public:
  absl::StatusOr<bool> LivedHere(const agency::CallContext&, absl::string_view,
                                 absl::CivilDay) override {
    return true;
  }
  absl::StatusOr<std::optional<Resident>> ResidentOn(
      const agency::CallContext&, absl::string_view,
      absl::CivilDay day) override {
    asked = day;
    return answer;
  }
  absl::StatusOr<std::optional<Resident>> answer =
      Resident{"カクウ　タロウ", "1981-01-15"};
  absl::CivilDay asked;
};

// Taro's assessments of 2026; in truth they are jiro's.
class LinksServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    seed::v1::Taxpayer taxpayer;
    taxpayer.set_subject("taro");
    taxpayer.set_fiscal_year(2026);
    taxpayer.set_category(tax::v1::GetTaxStatusResponse::TAXED);
    taxpayer.set_income_yen(3'120'000);
    taxpayer.set_arrears_yen(184'000);
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
  // The reason of a refusal; "" where the status was given.
  std::string Asked(const std::string& subject, const std::string& exchange) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt",
                          {"category", "arrears"}, exchange);
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(subject);
    status_.Clear();
    return ReasonOf(agency::FromGrpc(
        status_service_.GetTaxStatus(call.context(), &request, &status_)));
  }
  std::string Asked(const std::string& subject) {
    return Asked(subject, NewId());
  }
  template <typename Request, typename Response>
  std::string Send(grpc::Status (LinksService::*method)(grpc::ServerContext*,
                                                        const Request*,
                                                        Response*),
                   const Request& request, Response* response) {
    agency::FakeCall call("akatsuki/counter", "link-check",
                          {"identity", "wrong_links"}, NewId());
    return ReasonOf(
        agency::FromGrpc((links_.*method)(call.context(), &request, response)));
  }
  std::string Report(const std::string& subject) {
    tax::v1::ReportWrongLinkRequest request;
    request.set_subject(subject);
    tax::v1::ReportWrongLinkResponse response;
    return Send(&LinksService::ReportWrongLink, request, &response);
  }
  std::string Check(const std::string& kana, const std::string& birth_date,
                    bool* consistent) {
    tax::v1::CheckLinkRequest request;
    request.set_subject("taro");
    request.set_kana(kana);
    request.set_birth_date(birth_date);
    tax::v1::CheckLinkResponse response;
    const std::string reason =
        Send(&LinksService::CheckLink, request, &response);
    *consistent = response.consistent();
    return reason;
  }
  std::string Confirm(const std::string& subject) {
    tax::v1::ConfirmLinkRequest request;
    request.set_subject(subject);
    tax::v1::ConfirmLinkResponse response;
    return Send(&LinksService::ConfirmLink, request, &response);
  }
  std::string Release(const std::string& subject, std::string* record_id,
                      const std::vector<int>& years = {}) {
    tax::v1::ReleaseRecordRequest request;
    request.set_subject(subject);
    request.mutable_fiscal_years()->Add(years.begin(), years.end());
    tax::v1::ReleaseRecordResponse response;
    const std::string reason =
        Send(&LinksService::ReleaseRecord, request, &response);
    *record_id = response.record_id();
    return reason;
  }
  std::string Tie(const std::string& subject, const std::string& record_id) {
    tax::v1::TieRecordRequest request;
    request.set_subject(subject);
    request.set_record_id(record_id);
    tax::v1::TieRecordResponse response;
    return Send(&LinksService::TieRecord, request, &response);
  }
  std::vector<std::string> Exchanges(const std::string& subject) {
    tax::v1::ListWrongLinkExchangesRequest request;
    request.set_subject(subject);
    tax::v1::ListWrongLinkExchangesResponse response;
    EXPECT_EQ(Send(&LinksService::ListWrongLinkExchanges, request, &response),
              "");
    std::vector<std::string> ids;
    for (const auto& exchange : response.exchanges()) {
      EXPECT_EQ(exchange.consumer(), "akatsuki/benefits");
      EXPECT_EQ(exchange.affair(), "benefit-tax-exempt");
      ids.push_back(exchange.exchange_id());
    }
    return ids;
  }

  int exchanges_ = 0;
  ManualClock clock_{absl::FromUnixSeconds(1'795'000'000)};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("tax.sqlite"),
                             TaxLedger::Migrations())
          .value();
  std::vector<std::string> told_;
  // "taro?" where the record is doubted, "taro" where it was corrected.
  TellOfRecord tell_ = [this](soci::session&, const std::string& subject,
                              RecordEvent event) {
    told_.push_back(
        absl::StrCat(subject, event == RecordEvent::kDoubted ? "?" : ""));
    return absl::OkStatus();
  };
  TaxLedger ledger_{database_.get(), tell_};
  LinkReviews reviews_{database_.get(), "akatsuki", tell_};
  TarosRegister register_;
  TaxService status_service_{&reviews_, &clock_};
  LinksService links_{&reviews_, &ledger_, &register_, &clock_};
  tax::v1::GetTaxStatusResponse status_;
};

TEST_F(LinksServiceTest, AWrongLinkIsStoppedCorrectedAndTold) {
  const std::string first = NewId();
  ASSERT_EQ(Asked("taro", first), "");
  ASSERT_EQ(Asked("taro", first), "");  // a retry is the same exchange
  clock_.Advance(absl::Seconds(1));
  const std::string second = NewId();
  ASSERT_EQ(Asked("taro", second), "");

  ASSERT_EQ(Report("taro"), "");
  EXPECT_EQ(Asked("taro"), "LINK_UNDER_REVIEW");
  EXPECT_EQ(status_.ByteSizeLong(), 0U);
  EXPECT_EQ(told_, std::vector<std::string>{"taro?"});

  std::string record;
  ASSERT_EQ(Release("taro", &record), "");
  EXPECT_EQ(Asked("taro"), "NOT_A_TAXPAYER");
  EXPECT_EQ(Asked("jiro"), "NOT_A_TAXPAYER");
  ASSERT_EQ(Tie("jiro", record), "");
  EXPECT_EQ(told_, (std::vector<std::string>{"taro?", "taro", "jiro"}));
  ASSERT_EQ(Asked("jiro"), "");
  EXPECT_EQ(status_.arrears_yen(), 184'000);
  EXPECT_EQ(Asked("taro"), "NOT_A_TAXPAYER");

  // Both see what was answered under the wrong link, and nothing else.
  for (const char* person : {"taro", "jiro"}) {
    EXPECT_EQ(Exchanges(person), (std::vector<std::string>{first, second}));
  }
  EXPECT_TRUE(Exchanges("saburo").empty());
  EXPECT_EQ(Tie("saburo", record), "RECORD_UNKNOWN");
}

TEST_F(LinksServiceTest, WhatWasReadAtHomeWasToldUnderTheWrongLinkToo) {
  AssessmentsService assessments(&ledger_, &reviews_, &register_, &clock_);
  const auto read = [&](const std::string& subject) {
    agency::FakeCall call("portal/terminal", "own-request", {"income"},
                          NewId());
    tax::v1::ListAssessmentsRequest request;
    request.set_subject(subject);
    tax::v1::ListAssessmentsResponse response;
    return ReasonOf(agency::FromGrpc(
        assessments.ListAssessments(call.context(), &request, &response)));
  };
  ASSERT_EQ(read("taro"), "");
  ASSERT_EQ(Report("taro"), "");
  EXPECT_EQ(read("taro"), "LINK_UNDER_REVIEW");
  std::string record;
  ASSERT_EQ(Release("taro", &record), "");
  ASSERT_EQ(Tie("jiro", record), "");
  ASSERT_EQ(read("jiro"), "");
  EXPECT_EQ(read("taro"), "NOT_A_TAXPAYER");

  tax::v1::ListWrongLinkExchangesRequest request;
  request.set_subject("jiro");
  tax::v1::ListWrongLinkExchangesResponse listed;
  ASSERT_EQ(Send(&LinksService::ListWrongLinkExchanges, request, &listed), "");
  ASSERT_EQ(listed.exchanges_size(), 1);
  EXPECT_EQ(listed.exchanges(0).consumer(), "portal/terminal");
  EXPECT_EQ(listed.exchanges(0).affair(), "own-request");
}

TEST_F(LinksServiceTest, WhereTheWrongPersonLivesIsNotToldToTheRightOne) {
  for (const char* consumer :
       {"akatsuki/benefits", "yunagi/benefits", "akatsukigaoka/benefits"}) {
    agency::FakeCall call(consumer, "benefit-tax-exempt", {"category"},
                          NewId());
    tax::v1::GetTaxStatusRequest request;
    request.set_subject("taro");
    ASSERT_TRUE(
        status_service_.GetTaxStatus(call.context(), &request, &status_).ok());
    clock_.Advance(absl::Seconds(1));
  }
  ASSERT_EQ(Report("taro"), "");
  std::string record;
  ASSERT_EQ(Release("taro", &record), "");
  ASSERT_EQ(Tie("jiro", record), "");

  const auto consumers = [this](const std::string& person) {
    tax::v1::ListWrongLinkExchangesRequest request;
    request.set_subject(person);
    tax::v1::ListWrongLinkExchangesResponse listed;
    EXPECT_EQ(Send(&LinksService::ListWrongLinkExchanges, request, &listed),
              "");
    std::vector<std::string> all;
    for (const auto& exchange : listed.exchanges())
      all.push_back(exchange.consumer());
    return all;
  };
  EXPECT_EQ(consumers("taro"),
            (std::vector<std::string>{"akatsuki/benefits", "yunagi/benefits",
                                      "akatsukigaoka/benefits"}));
  EXPECT_EQ(consumers("jiro"),
            (std::vector<std::string>{"akatsuki/benefits", "", ""}));
}

TEST_F(LinksServiceTest, ACheckComparesThePaperWithTheRegister) {
  bool consistent = false;
  ASSERT_EQ(Check("カクウ　タロウ", "1981-01-15", &consistent), "");
  EXPECT_TRUE(consistent);
  EXPECT_EQ(register_.asked, absl::CivilDay(2026, 1, 1));
  for (const char* written : {"ｶｸｳ ﾀﾛｳ", "かくう たろう", "カクウタロウ"}) {
    ASSERT_EQ(Check(written, "1981-01-15", &consistent), "");
    EXPECT_TRUE(consistent) << written;
  }
  EXPECT_EQ(Asked("taro"), "");

  register_.answer = agency::Refusal(absl::StatusCode::kUnavailable,
                                     "RESIDENCE_UNKNOWN", "no");
  EXPECT_EQ(Check("カクウ　ジロウ", "1981-01-15", &consistent),
            "RESIDENCE_UNKNOWN");
  EXPECT_EQ(Asked("taro"), "");

  register_.answer = ResidenceSource::Resident{"カクウ　タロウ", "1981-01-15"};
  ASSERT_EQ(Check("カクウ　タロウ", "1981-01-16", &consistent), "");
  EXPECT_FALSE(consistent);
  EXPECT_EQ(Asked("taro"), "LINK_UNDER_REVIEW");
}

TEST_F(LinksServiceTest, WhoIsNotInTheRegisterIsNotTheOne) {
  register_.answer = std::optional<ResidenceSource::Resident>();
  bool consistent = true;
  ASSERT_EQ(Check("カクウ　タロウ", "1981-01-15", &consistent), "");
  EXPECT_FALSE(consistent);
  EXPECT_EQ(Asked("taro"), "LINK_UNDER_REVIEW");
}

TEST_F(LinksServiceTest, ALinkThatWasRightIsProvidedAgain) {
  ASSERT_EQ(Report("taro"), "");
  ASSERT_EQ(Report("taro"), "");  // twice is once
  ASSERT_EQ(Confirm("taro"), "");
  EXPECT_EQ(Asked("taro"), "");
  EXPECT_EQ(Confirm("taro"), "NOT_UNDER_REVIEW");
  EXPECT_TRUE(Exchanges("taro").empty());
  EXPECT_EQ(told_, std::vector<std::string>{"taro?"}) << "once";
}

TEST_F(LinksServiceTest, AYearIsReleasedByItselfAndTheOwnOnesStay) {
  // Taro's 2025 is his own, 2026 is jiro's, who has a 2025 of his own.
  const auto assess = [this](const std::string& subject, int year) {
    agency::CallContext call;
    call.consumer = "akatsuki/counter";
    call.exchange_id = NewId();
    tax::v1::AssessRequest request;
    request.set_subject(subject);
    request.set_fiscal_year(year);
    ASSERT_TRUE(ledger_.Assess(call, request, clock_.Now()).ok());
  };
  assess("taro", 2025);
  assess("jiro", 2025);
  const auto asked = [this](const std::string& subject, int year) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt",
                          {"category"}, NewId());
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(subject);
    request.set_fiscal_year(year);
    return ReasonOf(agency::FromGrpc(
        status_service_.GetTaxStatus(call.context(), &request, &status_)));
  };
  ASSERT_EQ(asked("taro", 2025), "");
  const std::string wrong = NewId();
  ASSERT_EQ(Asked("taro", wrong), "");  // the latest: 2026

  ASSERT_EQ(Report("taro"), "");
  std::string record;
  EXPECT_EQ(Release("taro", &record, {2026, 2024}), "NOT_A_TAXPAYER");
  EXPECT_EQ(asked("taro", 2025), "LINK_UNDER_REVIEW") << "nothing was done";
  ASSERT_EQ(Release("taro", &record, {2026}), "");
  EXPECT_EQ(asked("taro", 2025), "");
  EXPECT_EQ(asked("taro", 2026), "NOT_A_TAXPAYER");
  ASSERT_EQ(Tie("jiro", record), "");
  EXPECT_EQ(asked("jiro", 2026), "");
  EXPECT_EQ(asked("jiro", 2025), "");
  for (const char* person : {"taro", "jiro"}) {
    EXPECT_EQ(Exchanges(person), std::vector<std::string>{wrong})
        << "his own year was no mistake";
  }
}

TEST_F(LinksServiceTest, ADeathOfTheWrongOneEndsNoYearOfTheRightOne) {
  const auto died = [this](const std::string& subject) {
    return database_->Write([&](soci::session& sql) {
      return ledger_.HearOfDeath(sql, subject, "2025-12-31", clock_.Now());
    });
  };
  ASSERT_EQ(Report("taro"), "");
  ASSERT_TRUE(died("taro").ok());
  std::string record;
  ASSERT_EQ(Release("taro", &record), "");
  ASSERT_EQ(Tie("jiro", record), "");
  EXPECT_EQ(Asked("jiro"), "") << "he lives";
  ASSERT_TRUE(died("jiro").ok());
  EXPECT_EQ(Asked("jiro"), "NOT_A_TAXPAYER");
}

TEST_F(LinksServiceTest, WhatIsNotThereIsNotReviewedNorReleased) {
  EXPECT_EQ(Report("jiro"), "NOT_A_TAXPAYER");
  std::string record;
  EXPECT_EQ(Release("taro", &record), "NOT_UNDER_REVIEW");
  EXPECT_EQ(record, "");
  EXPECT_EQ(Tie("jiro", "no such record"), "RECORD_UNKNOWN");
  EXPECT_EQ(Asked("taro"), "");
}

TEST_F(LinksServiceTest, ARecordIsNotTiedBesideAnother) {
  ASSERT_EQ(Report("taro"), "");
  std::string record;
  ASSERT_EQ(Release("taro", &record), "");
  agency::CallContext call;
  call.consumer = "akatsuki/counter";
  call.exchange_id = NewId();
  tax::v1::AssessRequest own;
  own.set_subject("jiro");
  own.set_fiscal_year(2026);
  ASSERT_TRUE(ledger_.Assess(call, own, clock_.Now()).ok());
  EXPECT_EQ(Tie("jiro", record), "ALREADY_ASSESSED");
  EXPECT_EQ(Asked("jiro"), "");
  EXPECT_EQ(status_.arrears_yen(), 0);
}

}  // namespace
}  // namespace psm
