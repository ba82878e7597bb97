// 39. A tax record tied to the wrong person (紐付け誤り): found or reported, it
// is provided to nobody from that moment; it goes to whose it is, under that
// person's own code; both read what was answered from it, and who used it
// hears.
#include <set>
#include <string>
#include <vector>

#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "psm/tax/v1/links.grpc.pb.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using benefits::v1::PaymentRunService;
using tax::v1::GetTaxStatusResponse;
using tax::v1::LinksService;
using Decision = benefits::v1::ConfirmApplicationResponse;

constexpr char kTax[] = "akatsuki/tax";
constexpr char kOfficer[] = "akatsuki/counter";
constexpr char kOtherTown[] = "yunagi/counter";
constexpr char kLinkCheck[] = "link-check";

class WrongLinkage : public Lives {
 protected:
  static void SetUpTestSuite() { StartFollowed({}, {kBenefits}); }

  static std::string CodeOf(const std::string& person,
                            const std::string& agency = "akatsuki") {
    return mesh().Person(person).CodeAt(agency);
  }
  // A call to a town's LinksService about somebody by the caller's own code.
  template <typename Request, typename Method>
  static auto Links(const std::string& caller, Method method, Request request,
                    const std::string& affair = kLinkCheck,
                    const std::string& tax = kTax) {
    return mesh().Client(caller).Call(
        method, {.affair = affair, .provider = tax}, request);
  }
  static auto Check(const std::string& person, const std::string& kana,
                    const std::string& birth_date) {
    tax::v1::CheckLinkRequest request;
    request.set_subject(CodeOf(person));
    request.set_kana(kana);
    request.set_birth_date(birth_date);
    return Links(kOfficer, &LinksService::Stub::CheckLink, request);
  }
  static auto Report(const std::string& caller, const std::string& code,
                     const std::string& affair, const std::string& tax) {
    tax::v1::ReportWrongLinkRequest request;
    request.set_subject(code);
    return Links(caller, &LinksService::Stub::ReportWrongLink, request, affair,
                 tax);
  }
  static auto Release(const std::string& caller, const std::string& code) {
    tax::v1::ReleaseRecordRequest request;
    request.set_subject(code);
    return Links(caller, &LinksService::Stub::ReleaseRecord, request);
  }
  static auto Tie(const std::string& caller, const std::string& code,
                  const std::string& record_id,
                  const std::string& affair = kLinkCheck) {
    tax::v1::TieRecordRequest request;
    request.set_subject(code);
    request.set_record_id(record_id);
    return Links(caller, &LinksService::Stub::TieRecord, request, affair);
  }
  // What a person is shown as answered under the wrong link.
  static std::set<std::string> Listed(const std::string& person) {
    tax::v1::ListWrongLinkExchangesRequest request;
    request.set_subject(CodeOf(person, "portal"));
    const auto list =
        Links(kTerminal, &LinksService::Stub::ListWrongLinkExchanges, request,
              "own-request");
    EXPECT_TRUE(list.status.ok()) << list.status;
    std::set<std::string> ids;
    for (const auto& exchange : list->exchanges()) {
      EXPECT_EQ(exchange.consumer(), kBenefits);
      EXPECT_EQ(exchange.affair(), kBenefitAffair);
      ids.insert(exchange.exchange_id());
    }
    return ids;
  }
  static auto Apply(const std::string& person) {
    benefits::v1::StartApplicationRequest apply;
    apply.set_subject(CodeOf(person, "portal"));
    apply.set_programme("tax-exempt-2026");
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::StartApplication, {.affair = "own-request"},
        apply);
  }
  static auto Confirm(const std::string& person,
                      const std::string& application) {
    benefits::v1::ConfirmApplicationRequest request;
    request.set_subject(CodeOf(person, "portal"));
    request.set_application_id(application);
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::ConfirmApplication, {.affair = "own-request"},
        request);
  }
  static bool WaitsForReexamination(const std::string& application) {
    const auto list = mesh().Client(kOffice).Call(
        &PaymentRunService::Stub::ListReexaminations,
        {.affair = kBenefitAffair}, benefits::v1::ListReexaminationsRequest());
    for (const auto& one : list->reexaminations())
      if (one.application_id() == application) return true;
    return false;
  }
  static TaxReply Ask(const std::string& person) {
    return AskTax(mesh(), person, {.provider = kTax});
  }
  // Who was told, of whom, that a record was corrected, or is in doubt.
  static std::set<std::string> Told(const std::string& person,
                                    const char* event = "record_corrected") {
    return ToldOf(mesh(), person, event);
  }
  // A call that nobody agreed to, and that stands in the log as refused.
  static void ExpectForbidden(const CallReport& report, const char* who) {
    EXPECT_EQ(ReasonOf(report.status), "NO_AGREEMENT") << who;
    const Record record = OnlyRecord(
        mesh(), {.exchange_id = report.exchange_id, .consumer = who});
    EXPECT_EQ(record.kind(), Record::REFUSAL) << who;
    EXPECT_EQ(record.reason(), "NO_AGREEMENT") << who;
  }

  static constexpr char kOffice[] = "akatsuki/office";
};

