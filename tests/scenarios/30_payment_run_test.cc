// 30. A benefit for a municipality of a thousand: nobody is paid unasked, what
// is shown may be refused, and what the bank returns is paid elsewhere.
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "certs/mesh_authority.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using accounts::v1::AccountsService;
using benefits::v1::BenefitsService;
using benefits::v1::Notice;
using benefits::v1::PaymentRunService;
using Decision = benefits::v1::ConfirmApplicationResponse;

constexpr char kTerminal[] = "portal/terminal";
constexpr char kOffice[] = "akatsuki/office";
constexpr char kAccounts[] = "accounts/accounts";
constexpr char kProgramme[] = "tax-exempt-2026";

class PaymentRuns : public Scenario {
 protected:
  // Of ten residents six live in Akatsuki.
  static void SetUpTestSuite() { StartMesh({.residents = 1800}); }

  static std::string Own(const std::string& person) {
    return mesh().Person(person).CodeAt("portal");
  }
  template <typename Method, typename Request>
  static auto AsCitizen(Method method, const Request& request,
                        const std::string& affair = "own-request") {
    return mesh().Client(kTerminal).Call(method, {.affair = affair}, request);
  }
  template <typename Method, typename Request>
  static auto AsOfficer(Method method, const Request& request) {
    return mesh().Client(kOffice).Call(
        method, {.affair = kBenefitAffair, .provider = kBenefits}, request);
  }
  static auto Start(const std::string& person) {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(Own(person));
    request.set_programme(kProgramme);
    return AsCitizen(&BenefitsService::Stub::StartApplication, request);
  }
  static auto Confirm(const std::string& person, const std::string& id,
                      const std::string& refused = "") {
    benefits::v1::ConfirmApplicationRequest request;
    request.set_subject(Own(person));
    request.set_application_id(id);
    if (!refused.empty()) request.add_refused_datasets(refused);
    return AsCitizen(&BenefitsService::Stub::ConfirmApplication, request);
  }
  static auto Retry(const std::string& person, const std::string& id) {
    benefits::v1::RetryPaymentRequest request;
    request.set_subject(Own(person));
    request.set_application_id(id);
    return AsCitizen(&BenefitsService::Stub::RetryPayment, request);
  }
  static std::string PaymentFile(const std::string& name) {
    std::ifstream in(
        absl::StrCat(mesh().folder().root(), "/files/akatsuki/benefits/", name),
        std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static auto Return(const std::string& file) {
    benefits::v1::TakeReturnFileRequest request;
    request.set_file(file);
    return AsOfficer(&PaymentRunService::Stub::TakeReturnFile, request);
  }
  static auto Register(const std::string& person, const std::string& number) {
    accounts::v1::RegisterAccountRequest request;
    request.set_subject(Own(person));
    accounts::v1::Account& account = *request.mutable_account();
    account.set_bank_code("9990");
    account.set_branch_code("001");
    account.set_type(accounts::v1::Account::ORDINARY);
    account.set_number(number);
    account.set_holder_kana(mesh().Person(person).persona().kana());
    return AsCitizen(&AccountsService::Stub::RegisterAccount, request,
                     "account-registration");
  }
  static benefits::v1::GetPaymentRunResponse AwaitRun(const std::string& id) {
    benefits::v1::GetPaymentRunRequest request;
    request.set_run_id(id);
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(100);
    for (;;) {
      const auto run =
          AsOfficer(&PaymentRunService::Stub::GetPaymentRun, request);
      EXPECT_TRUE(run.status.ok()) << run.status;
      if (!run.status.ok() || run->has_pay_after_time() ||
          mesh().clock().Monotonic() > deadline)
        return run.message;
    }
  }
  // The mesh's systems with certificates that outlive the time to object.
  static void ProlongCertificates() {
    const SystemClock clock;
    const auto authority =
        *pki::MeshAuthority::Open(mesh().folder().root(), clock);
    for (const pki::IdentityStatus& status : authority->StatusOfAll())
      ASSERT_TRUE(authority->Issue(status.system, absl::Hours(72), true).ok());
  }
};

TEST_F(PaymentRuns, WhoEverIsEligibleIsToldAndPaidUnlessItIsRefused) {
  benefits::v1::StartPaymentRunRequest start;
  start.set_programme(kProgramme);
  start.set_objection_days(1);
  // A citizen starts no run, and an officer's word opens nothing else.
  EXPECT_EQ(
      ReasonOf(
          AsCitizen(&PaymentRunService::Stub::StartPaymentRun, start).status),
      "NO_AGREEMENT");
  const auto run = AsOfficer(&PaymentRunService::Stub::StartPaymentRun, start);
  ASSERT_TRUE(run.status.ok()) << run.status;
  EXPECT_GT(run->households(), 300);
  const auto counts = AwaitRun(run->run_id());
  EXPECT_EQ(counts.pending(), 0);
  EXPECT_EQ(counts.failed(), 0);
  EXPECT_GT(counts.notified(), 10);
  EXPECT_GT(counts.not_eligible(), 10);
  EXPECT_EQ(
      counts.notified() + counts.not_eligible() + counts.without_account(),
      run->households());
  // Misaki is taxed: that was asked, and her account was nobody's business.
  EXPECT_FALSE(
      mesh().Records({.consumer = kBenefits, .person = "misaki"})->empty());
  EXPECT_TRUE(mesh()
                  .Records({.consumer = kBenefits,
                            .provider = kAccounts,
                            .person = "misaki"})
                  ->empty());

  // Hanako reads what is to be used, from whom, and wants none of it.
  benefits::v1::ListNoticesRequest list;
  list.set_subject(Own("hanako"));
  auto notices = AsCitizen(&BenefitsService::Stub::ListNotices, list);
  ASSERT_TRUE(notices.status.ok()) << notices.status;
  ASSERT_EQ(notices->notices_size(), 1);
  EXPECT_EQ(notices->notices(0).state(), Notice::ANNOUNCED);
  EXPECT_EQ(notices->notices(0).amount_yen(), 100'000);
  for (const auto& field : notices->notices(0).fields())
    EXPECT_NE(field.provider(), "") << field.field().id();
  benefits::v1::ObjectToPaymentRequest object;
  object.set_run_id(run->run_id());
  object.set_subject(Own("taro"));
  EXPECT_EQ(
      ReasonOf(
          AsCitizen(&BenefitsService::Stub::ObjectToPayment, object).status),
      "NOTICE_UNKNOWN");
  object.set_subject(Own("hanako"));
  EXPECT_TRUE(
      AsCitizen(&BenefitsService::Stub::ObjectToPayment, object).status.ok());

  benefits::v1::PayRunRequest pay;
  pay.set_run_id(run->run_id());
  EXPECT_EQ(ReasonOf(AsOfficer(&PaymentRunService::Stub::PayRun, pay).status),
            "OBJECTION_PERIOD_RUNNING");
  ProlongCertificates();
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  mesh().AdvanceClock(absl::Hours(25));
  auto paid = AsOfficer(&PaymentRunService::Stub::PayRun, pay);
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(60);
  while (!paid.status.ok() && mesh().clock().Monotonic() < deadline)
    paid = AsOfficer(&PaymentRunService::Stub::PayRun, pay);
  ASSERT_TRUE(paid.status.ok()) << paid.status;
  EXPECT_EQ(paid->payments(), counts.notified() - 1);
  EXPECT_EQ(paid->sum_yen(), 100'000 * (counts.notified() - 1));
  EXPECT_EQ(PaymentFile(paid->payment_file()).size(),
            122u * static_cast<unsigned>(counts.notified() - 1 + 3));
  notices = AsCitizen(&BenefitsService::Stub::ListNotices, list);
  ASSERT_EQ(notices->notices_size(), 1);
  EXPECT_EQ(notices->notices(0).state(), Notice::OBJECTED);
}

TEST_F(PaymentRuns, WhatSheRefusesIsNotUsedAndWhatComesBackIsPaidElsewhere) {
  // The preview, refused: nothing is decided, and she takes it back.
  auto form = Start("hanako");
  ASSERT_TRUE(form.status.ok()) << form.status;
  EXPECT_EQ(ReasonOf(Confirm("fumie", form->application_id()).status),
            "APPLICATION_UNKNOWN");
  auto decision = Confirm("hanako", form->application_id(), "accounts");
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::WAITING);
  ASSERT_EQ(decision->missing_papers_size(), 1);
  benefits::v1::WithdrawApplicationRequest withdraw;
  withdraw.set_subject(Own("hanako"));
  withdraw.set_application_id(form->application_id());
  ASSERT_TRUE(AsCitizen(&BenefitsService::Stub::WithdrawApplication, withdraw)
                  .status.ok());
  EXPECT_EQ(ReasonOf(Confirm("hanako", form->application_id()).status),
            "APPLICATION_WITHDRAWN");

  // And accepted.
  form = Start("hanako");
  ASSERT_TRUE(form.status.ok()) << form.status;
  decision = Confirm("hanako", form->application_id());
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::GRANTED);
  ASSERT_EQ(decision->outcomes_size(), 1);
  EXPECT_TRUE(decision->outcomes(0).fulfilled());

  // The bank returns it. A forged return opens nothing.
  const std::string sent = PaymentFile(decision->payment_file());
  ASSERT_EQ(sent.size(), 4 * 122u);
  std::string forged = sent;
  forged[122 + 44] = static_cast<char>(forged[122 + 44] == '9' ? '8' : '9');
  EXPECT_EQ(ReasonOf(Return(forged).status), "TRANSFER_UNKNOWN");
  const auto taken = Return(sent);
  ASSERT_TRUE(taken.status.ok()) << taken.status;
  EXPECT_EQ(taken->returned(), 1);
  EXPECT_EQ(taken->unreported(), 0);
  const AccountReply closed =
      AskAccount(mesh(), kBenefits, mesh().Person("hanako").CodeAt("akatsuki"));
  EXPECT_EQ(ReasonOf(closed.status), "ACCOUNT_CLOSED");
  EXPECT_EQ(ReasonOf(Retry("hanako", form->application_id()).status),
            "EVIDENCE_MISSING");
  const auto registered = Register("hanako", "7654321");
  ASSERT_TRUE(registered.status.ok()) << registered.status;
  const auto again = Retry("hanako", form->application_id());
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->amount_yen(), 100'000);
  EXPECT_NE(PaymentFile(again->payment_file()).find("17654321"),
            std::string::npos);
  EXPECT_EQ(PaymentFile(decision->payment_file()), sent) << "sent is sent";
}

}  // namespace
}  // namespace psm::testing
