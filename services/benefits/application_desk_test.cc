#include "services/benefits/application_desk.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/benefits/application_store.h"
#include "services/benefits/benefits_service.h"
#include "services/benefits/test_office.h"

namespace psm {
namespace {

using benefits::v1::ConfirmApplicationRequest;
using benefits::v1::ConfirmApplicationResponse;
using benefits::v1::StartApplicationRequest;
using benefits::v1::StartApplicationResponse;
using linkage::v1::RetrieveRequest;

class ApplicationDeskTest : public OfficeTest {};

TEST_F(ApplicationDeskTest, AsksYunagiForEveryMemberAndAccountsForTheHeadOnly) {
  const auto started = Start(Call());
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_TRUE(IsUuid(started->application_id()));
  EXPECT_EQ(started->household_size(), 3);
  EXPECT_EQ(started->fields_size(), 22);
  EXPECT_EQ(started->sources_size(), 5);
  EXPECT_EQ(started->papers_size(), 2);
  EXPECT_EQ(evidence_.last_affair, "benefit-tax-exempt");
  ASSERT_EQ(evidence_.last_requests.size(), 3U);
  const char* const kSubjects[] = {"hanako", "fumie", "minato"};
  for (std::size_t i = 0; i < 3; ++i) {
    const RetrieveRequest& request = evidence_.last_requests[i];
    EXPECT_EQ(request.subject(), kSubjects[i]);
    EXPECT_EQ(request.attributes_size(), i == 0 ? 2 : 1);
    EXPECT_EQ(request.providers().at("tax"), "yunagi/tax");
    EXPECT_EQ(request.providers().size(), 1U);  // accounts: only one has them
    EXPECT_FALSE(request.all_or_nothing());     // each leg says why it failed
  }
}

TEST_F(ApplicationDeskTest, AnExemptHouseholdIsGrantedAndPaid) {
  const auto started = Start(Call());
  ASSERT_TRUE(started.ok());
  const auto decision = Confirm(Call(), started->application_id());
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->decision(), ConfirmApplicationResponse::GRANTED);
  EXPECT_EQ(decision->amount_yen(), 100'000);
  EXPECT_FALSE(decision->rule_ja().empty());
  // The day is Japan's.
  EXPECT_EQ(decision->payment_file(),
            "DEMO-DO-NOT-SEND-tax-exempt-2026-2026-07-01.txt");
  const std::string file = ReadFile(decision->payment_file());
  ASSERT_EQ(file.size(), 4 * 122U);
  EXPECT_EQ(file.substr(0, 14), "12109900190000");
  EXPECT_EQ(file.substr(54, 4), "0701");
  EXPECT_EQ(file.substr(122, 5), "29990");
  EXPECT_EQ(file.substr(122 + 42, 8), "10010001");
  EXPECT_EQ(file.substr(122 + 50, 10), "\xB1\xB5\xBF\xDE\xD7 \xCA\xC5\xBA ");
  EXPECT_EQ(file.substr(122 + 80, 10), "0000100000");
  EXPECT_EQ(file.substr(122 + 91, 10), "0000000001");  // the first application
  EXPECT_EQ(file.substr(244, 19), "8000001000000100000");
  struct stat status;
  ASSERT_EQ(
      stat(folder_.File("files/" + decision->payment_file()).c_str(), &status),
      0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ApplicationDeskTest, ATaxedMemberIsDeniedAndNothingIsPaid) {
  evidence_.evidence[1][0] =
      TaxEvidence("yunagi/tax", tax::v1::GetTaxStatusResponse::TAXED);
  const auto started = Start(Call());
  ASSERT_TRUE(started.ok());
  const auto decision = Confirm(Call(), started->application_id());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->decision(), ConfirmApplicationResponse::DENIED);
  EXPECT_EQ(decision->amount_yen(), 0);
  EXPECT_EQ(decision->payment_file(), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.File("files")));
}

TEST_F(ApplicationDeskTest, ConfirmingTwiceGivesTheSameDecision) {
  const std::string id = Start(Call())->application_id();
  const auto first = Confirm(Call(), id);
  clock_.Advance(absl::Hours(48));
  const auto retried = Confirm(Call(exchanges_), id);  // the same exchange
  const auto again = Confirm(Call(), id);              // another one
  ASSERT_TRUE(first.ok() && retried.ok() && again.ok());
  EXPECT_EQ(retried->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(ReadFile(first->payment_file()).substr(244, 7), "8000001");
}

TEST_F(ApplicationDeskTest, AHouseholdIsPaidOncePerProgramme) {
  StartAndConfirm();
  // The head has changed, the household has not.
  auto* const members = evidence_.household.mutable_members();
  members->SwapElements(0, 1);
  const auto second = Start(Call(), "fumie");
  ASSERT_TRUE(second.ok()) << second.status();
  const auto decision = Confirm(Call(), second->application_id(), "fumie");
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->decision(), ConfirmApplicationResponse::DENIED);
  EXPECT_EQ(decision->rule_en(), "a household is paid once per programme");
}

TEST_F(ApplicationDeskTest, TwoApplicationsConfirmedAtOncePayOnce) {
  std::vector<std::string> ids;
  std::vector<agency::CallContext> calls;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(Start(Call())->application_id());
    calls.push_back(Call());
  }
  std::vector<std::thread> threads;
  std::vector<int> granted(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto decision = Confirm(calls[i], ids[i]);
      EXPECT_TRUE(decision.ok()) << decision.status();
      granted[i] =
          decision->decision() == ConfirmApplicationResponse::GRANTED ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (const int g : granted) sum += g;
  EXPECT_EQ(sum, 1);
}

TEST_F(ApplicationDeskTest, ARetryAsksNobodyAndStartsNothing) {
  const auto first = Start(Call(7));
  const int asked = evidence_.questions;
  const auto retried = Start(Call(7));
  ASSERT_TRUE(first.ok() && retried.ok());
  EXPECT_EQ(evidence_.questions, asked);
  EXPECT_EQ(retried->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Count("applications"), 1);
}

TEST_F(ApplicationDeskTest, AnApplicationBelongsToWhoStartedIt) {
  const std::string id = Start(Call())->application_id();
  for (const char* subject : {"fumie", "somebody", "", "' OR 1=1 --"}) {
    const auto stolen = Confirm(Call(), id, subject);
    EXPECT_EQ(stolen.status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(stolen.status()), "APPLICATION_UNKNOWN");
  }
  EXPECT_EQ(ReasonOf(Confirm(Call(), "no-such-id").status()),
            "APPLICATION_UNKNOWN");
  EXPECT_EQ(Confirm(Call(), id)->decision(),
            ConfirmApplicationResponse::GRANTED);
}

TEST_F(ApplicationDeskTest, NothingHalfIsKeptWhereAPartIsMissing) {
  evidence_.evidence[0][0] =
      FailedEvidence("accounts", "accounts/accounts",
                     absl::StatusCode::kNotFound, "ACCOUNT_NOT_REGISTERED");
  const auto started = Start(Call(7));
  EXPECT_EQ(started.status().code(), absl::StatusCode::kFailedPrecondition);
  const auto detail = DetailOf(started.status());
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, "EVIDENCE_MISSING");
  EXPECT_EQ(detail->metadata.at("provider"), "accounts/accounts");
  EXPECT_EQ(detail->metadata.at("reason"), "ACCOUNT_NOT_REGISTERED");
  for (const char* table : {"applications", "application_members",
                            "application_fields", "application_sources"}) {
    EXPECT_EQ(Count(table), 0) << table;
  }
  // The same exchange may try again: an error is no answer.
  evidence_.evidence = HanakosEvidence();
  EXPECT_TRUE(Start(Call(7)).ok());
}