TEST_F(WrongLinkage, FoundStoppedCorrectedAndToldToWhomItConcerns) {
  // Aoi's form, and another question of the office, rest on her namesake's
  // record.
  const auto form = Apply("aoi");
  ASSERT_TRUE(form.status.ok()) << form.status;
  std::set<std::string> wrong;
  for (const auto& source : form->sources()) {
    if (source.provider() == kTax) wrong.insert(source.exchange_id());
  }
  ASSERT_EQ(wrong.size(), 1u);
  const TaxReply before = Ask("aoi");
  ASSERT_TRUE(before.status.ok()) << before.status;
  EXPECT_EQ(before->category(), GetTaxStatusResponse::TAXED);
  wrong.insert(before.exchange_id);
  EXPECT_EQ(ReasonOf(Ask("namesake").status), "NOT_A_TAXPAYER")
      << "whose it is has none";

  // Who may not, neither reports nor corrects, and stops nothing by trying.
  ExpectForbidden(Report(kOtherTown, CodeOf("aoi", "yunagi"), kLinkCheck, kTax),
                  kOtherTown);
  ExpectForbidden(Report(kYunagiTax, CodeOf("aoi", "yunagi"), kLinkCheck, kTax),
                  kYunagiTax);
  ExpectForbidden(Report(kBenefits, CodeOf("aoi"), kBenefitAffair, kTax),
                  kBenefits);
  EXPECT_EQ(ReasonOf(Release(kOfficer, CodeOf("aoi")).status),
            "NOT_UNDER_REVIEW")
      << "not even the officer, before anybody doubted it";
  const auto home = Household("yunagi", "namesake");
  const auto own = Household("akatsuki", "aoi");
  ASSERT_TRUE(home.status.ok() && own.status.ok());
  const residents::v1::Member* hers = nullptr;
  const residents::v1::Member* namesakes = nullptr;
  for (const auto& member : own->members())
    if (member.subject() == CodeOf("aoi")) hers = &member;
  for (const auto& member : home->members())
    if (member.subject() == CodeOf("namesake", "yunagi")) namesakes = &member;
  ASSERT_TRUE(hers != nullptr && namesakes != nullptr);
  const auto consistent = Check("aoi", hers->kana(), hers->birth_date());
  ASSERT_TRUE(consistent.status.ok()) << consistent.status;
  EXPECT_TRUE(consistent->consistent());
  const TaxReply meanwhile = Ask("aoi");
  ASSERT_TRUE(meanwhile.status.ok()) << "a check that finds nothing";
  wrong.insert(meanwhile.exchange_id);

  // The paper is another's. From this answer on nothing is provided.
  const auto found = Check("aoi", namesakes->kana(), namesakes->birth_date());
  ASSERT_TRUE(found.status.ok()) << found.status;
  EXPECT_FALSE(found->consistent());
  const TaxReply stopped = Ask("aoi");
  EXPECT_EQ(ReasonOf(stopped.status), "LINK_UNDER_REVIEW");
  const Record refusal = OnlyRecord(mesh(), {.exchange_id = stopped.exchange_id,
                                             .consumer = kBenefits,
                                             .person = "aoi"});
  EXPECT_EQ(refusal.kind(), Record::REFUSAL);
  EXPECT_EQ(refusal.reason(), "LINK_UNDER_REVIEW");
  EXPECT_TRUE(Released(refusal).empty());
  EXPECT_EQ(ReasonOf(Apply("aoi").status), "EVIDENCE_MISSING");
  // Nor is anything decided on what was provided before.
  ASSERT_TRUE(
      Await([&] { return WaitsForReexamination(form->application_id()); }));
  EXPECT_EQ(Told("aoi", "record_doubted"), std::set<std::string>{kBenefits});
  EXPECT_EQ(ReasonOf(Confirm("aoi", form->application_id()).status),
            "REEXAMINATION_PENDING");
  EXPECT_TRUE(Told("aoi").empty()) << "nothing is corrected yet";
  ASSERT_TRUE(mesh().RestartSystem(kTax).ok());
  EXPECT_EQ(ReasonOf(Ask("aoi").status), "LINK_UNDER_REVIEW")
      << "a restart forgets nothing";

  // The officer of this town corrects it; others do not.
  ExpectForbidden(Release(kOtherTown, CodeOf("aoi", "yunagi")), kOtherTown);
  const auto released = Release(kOfficer, CodeOf("aoi"));
  ASSERT_TRUE(released.status.ok()) << released.status;
  // The code that it was found under leads to it no more, nor does any other
  // until it is tied.
  EXPECT_EQ(ReasonOf(Ask("aoi").status), "NOT_A_TAXPAYER");
  EXPECT_EQ(ReasonOf(Ask("namesake").status), "NOT_A_TAXPAYER");
  ExpectForbidden(Tie(kTerminal, CodeOf("aoi", "portal"), released->record_id(),
                      "own-request"),
                  kTerminal);
  EXPECT_EQ(ReasonOf(Tie(kOfficer, CodeOf("namesake"), NewExchangeId()).status),
            "RECORD_UNKNOWN");
  const auto tied = Tie(kOfficer, CodeOf("namesake"), released->record_id());
  ASSERT_TRUE(tied.status.ok()) << tied.status;
  EXPECT_EQ(
      ReasonOf(Tie(kOfficer, CodeOf("aoi"), released->record_id()).status),
      "RECORD_UNKNOWN")
      << "tied once";

  // It answers under the namesake's own code alone.
  EXPECT_NE(CodeOf("namesake"), CodeOf("aoi"));
  const TaxReply right = Ask("namesake");
  ASSERT_TRUE(right.status.ok()) << right.status;
  EXPECT_EQ(right->category(), before->category());
  const TaxReply old_code = Ask("aoi");
  EXPECT_EQ(ReasonOf(old_code.status), "NOT_A_TAXPAYER");
  EXPECT_TRUE(Released(OnlyRecord(mesh(), {.exchange_id = old_code.exchange_id,
                                           .consumer = kBenefits}))
                  .empty());

  // Each reads in her own history what was done about her.
  for (const auto& [person, exchange] :
       {std::pair<std::string, std::string>("aoi", released.exchange_id),
        {"namesake", tied.exchange_id}}) {
    bool shown = false;
    for (const Record& record : OwnHistory(mesh(), person))
      shown |=
          record.exchange_id() == exchange && record.kind() == Record::EXCHANGE;
    EXPECT_TRUE(shown) << person;
  }
  // Both are shown every answer of that time, and no other: not what was
  // refused, nor what came after. Somebody else is shown none.
  EXPECT_EQ(Listed("aoi"), wrong);
  EXPECT_EQ(Listed("namesake"), wrong);
  EXPECT_EQ(Listed("fumie"), std::set<std::string>());
  for (const std::string& id : wrong) {
    const Record record = OnlyRecord(mesh(), {.exchange_id = id,
                                              .consumer = kBenefits,
                                              .provider = kTax,
                                              .person = "aoi"});
    EXPECT_EQ(record.kind(), Record::EXCHANGE) << id;
  }

  // The office that used it hears of both, and nobody else does.
  for (const char* person : {"aoi", "namesake"}) {
    EXPECT_TRUE(Await([&] { return !Told(person).empty(); })) << person;
    EXPECT_EQ(Told(person), std::set<std::string>{kBenefits}) << person;
  }
  ASSERT_TRUE(
      Await([&] { return WaitsForReexamination(form->application_id()); }));
  EXPECT_EQ(ReasonOf(Confirm("aoi", form->application_id()).status),
            "REEXAMINATION_PENDING")
      << "who decides on the wrong value after all";

  // Her own year is determined, the office asks again, and she is paid.
  tax::v1::AssessRequest assess;
  assess.set_subject(CodeOf("aoi"));
  assess.set_fiscal_year(before->fiscal_year());
  assess.mutable_circumstances()->set_income_yen(0);
  const auto assessed = mesh().Client(kOfficer).Call(
      &tax::v1::AssessmentsService::Stub::Assess,
      {.affair = "residence-tax", .provider = kTax}, assess);
  ASSERT_TRUE(assessed.status.ok()) << assessed.status;
  benefits::v1::ReexamineApplicationRequest reexamine;
  reexamine.set_subject(CodeOf("aoi"));
  reexamine.set_application_id(form->application_id());
  const auto again = mesh().Client(kOffice).Call(
      &PaymentRunService::Stub::ReexamineApplication,
      {.affair = kBenefitAffair}, reexamine);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->changed_values(), 1);
  const auto decision = Confirm("aoi", form->application_id());
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::GRANTED);
  EXPECT_EQ(Listed("aoi"), wrong) << "what is right is not listed";
}

