// 35. A person's tax record is wrong: she says so, an officer corrects it, and
// the office that had the wrong value decides on nothing before it has asked
// again.
#include <string>
#include <vector>

#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "psm/tax/v1/corrections.grpc.pb.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using benefits::v1::PaymentRunService;
using tax::v1::CorrectionRequest;
using tax::v1::CorrectionsService;
using Decision = benefits::v1::ConfirmApplicationResponse;

constexpr char kOffice[] = "akatsuki/office";

class Correction : public Lives {
 protected:
  static void SetUpTestSuite() { StartFollowed({}, {kBenefits}); }

  static std::string AtPortal() {
    return mesh().Person("hanako").CodeAt("portal");
  }
  // Her newest assessment.
  static tax::v1::Assessment Newest() {
    tax::v1::ListAssessmentsRequest request;
    request.set_subject(AtPortal());
    const auto listed = mesh().Client(kTerminal).Call(
        &tax::v1::AssessmentsService::Stub::ListAssessments,
        {.affair = "own-request", .provider = kYunagiTax}, request);
    EXPECT_TRUE(listed.status.ok()) << listed.status;
    return listed->assessments_size() > 0 ? listed->assessments(0)
                                          : tax::v1::Assessment();
  }
  // The wrong thing is in her favour, and she says so all the same.
  static auto Request() {
    tax::v1::RequestCorrectionRequest request;
    request.set_subject(AtPortal());
    request.set_fiscal_year(Newest().fiscal_year());
    request.set_statement("前年の給与所得が一件もれている");
    request.mutable_wanted()->set_income_yen(4'300'000);
    return mesh().Client(kTerminal).Call(
        &CorrectionsService::Stub::RequestCorrection,
        {.affair = "own-request", .provider = kYunagiTax}, request);
  }
  static auto Decide(const std::string& counter, const std::string& id,
                     const std::string& etag) {
    tax::v1::DecideCorrectionRequest request;
    request.set_subject(
        mesh().Person("hanako").CodeAt(counter.substr(0, counter.find('/'))));
    request.set_request_id(id);
    request.set_decision(CorrectionRequest::ACCEPTED);
    request.set_grounds("給与支払報告書により確認した");
    request.set_etag(etag);
    return mesh().Client(counter).Call(
        &CorrectionsService::Stub::DecideCorrection,
        {.affair = "correct-data", .provider = kYunagiTax}, request);
  }
  static auto Confirm(const std::string& application) {
    benefits::v1::ConfirmApplicationRequest request;
    request.set_subject(AtPortal());
    request.set_application_id(application);
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::ConfirmApplication, {.affair = "own-request"},
        request);
  }
};

TEST_F(Correction, WhatWasWrongIsCorrectedAndWhoUsedItAsksAgain) {
  benefits::v1::StartApplicationRequest apply;
  apply.set_subject(AtPortal());
  apply.set_programme("tax-exempt-2026");
  const auto form =
      mesh().Client(kTerminal).Call(&BenefitsService::Stub::StartApplication,
                                    {.affair = "own-request"}, apply);
  ASSERT_TRUE(form.status.ok()) << form.status;

  const auto requested = Request();
  ASSERT_TRUE(requested.status.ok()) << requested.status;
  EXPECT_EQ(ReasonOf(Request().status), "CORRECTION_PENDING");
  const std::string etag = Newest().etag();
  // Another town's clerk decides nothing here.
  EXPECT_EQ(
      ReasonOf(
          Decide("akatsuki/counter", requested->request_id(), etag).status),
      "NO_AGREEMENT");
  const auto decided = Decide("yunagi/counter", requested->request_id(), etag);
  ASSERT_TRUE(decided.status.ok()) << decided.status;
  EXPECT_EQ(Newest().circumstances().income_yen(), 4'300'000);

  // She reads the decision, why, and who had had the wrong value.
  tax::v1::ListCorrectionRequestsRequest list;
  list.set_subject(AtPortal());
  const auto listed = mesh().Client(kTerminal).Call(
      &CorrectionsService::Stub::ListCorrectionRequests,
      {.affair = "own-request", .provider = kYunagiTax}, list);
  ASSERT_TRUE(listed.status.ok()) << listed.status;
  ASSERT_EQ(listed->requests_size(), 1);
  EXPECT_EQ(listed->requests(0).state(), CorrectionRequest::ACCEPTED);
  EXPECT_NE(listed->requests(0).grounds(), "");
  ASSERT_EQ(listed->requests(0).given_to_size(), 1);
  EXPECT_EQ(listed->requests(0).given_to(0), kBenefits);

  // The office has heard: it decides on nothing before it has asked again.
  const auto told = mesh().AwaitRecords({.consumer = kBenefits,
                                         .provider = kYunagiTax,
                                         .method = "Subscribe",
                                         .person = "hanako",
                                         .kind = Record::EXCHANGE});
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(Released(told->front()),
            std::vector<std::string>{"record_corrected"});
  const auto waiting = [] {
    return mesh().Client(kOffice).Call(
        &PaymentRunService::Stub::ListReexaminations,
        {.affair = kBenefitAffair}, benefits::v1::ListReexaminationsRequest());
  };
  ASSERT_TRUE(Await([&] { return waiting()->reexaminations_size() == 1; }));
  EXPECT_EQ(waiting()->reexaminations(0).application_id(),
            form->application_id());
  EXPECT_EQ(ReasonOf(Confirm(form->application_id()).status),
            "REEXAMINATION_PENDING");
  benefits::v1::ReexamineApplicationRequest reexamine;
  reexamine.set_subject(mesh().Person("hanako").CodeAt("akatsuki"));
  reexamine.set_application_id(form->application_id());
  const auto again = mesh().Client(kOffice).Call(
      &PaymentRunService::Stub::ReexamineApplication,
      {.affair = kBenefitAffair}, reexamine);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->changed_values(), 1);
  const auto decision = Confirm(form->application_id());
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::DENIED) << "she is taxed";
}

}  // namespace
}  // namespace psm::testing