TEST_F(ApplicationDeskTest, EachRefusalHasItsReason) {
  EXPECT_EQ(ReasonOf(Start(Call(), "hanako", "no-such").status()),
            "PROGRAMME_UNKNOWN");
  EXPECT_EQ(evidence_.questions, 0);  // nobody was asked for nothing
  EXPECT_EQ(ReasonOf(Start(Call(), "fumie").status()), "NOT_HEAD_OF_HOUSEHOLD");

  evidence_.household_status =
      agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT", "no");
  EXPECT_EQ(ReasonOf(Start(Call()).status()), "NOT_A_RESIDENT");
  evidence_.household_status = absl::UnavailableError("down");
  auto detail = DetailOf(Start(Call()).status());
  EXPECT_EQ(detail->reason, "EVIDENCE_MISSING");
  EXPECT_EQ(detail->metadata.at("provider"), "akatsuki/residents");
  EXPECT_EQ(detail->metadata.at("reason"), "UNAVAILABLE");
  evidence_.household_status = absl::OkStatus();

  evidence_.household.clear_members();
  EXPECT_EQ(DetailOf(Start(Call()).status())->metadata.at("reason"),
            "ANSWER_UNREADABLE");
  evidence_.household = HanakosHousehold();

  evidence_.linkage_status =
      MakeError(absl::StatusCode::kPermissionDenied, "NO_AGREEMENT",
                Party::kConsumer, "no", {{"provider", "yunagi/tax"}});
  detail = DetailOf(Start(Call()).status());
  EXPECT_EQ(detail->metadata.at("provider"), "yunagi/tax");
  EXPECT_EQ(detail->metadata.at("reason"), "NO_AGREEMENT");
  EXPECT_EQ(Count("applications"), 0);
}