// Reported by the person herself, and unfounded: nothing is provided until an
// officer of that town says that it is hers.
TEST_F(WrongLinkage, AReportStopsProvisionUntilAnOfficerConfirms) {
  ASSERT_TRUE(AskTax(mesh()).status.ok());
  ASSERT_TRUE(
      Report(kTerminal, CodeOf("hanako", "portal"), "own-request", kYunagiTax)
          .status.ok());
  EXPECT_EQ(ReasonOf(AskTax(mesh()).status), "LINK_UNDER_REVIEW");
  tax::v1::ConfirmLinkRequest confirm;
  const auto confirms = [&](const std::string& caller,
                            const std::string& agency,
                            const std::string& affair) {
    confirm.set_subject(CodeOf("hanako", agency));
    return Links(caller, &LinksService::Stub::ConfirmLink, confirm, affair,
                 kYunagiTax);
  };
  ExpectForbidden(confirms(kTerminal, "portal", "own-request"), kTerminal);
  ExpectForbidden(confirms(kOfficer, "akatsuki", kLinkCheck), kOfficer);
  EXPECT_EQ(ReasonOf(AskTax(mesh()).status), "LINK_UNDER_REVIEW");
  const auto confirmed = confirms(kOtherTown, "yunagi", kLinkCheck);
  ASSERT_TRUE(confirmed.status.ok()) << confirmed.status;
  EXPECT_TRUE(AskTax(mesh()).status.ok());
  EXPECT_EQ(Listed("hanako"), std::set<std::string>())
      << "nothing was wrong, so nothing is listed";
}

}  // namespace
}  // namespace psm::testing
