#include "services/benefits/payment_run.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/test_office.h"
#include "services/benefits/test_runs.h"

namespace psm {
namespace {

using benefits::v1::GetPaymentRunResponse;
using benefits::v1::Notice;
using benefits::v1::PayRunResponse;

// A town of households of one, each head named by a number: those with an odd
// one are taxed, every tenth has no account. Of head-13 no tax office knows.
class FakeTown final : public EvidenceSource {
 public:
  absl::StatusOr<HouseholdEvidence> GetHousehold(
      const Inquiry& inquiry, const std::string&, const std::string& provider,
      const std::string& subject) override {
    EXPECT_EQ(inquiry.call, nullptr) << "a run serves nobody's call";
    EXPECT_FALSE(inquiry.run.empty());
    if (subject == "head-7")
      return agency::Refusal(absl::StatusCode::kUnavailable, "DOWN", "no");
    if (subject == "head-4" && hasty_households-- > 0) return InHaste();
    residents::v1::GetHouseholdResponse home = HanakosHousehold();
    home.mutable_members()->DeleteSubrange(1, 2);
    home.mutable_members(0)->set_subject(subject);
    return HouseholdEvidence{home, provider, "exchange-r"};
  }
  std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> RetrieveAll(
      const Inquiry& inquiry, const std::string&,
      absl::Span<const HouseholdQuestion> questions) override {
    EXPECT_FALSE(inquiry.run.empty());
    std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> answers;
    for (const HouseholdQuestion& question : questions) {
      const auto& request = question.request;
      EXPECT_EQ(question.head, request.subject()) << "they live alone";
      const int number = std::stoi(request.subject().substr(5));
      const bool of_tax = request.attributes(0) == "tax.category";
      if (number == 6 && !of_tax && hasty_accounts-- > 0) {
        answers.emplace_back(InHaste());
        continue;
      }
      linkage::v1::RetrieveResponse answer;
      if (of_tax && number == 13) {
        *answer.add_evidence() = FailedEvidence(
            "tax", "yunagi/tax", absl::StatusCode::kNotFound, "NOT_A_TAXPAYER");
      } else if (of_tax) {
        *answer.add_evidence() =
            TaxEvidence("yunagi/tax",
                        number % 2 == 0 ? tax::v1::GetTaxStatusResponse::EXEMPT
                                        : tax::v1::GetTaxStatusResponse::TAXED);
      } else {
        EXPECT_EQ(number % 2, 0) << "a taxed person's account was asked for";
        *answer.add_evidence() =
            number % 10 == 0 ? FailedEvidence("accounts", "accounts/accounts",
                                              absl::StatusCode::kNotFound,
                                              "ACCOUNT_NOT_REGISTERED")
                             : AccountEvidence(HanakosAccount());
      }
      answers.emplace_back(std::move(answer));
    }
    return answers;
  }

  // How often the mesh says first that it is asked too much: of head-4's
  // household, and of head-6's account.
  std::atomic<int> hasty_households{0};
  std::atomic<int> hasty_accounts{0};

 private:
  static absl::Status InHaste() {
    return agency::Refusal(absl::StatusCode::kResourceExhausted,
                           "QUOTA_EXCEEDED", "slower");
  }
};

class PaymentRunTest : public OfficeTest {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    runs_ = std::make_unique<PaymentRuns>(PaymentRuns::Parts{
        &TestProgrammes(), &town_desk_, &town_, &registry_, database_.get(),
        &payments_, &clock_, &SystemRandom()});
  }
  absl::Status Import(int heads) {
    return runs_->ImportHeadsOnce([&](PaymentRuns::Take take) -> absl::Status {
      for (int i = 0; i < heads; ++i)
        PSM_RETURN_IF_ERROR(take(absl::StrCat("head-", i)));
      return absl::OkStatus();
    });
  }
  absl::StatusOr<benefits::v1::StartPaymentRunResponse> Begin(
      const agency::CallContext& call, int days = 14,
      const char* programme = "tax-exempt-2026") {
    benefits::v1::StartPaymentRunRequest request;
    request.set_programme(programme);
    request.set_objection_days(days);
    return runs_->Start(call, request);
  }
  absl::StatusOr<PayRunResponse> Pay(const std::string& id,
                                     const agency::CallContext& call) {
    benefits::v1::PayRunRequest request;
    request.set_run_id(id);
    return runs_->Pay(call, request);
  }
  std::vector<Notice> Notices(const std::string& subject) {
    benefits::v1::ListNoticesRequest request;
    request.set_subject(subject);
    const auto notices = runs_->Notices(request);
    EXPECT_TRUE(notices.ok()) << notices.status();
    return {notices->notices().begin(), notices->notices().end()};
  }
  std::string Object(const std::string& id, const std::string& subject) {
    benefits::v1::ObjectToPaymentRequest request;
    request.set_run_id(id);
    request.set_subject(subject);
    return ReasonOf(runs_->Object(Call(), request).status());
  }