TEST_F(ApplicationDeskTest, AFileThatWasLostIsWrittenAgainFromTheDatabase) {
  const std::string name = StartAndConfirm();
  const std::string file = ReadFile(name);
  std::filesystem::remove(folder_.File("files/" + name));
  ASSERT_TRUE(payments_.WriteAll().ok());
  EXPECT_EQ(ReadFile(name), file);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("files/" + name + ".new")));
}

TEST_F(ApplicationDeskTest, ADecisionWhoseFileFailsIsFinishedByTheRetry) {
  const std::string id = Start(Call())->application_id();
  std::filesystem::remove(folder_.File("files"));
  const auto failed = Confirm(Call(7), id);
  EXPECT_EQ(ReasonOf(failed.status()), "PAYMENT_FILE_UNWRITTEN");
  MakeFilesFolder();
  const auto retried = Confirm(Call(7), id);
  ASSERT_TRUE(retried.ok());
  EXPECT_EQ(ReadFile(retried->payment_file()).substr(244, 7), "8000001");
}

TEST_F(ApplicationDeskTest, TheServiceGivesOnlyWhatIsGranted) {
  BenefitsService service(
      {&TestProgrammes(), &desk_, &decisions_, &returns_, nullptr});
  StartApplicationRequest request;
  request.set_subject("hanako");
  request.set_programme("tax-exempt-2026");
  StartApplicationResponse response;
  agency::FakeCall bare("portal/terminal", "own-request", {}, "1");
  ASSERT_TRUE(
      service.StartApplication(bare.context(), &request, &response).ok());
  EXPECT_FALSE(response.application_id().empty());
  EXPECT_EQ(response.fields_size(), 0);
  EXPECT_EQ(response.papers_size(), 0);
  EXPECT_EQ(response.household_size(), 0);
  agency::FakeCall full("portal/terminal", "own-request", {"application"}, "1");
  ASSERT_TRUE(
      service.StartApplication(full.context(), &request, &response).ok());
  EXPECT_EQ(response.fields_size(), 22);  // a retry is filtered, not the kept

  ConfirmApplicationRequest confirm;
  confirm.set_subject("hanako");
  confirm.set_application_id(response.application_id());
  ConfirmApplicationResponse decision;
  agency::FakeCall blind("portal/terminal", "own-request", {}, "2");
  ASSERT_TRUE(
      service.ConfirmApplication(blind.context(), &confirm, &decision).ok());
  EXPECT_EQ(decision.decision(),
            ConfirmApplicationResponse::DECISION_UNSPECIFIED);
  EXPECT_EQ(decision.payment_file(), "");
  EXPECT_NE(decision.decision_time().seconds(), 0);
  agency::FakeCall sees("portal/terminal", "own-request", {"decision"}, "3");
  ASSERT_TRUE(
      service.ConfirmApplication(sees.context(), &confirm, &decision).ok());
  EXPECT_EQ(decision.decision(), ConfirmApplicationResponse::GRANTED);
}

}  // namespace
}  // namespace psm
