#include "services/benefits/decision_desk.h"

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/benefits/test_office.h"

namespace psm {
namespace {

using benefits::v1::EnterPaperRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Answer = benefits::v1::ConfirmApplicationResponse;

class DecisionDeskTest : public OfficeTest {
 protected:
  absl::StatusOr<benefits::v1::EnterPaperResponse> Enter(
      const std::string& id,
      const std::vector<benefits::v1::PaperValue>& values,
      const char* subject = "hanako") {
    EnterPaperRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    request.mutable_values()->Add(values.begin(), values.end());
    return decisions_.EnterPaper(Call(), request);
  }
  static benefits::v1::PaperValue Value(const std::string& field, int member,
                                        const std::string& value) {
    benefits::v1::PaperValue entered;
    entered.set_field(field);
    entered.set_member(member);
    entered.set_value(value);
    return entered;
  }
  static std::vector<benefits::v1::PaperValue> BankBook() {
    return {Value("account_bank", 0, "9990"), Value("account_branch", 0, "001"),
            Value("account_type", 0, "ORDINARY"),
            Value("account_number", 0, "7654321"),
            Value("account_holder", 0, "アオゾラ　ハナコ")};
  }
  absl::Status Withdraw(const std::string& id, const char* subject = "hanako") {
    benefits::v1::WithdrawApplicationRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    return decisions_.Withdraw(Call(), request).status();
  }
  absl::Status Object(const std::string& id, const std::string& text,
                      const char* subject = "hanako") {
    benefits::v1::ObjectToDecisionRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    request.set_text(text);
    return decisions_.Object(Call(), request).status();
  }
  // Values that the database has, of an account or a tax category.
  long long KeptValues(const std::string& prefix) {
    long long count = -1;
    EXPECT_TRUE(database_
                    ->Read([&](soci::session& sql) {
                      const std::string like = prefix + "%";
                      sql << "SELECT COUNT(*) FROM application_fields WHERE "
                             "field_id LIKE :like AND value <> ''",
                          soci::into(count), soci::use(like);
                      return absl::OkStatus();
                    })
                    .ok());
    return count;
  }
};

TEST_F(DecisionDeskTest, TheDecisionSaysWhichRuleAndByWhoseWord) {
  const auto decision = Confirm(Call(), Start(Call())->application_id());
  ASSERT_TRUE(decision.ok()) << decision.status();
  ASSERT_EQ(decision->outcomes_size(), 1);
  EXPECT_TRUE(decision->outcomes(0).fulfilled());
  EXPECT_THAT(decision->outcomes(0).providers(), ElementsAre("yunagi/tax"));
  ASSERT_EQ(decision->amount_lines_size(), 1);
  EXPECT_EQ(decision->amount_lines(0).yen(), 100'000);

  evidence_.evidence[2][0] =
      TaxEvidence("yunagi/tax", tax::v1::GetTaxStatusResponse::TAXED);
  const auto relief =
      Start(Call(), "hanako", "price-relief-2026")->application_id();
  const auto denied = Confirm(Call(), relief);
  ASSERT_TRUE(denied.ok());
  EXPECT_EQ(denied->decision(), Answer::DENIED);
  EXPECT_FALSE(denied->outcomes(0).fulfilled());
  EXPECT_THAT(denied->outcomes(0).members_against(), ElementsAre(2));
  EXPECT_THAT(denied->amount_lines(), IsEmpty());
  EXPECT_EQ(Confirm(Call(), relief)->SerializeAsString(),
            denied->SerializeAsString());
}

TEST_F(DecisionDeskTest, AChildAddsToTheAmount) {
  const auto id =
      Start(Call(), "hanako", "price-relief-2026")->application_id();
  const auto decision = Confirm(Call(), id);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->amount_yen(), 50'000);
  ASSERT_EQ(decision->amount_lines_size(), 2);
  EXPECT_EQ(decision->amount_lines(1).count(), 1);
}

// The person registered another, removed it, took another name or died: the
// registry tells no more than that it changed.
TEST_F(DecisionDeskTest, NobodyIsPaidIntoTheAccountOfAnOldPreview) {
  registry_.changed = {{"hanako", clock_.Now()}};
  clock_.Advance(absl::Seconds(1));
  const std::string id = Start(Call())->application_id();
  clock_.Advance(absl::Seconds(1));
  registry_.changed = {{"hanako", clock_.Now()}, {"fumie", clock_.Now()}};
  clock_.Advance(absl::Seconds(1));
  const absl::Status changed = Confirm(Call(5), id).status();
  EXPECT_EQ(changed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(changed), "ACCOUNT_CHANGED");
  EXPECT_EQ(ReasonOf(Confirm(Call(5), id).status()), "ACCOUNT_CHANGED");
  EXPECT_EQ(Count("payments"), 0);

  const std::string anew = Start(Call())->application_id();
  registry_.status = absl::UnavailableError("down");
  const absl::Status unknown = Confirm(Call(6), anew).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(unknown), "ACCOUNTS_UNAVAILABLE");
  EXPECT_EQ(Count("payments"), 0);
  registry_.status = absl::OkStatus();
  const auto granted = Confirm(Call(6), anew);
  ASSERT_TRUE(granted.ok()) << granted.status();
  EXPECT_EQ(granted->decision(), Answer::GRANTED);
  // What is decided is not asked about any more.
  clock_.Advance(absl::Seconds(1));
  registry_.changed = {{"hanako", clock_.Now()}};
  registry_.status = absl::UnavailableError("down");
  for (const int exchange : {6, 7}) {
    const auto again = Confirm(Call(exchange), anew);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->SerializeAsString(), granted->SerializeAsString());
  }
  EXPECT_EQ(Count("payments"), 1);
}

TEST_F(DecisionDeskTest, APaperPaysNoAccountThatHasChangedMeanwhile) {
  const std::string id = Start(Call())->application_id();
  ASSERT_TRUE(Confirm(Call(), id, "hanako", {"tax"}).ok());
  clock_.Advance(absl::Seconds(1));
  registry_.changed = {{"hanako", clock_.Now()}};
  const std::vector<benefits::v1::PaperValue> certificates = {
      Value("member_tax_category", 0, "EXEMPT"),
      Value("member_tax_category", 1, "EXEMPT"),
      Value("member_tax_category", 2, "EXEMPT")};
  EXPECT_EQ(ReasonOf(Enter(id, certificates).status()), "ACCOUNT_CHANGED");
  EXPECT_EQ(KeptValues("member_tax"), 0);
  EXPECT_EQ(Count("payments"), 0);
  // She brings the bank book instead: the registry has no say in it.
  registry_.status = absl::UnavailableError("down");
  ASSERT_TRUE(Confirm(Call(), id, "hanako", {"accounts"}).ok());
  ASSERT_TRUE(Enter(id, BankBook()).ok());
  const auto paid = Enter(id, certificates);
  ASSERT_TRUE(paid.ok()) << paid.status();
  EXPECT_EQ(paid->decision().decision(), Answer::GRANTED);
}

TEST_F(DecisionDeskTest, NobodyAppliesOutsideThePeriod) {
  clock_.Advance(absl::Hours(24 * 365));
  const auto late = Start(Call(), "hanako", "price-relief-2026");
  EXPECT_EQ(ReasonOf(late.status()), "NOT_IN_PERIOD");
  EXPECT_EQ(evidence_.questions, 0);
}

TEST_F(DecisionDeskTest, WhatIsRefusedFromTheBeginIsNotAskedFor) {
  const auto started =
      Start(Call(), "hanako", "tax-exempt-2026", {"accounts", "tax"});
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->sources_size(), 1) << "the register alone";
  ASSERT_EQ(started->missing_papers_size(), 2);
  EXPECT_THAT(evidence_.last_requests, IsEmpty());
  for (const char* dataset : {"residents", "health", "", "' OR 1=1"}) {
    EXPECT_EQ(
        ReasonOf(
            Start(Call(), "hanako", "tax-exempt-2026", {dataset}).status()),
        "DATASET_NOT_REFUSABLE");
  }
}