  FakeTown town_;
  ApplicationDesk town_desk_{{"akatsuki", &TestProgrammes(), &town_,
                              database_.get(), &clock_, &SystemRandom()}};
  std::unique_ptr<PaymentRuns> runs_;
};

TEST_F(PaymentRunTest, LooksAtEveryHouseholdAndPaysNobodyByItself) {
  ASSERT_TRUE(Import(100).ok());
  ASSERT_TRUE(Import(7).ok());  // the next start: nothing new
  const auto started = Begin(Call());
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->households(), 100);
  const GetPaymentRunResponse run = AwaitRun(*runs_, started->run_id());
  EXPECT_EQ(run.pending(), 0);
  EXPECT_EQ(run.notified(), 40);
  EXPECT_EQ(run.without_account(), 10);
  EXPECT_EQ(run.not_eligible(), 48);
  EXPECT_EQ(run.without_tax_record(), 1) << "not examined is not failed";
  EXPECT_EQ(run.failed(), 1);
  EXPECT_EQ(Count("payments"), 0);
  EXPECT_EQ(Count("applications"), 40) << "of the others nothing is kept";
  EXPECT_EQ(ReasonOf(Pay(started->run_id(), Call()).status()),
            "OBJECTION_PERIOD_RUNNING");
}

TEST_F(PaymentRunTest, WaitsWhereTheMeshSaysThatItIsAskedTooMuch) {
  town_.hasty_households = 1;
  town_.hasty_accounts = 1;
  ASSERT_TRUE(Import(20).ok());
  const GetPaymentRunResponse run = AwaitRun(*runs_, Begin(Call())->run_id());
  EXPECT_LT(town_.hasty_households, 0) << "asked again";
  EXPECT_LT(town_.hasty_accounts, 0);
  EXPECT_EQ(run.pending(), 0);
  EXPECT_EQ(run.notified(), 8);
  EXPECT_EQ(run.without_account(), 2);
  EXPECT_EQ(run.failed(), 1) << "a register that is down is not haste";
  EXPECT_EQ(Count("applications"), 8) << "nobody twice";
}

