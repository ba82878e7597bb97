#include "services/benefits/return_desk.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/benefits/test_office.h"

namespace psm {
namespace {

using benefits::v1::TakeReturnFileResponse;

constexpr std::size_t kLine = kZenginRecordSize + 2;

class ReturnDeskTest : public OfficeTest {
 protected:
  // An account of the registry, with the etag that it has there.
  void SetAccount(const std::string& number, const std::string& etag) {
    accounts::v1::GetAccountResponse account;
    *account.mutable_account() = HanakosAccount();
    account.mutable_account()->set_number(number);
    account.set_etag(etag);
    evidence_.evidence[0][0] =
        EvidenceOf("accounts", "accounts/accounts", account);
  }
  // A granted application, paid into it; its id.
  std::string Granted() {
    SetAccount("0010001", "etag-1");
    const auto started = Start(Call());
    EXPECT_TRUE(started.ok()) << started.status();
    const auto decision = Confirm(Call(), started->application_id());
    EXPECT_TRUE(decision.ok()) << decision.status();
    file_ = ReadFile(decision->payment_file());
    return started->application_id();
  }
  absl::StatusOr<TakeReturnFileResponse> Take(const std::string& file,
                                              int exchange = 0) {
    benefits::v1::TakeReturnFileRequest request;
    request.set_file(file);
    agency::CallContext call = Call(exchange);
    call.consumer = "akatsuki/office";
    call.affair = "benefit-tax-exempt";
    return returns_.Take(call, request);
  }
  absl::StatusOr<benefits::v1::RetryPaymentResponse> Retry(
      const std::string& id, const char* subject = "hanako", int exchange = 0) {
    benefits::v1::RetryPaymentRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    return returns_.Retry(Call(exchange), request);
  }

  std::string file_;  // as it was sent
};

TEST_F(ReturnDeskTest, WhatComesBackIsOpenedAgainAndPaidElsewhere) {
  const std::string id = Granted();
  EXPECT_EQ(ReasonOf(Retry(id).status()), "NOTHING_RETURNED");
  const auto taken = Take(file_);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->returned(), 1);
  EXPECT_EQ(taken->unreported(), 0);
  ASSERT_EQ(registry_.reported.size(), 1U);
  EXPECT_EQ(registry_.reported[0].first, "hanako");
  EXPECT_EQ(registry_.reported[0].second, "etag-1");
  const auto again = Take(file_);  // the same file once more
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->returned(), 0);
  EXPECT_EQ(again->known(), 1);
  EXPECT_EQ(registry_.reported.size(), 1U);

  // The registry has closed it: there is nothing to pay into yet.
  evidence_.evidence[0][0] =
      FailedEvidence("accounts", "accounts/accounts",
                     absl::StatusCode::kFailedPrecondition, "ACCOUNT_CLOSED");
  EXPECT_EQ(ReasonOf(Retry(id).status()), "EVIDENCE_MISSING");
  EXPECT_EQ(ReasonOf(Retry(id, "fumie").status()), "APPLICATION_UNKNOWN");
  SetAccount("7654321", "etag-2");
  const auto paid = Retry(id, "hanako", 9);
  ASSERT_TRUE(paid.ok()) << paid.status();
  EXPECT_EQ(paid->amount_yen(), 100'000);
  const std::string second = ReadFile(paid->payment_file());
  EXPECT_EQ(second.substr(kLine + 42, 8), "17654321");
  EXPECT_EQ(second.substr(kLine + 91, 10), "0000000002") << "its own reference";
  const int asked = evidence_.questions;
  EXPECT_EQ(Retry(id, "hanako", 9)->SerializeAsString(),
            paid->SerializeAsString());
  EXPECT_EQ(evidence_.questions, asked) << "a retry asks nobody";
  EXPECT_EQ(ReasonOf(Retry(id).status()), "NOTHING_RETURNED");
  // What was sent stays as it was sent.
  ASSERT_TRUE(payments_.WriteAll().ok());
  EXPECT_EQ(ReadFile("DEMO-DO-NOT-SEND-tax-exempt-2026-2026-07-01.txt"), file_);
  EXPECT_EQ(Take(second)->returned(), 1) << "the second can come back, too";
}

TEST_F(ReturnDeskTest, AFileThatDoesNotFitChangesNothing) {
  Granted();
  std::string other_consignor = file_;
  other_consignor[4] = '1';
  for (const std::string& bad : {std::string(), std::string("hello"),
                                 file_.substr(kLine), other_consignor}) {
    EXPECT_EQ(ReasonOf(Take(bad).status()), "RETURN_FILE_MALFORMED");
  }
  struct Case {
    std::size_t position;
    char byte;
  };
  for (const Case& c :
       {Case{kLine + 44, '9'}, Case{kLine + 50, '\xB2'}, Case{kLine + 100, '9'},
        Case{kLine + 4, '1'}, Case{kLine + 42, '2'}}) {
    std::string forged = file_;
    forged[c.position] = c.byte;
    EXPECT_EQ(ReasonOf(Take(forged).status()), "TRANSFER_UNKNOWN")
        << c.position;
  }
  // Twice the same transfer, with a trailer that counts two.
  std::string doubled = file_;
  doubled.insert(kLine, file_.substr(kLine, kLine));
  doubled[3 * kLine + 6] = '2';
  doubled.replace(3 * kLine + 7, 12, "000000200000");
  EXPECT_EQ(ReasonOf(Take(doubled).status()), "TRANSFER_UNKNOWN");
  EXPECT_TRUE(registry_.reported.empty());
  EXPECT_EQ(Take(file_)->returned(), 1) << "one of them was half taken";
}

TEST_F(ReturnDeskTest, ARegistryThatIsDownIsToldLater) {
  Granted();
  registry_.status = absl::UnavailableError("down");
  const auto taken = Take(file_, 9);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->unreported(), 1);
  registry_.status = absl::OkStatus();
  EXPECT_EQ(Take(file_, 9)->unreported(), 0) << "the same call again";
  EXPECT_EQ(registry_.reported.size(), 1U);
}

}  // namespace
}  // namespace psm