TEST_F(DecisionDeskTest, EvidenceThatIsRefusedInThePreviewIsErasedAndAwaited) {
  const std::string id = Start(Call())->application_id();
  EXPECT_EQ(KeptValues("account_"), 5);
  EXPECT_EQ(ReasonOf(Confirm(Call(), id, "hanako", {"residents"}).status()),
            "DATASET_NOT_REFUSABLE");
  EXPECT_EQ(KeptValues("account_"), 5) << "a refused call changed something";
  const auto waiting = Confirm(Call(), id, "hanako", {"accounts"});
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  EXPECT_EQ(waiting->decision(), Answer::WAITING);
  ASSERT_EQ(waiting->missing_papers_size(), 1);
  EXPECT_THAT(waiting->missing_papers(0).paper().name_en(),
              HasSubstr("bank book"));
  EXPECT_EQ(KeptValues("account_"), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.File("files")));

  // The officer enters the bank book, and it is paid into that account.
  const auto entered = Enter(id, BankBook());
  ASSERT_TRUE(entered.ok()) << entered.status();
  EXPECT_EQ(entered->decision().decision(), Answer::GRANTED);
  const std::string file = ReadFile(entered->decision().payment_file());
  EXPECT_EQ(file.substr(122 + 42, 8), "17654321");
  EXPECT_EQ(ReasonOf(Enter(id, BankBook()).status()), "PAPER_INVALID")
      << "nothing waits for a paper any more";
}