TEST_F(PaymentRunTest, PaysWhoDidNotObjectIntoTheAccountOfTheNotice) {
  ASSERT_TRUE(Import(20).ok());
  const std::string id = Begin(Call())->run_id();
  ASSERT_EQ(AwaitRun(*runs_, id).notified(), 8);
  const auto notices = Notices("head-2");
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].state(), Notice::ANNOUNCED);
  EXPECT_EQ(notices[0].amount_yen(), 100'000);
  EXPECT_TRUE(notices[0].has_object_until_time());
  for (const auto& field : notices[0].fields()) {
    EXPECT_FALSE(field.value().empty()) << field.field().id();
    EXPECT_FALSE(field.provider().empty());
    EXPECT_FALSE(field.field().label_en().empty());
  }
  EXPECT_TRUE(Notices("head-1").empty()) << "the taxed hear nothing";
  EXPECT_EQ(Object(id, "head-2"), "");
  EXPECT_EQ(Object(id, "head-2"), "") << "twice is as once";
  for (const char* subject : {"head-1", "nobody", "", "' OR 1=1"})
    EXPECT_EQ(Object(id, subject), "NOTICE_UNKNOWN");
  EXPECT_EQ(Object("no-such-run", "head-4"), "NOTICE_UNKNOWN");

  clock_.Advance(absl::Hours(24 * 14));
  registry_.status = absl::UnavailableError("down");
  EXPECT_EQ(ReasonOf(Pay(id, Call()).status()), "ACCOUNTS_UNAVAILABLE");
  EXPECT_EQ(Count("payments"), 0);
  registry_.status = absl::OkStatus();
  registry_.changed = {{"head-4", clock_.Now()},
                       {"somebody-else", clock_.Now()}};
  const auto paid = Pay(id, Call(9));
  ASSERT_TRUE(paid.ok()) << paid.status();
  EXPECT_EQ(paid->payments(), 6);
  EXPECT_EQ(paid->sum_yen(), 600'000);
  EXPECT_EQ(ReadFile(paid->payment_file()).size(), (6 + 3) * 122U);
  EXPECT_EQ(Notices("head-2")[0].state(), Notice::OBJECTED);
  EXPECT_EQ(Notices("head-2")[0].fields_size(), 0) << "erased";
  EXPECT_EQ(Notices("head-4")[0].state(), Notice::NOT_PAID);
  EXPECT_EQ(Notices("head-6")[0].state(), Notice::PAID);
  EXPECT_EQ(Object(id, "head-6"), "ALREADY_PAID");
  // Again, as a retry and anew: nothing is paid twice.
  EXPECT_EQ(Pay(id, Call(9))->SerializeAsString(), paid->SerializeAsString());
  EXPECT_EQ(Pay(id, Call())->SerializeAsString(), paid->SerializeAsString());
  EXPECT_EQ(Count("payments"), 6);
  // A later run finds them paid.
  const std::string second = Begin(Call())->run_id();
  const GetPaymentRunResponse run = AwaitRun(*runs_, second);
  EXPECT_EQ(run.already_paid(), 6);
  EXPECT_EQ(run.notified(), 2);
}

TEST_F(PaymentRunTest, ARunGoesOnAfterARestart) {
  ASSERT_TRUE(Import(60).ok());
  const std::string id = Begin(Call())->run_id();
  runs_.reset();  // at once: some households are pending
  Open();
  const GetPaymentRunResponse run = AwaitRun(*runs_, id);
  EXPECT_EQ(run.pending(), 0);
  EXPECT_EQ(run.notified() + run.without_account() + run.not_eligible() +
                run.failed() + run.without_tax_record(),
            60);
  EXPECT_EQ(Count("applications"), run.notified()) << "one was kept twice";
}

TEST_F(PaymentRunTest, ARetryStartsNoSecondRun) {
  ASSERT_TRUE(Import(3).ok());
  const auto first = Begin(Call(7));
  const auto again = Begin(Call(7));
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(again->run_id(), first->run_id());
  EXPECT_EQ(Count("payment_runs"), 1);
  AwaitRun(*runs_, first->run_id());
}

TEST_F(PaymentRunTest, EveryRefusalHasItsReason) {
  EXPECT_EQ(ReasonOf(Begin(Call(), 14, "no-such").status()),
            "PROGRAMME_UNKNOWN");
  for (const int days : {0, -1, 91})
    EXPECT_EQ(ReasonOf(Begin(Call(), days).status()), "OBJECTION_DAYS_INVALID");
  EXPECT_EQ(ReasonOf(Pay("' OR 1=1", Call()).status()), "RUN_UNKNOWN");
  EXPECT_EQ(ReasonOf(runs_->Get({}).status()), "RUN_UNKNOWN");
  EXPECT_EQ(runs_
                ->ImportHeadsOnce([](PaymentRuns::Take take) {
                  absl::Status taken = take("a");
                  taken.Update(take(""));
                  return taken;
                })
                .code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Count("household_heads"), 0);
}

}  // namespace
}  // namespace psm