TEST_F(DecisionDeskTest, APaperSaysOnlyWhatIsAwaited) {
  const std::string id = Start(Call())->application_id();
  EXPECT_EQ(ReasonOf(Enter(id, BankBook()).status()), "NOT_CONFIRMED");
  ASSERT_TRUE(Confirm(Call(), id, "hanako", {"tax", "accounts"}).ok());
  const std::vector<benefits::v1::PaperValue> bad = {
      Value("member_tax_category", 3, "EXEMPT"),  // no such member
      Value("member_tax_category", 0, "exempt"),  // no such constant
      Value("member_tax_category", 0, ""),
      Value("head_name", 0, "somebody else"),  // not awaited
      Value("no_such_field", 0, "x"),
      Value("account_number", 0, std::string(301, '1'))};
  for (const benefits::v1::PaperValue& value : bad) {
    EXPECT_EQ(
        ReasonOf(Enter(id, {Value("member_tax_category", 1, "EXEMPT"), value})
                     .status()),
        "PAPER_INVALID")
        << value.ShortDebugString();
  }
  EXPECT_EQ(ReasonOf(Enter(id, {}).status()), "PAPER_INVALID");
  EXPECT_EQ(KeptValues("member_tax"), 0) << "half of a paper was written";
  EXPECT_EQ(ReasonOf(Enter(id, BankBook(), "fumie").status()),
            "APPLICATION_UNKNOWN");

  const auto some = Enter(id, BankBook());
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->decision().decision(), Answer::WAITING);
  ASSERT_EQ(some->decision().missing_papers_size(), 1);
  EXPECT_EQ(some->decision().missing_papers(0).count(), 3);
  const auto all = Enter(id, {Value("member_tax_category", 0, "EXEMPT"),
                              Value("member_tax_category", 1, "TAXED"),
                              Value("member_tax_category", 2, "EXEMPT")});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->decision().decision(), Answer::DENIED);
  EXPECT_THAT(all->decision().outcomes(0).providers(), ElementsAre("paper"));
}

TEST_F(DecisionDeskTest, AnAccountThatTakesNoTransferIsNoPaper) {
  const std::string id = Start(Call())->application_id();
  ASSERT_TRUE(Confirm(Call(), id, "hanako", {"accounts"}).ok());
  auto book = BankBook();
  book[3].set_value("12");
  EXPECT_EQ(ReasonOf(Enter(id, book).status()), "PAPER_INVALID");
  EXPECT_EQ(KeptValues("account_"), 0);
  EXPECT_TRUE(Enter(id, BankBook()).ok());
}

TEST_F(DecisionDeskTest, WhatIsWithdrawnIsErased) {
  const std::string id = Start(Call())->application_id();
  EXPECT_EQ(ReasonOf(Withdraw(id, "fumie")), "APPLICATION_UNKNOWN");
  ASSERT_TRUE(Withdraw(id).ok());
  EXPECT_TRUE(Withdraw(id).ok()) << "twice is as once";
  EXPECT_EQ(KeptValues(""), 0);
  EXPECT_EQ(ReasonOf(Confirm(Call(), id).status()), "APPLICATION_WITHDRAWN");
  const std::string other = Start(Call())->application_id();
  ASSERT_TRUE(Confirm(Call(), other).ok());
  EXPECT_EQ(ReasonOf(Withdraw(other)), "ALREADY_DECIDED");
}

TEST_F(DecisionDeskTest, AnObjectionIsToADecisionOfOnesOwn) {
  const std::string id = Start(Call())->application_id();
  EXPECT_EQ(ReasonOf(Object(id, "why")), "NOT_DECIDED");
  ASSERT_TRUE(Confirm(Call(), id).ok());
  EXPECT_EQ(ReasonOf(Object(id, "")), "OBJECTION_INVALID");
  EXPECT_EQ(ReasonOf(Object(id, std::string(2001, 'x'))), "OBJECTION_INVALID");
  EXPECT_EQ(ReasonOf(Object(id, "why", "fumie")), "APPLICATION_UNKNOWN");
  EXPECT_TRUE(Object(id, "'); DROP TABLE objections; --").ok());
  EXPECT_EQ(Count("objections"), 1);
}

}  // namespace
}  // namespace psm
