// A whole office with its database and files, for this folder's tests; what it
// asks others for is fake. Never linked into a program.
#ifndef PSM_SERVICES_BENEFITS_TEST_OFFICE_H_
#define PSM_SERVICES_BENEFITS_TEST_OFFICE_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/temp_folder.h"
#include "services/benefits/account_registry.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/application_store.h"
#include "services/benefits/decision_desk.h"
#include "services/benefits/return_desk.h"
#include "services/benefits/test_evidence.h"
#include "services/benefits/test_household.h"

namespace psm {

// The account registry: says what a test put into it, keeps what it is told.
class FakeRegistry final : public AccountRegistry {
 public:
  absl::StatusOr<std::set<std::string>> ChangedSince(
      const agency::CallContext*, const std::string& affair,
      absl::Time since) override {
    EXPECT_EQ(affair, "benefit-tax-exempt");
    if (!status.ok()) return status;
    std::set<std::string> since_then;
    for (const auto& [subject, time] : changed)
      if (time > since) since_then.insert(subject);
    return since_then;
  }
  absl::Status ReportReturned(const agency::CallContext*, const std::string&,
                              const std::string& subject,
                              const std::string& etag) override {
    if (!status.ok()) return status;
    reported.emplace_back(subject, etag);
    return absl::OkStatus();
  }

  absl::Status status;
  std::map<std::string, absl::Time> changed;  // when, by subject
  std::vector<std::pair<std::string, std::string>> reported;
};

class OfficeTest : public testing::Test {
 protected:
  // A call of its own, or with the id of an earlier one.
  agency::CallContext Call(int exchange = 0) {
    agency::CallContext call;
    call.consumer = "portal/terminal";
    call.affair = "own-request";
    call.exchange_id = std::to_string(exchange != 0 ? exchange : ++exchanges_);
    call.attributes = {"application", "decision"};
    return call;
  }

  absl::StatusOr<benefits::v1::StartApplicationResponse> Start(
      const agency::CallContext& call, const char* subject = "hanako",
      const char* programme = "tax-exempt-2026",
      const std::vector<std::string>& refused = {}) {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(subject);
    request.set_programme(programme);
    for (const std::string& dataset : refused)
      request.add_refused_datasets(dataset);
    return desk_.Start(call, request);
  }

  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> Confirm(
      const agency::CallContext& call, const std::string& id,
      const char* subject = "hanako",
      const std::vector<std::string>& refused = {}) {
    benefits::v1::ConfirmApplicationRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    for (const std::string& dataset : refused)
      request.add_refused_datasets(dataset);
    return decisions_.Confirm(call, request);
  }

  std::string StartAndConfirm() {
    const auto started = Start(Call());
    EXPECT_TRUE(started.ok()) << started.status();
    const auto decision = Confirm(Call(), started->application_id());
    EXPECT_TRUE(decision.ok()) << decision.status();
    return decision->payment_file();
  }

  std::string ReadFile(const std::string& name) {
    std::ifstream in(folder_.File("files/" + name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  long long Count(const std::string& table) {
    long long count = -1;
    EXPECT_TRUE(database_
                    ->Read([&](soci::session& sql) {
                      sql << "SELECT COUNT(*) FROM " + table, soci::into(count);
                      return absl::OkStatus();
                    })
                    .ok());
    return count;
  }

  std::string MakeFilesFolder() {
    std::filesystem::create_directory(folder_.File("files"));
    return folder_.File("files");
  }

  int exchanges_ = 1000;
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("benefits.sqlite"),
                             ApplicationStore::Migrations())
          .value();
  // Half past midnight in Japan, the day before by UTC.
  ManualClock clock_{
      absl::FromCivil(absl::CivilSecond(2026, 7, 1, 0, 30, 0), JapanTime())};
  FakeEvidence evidence_;
  PaymentFiles payments_{database_.get(), MakeFilesFolder()};
  ApplicationDesk desk_{{"akatsuki", &TestProgrammes(), &evidence_,
                         database_.get(), &clock_, &SystemRandom()}};
  FakeRegistry registry_;
  DecisionDesk decisions_{&TestProgrammes(), &registry_, database_.get(),
                          &payments_, &clock_};
  ReturnDesk returns_{{&TestProgrammes(), &evidence_, &registry_,
                       database_.get(), &payments_, &clock_}};
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_TEST_OFFICE_H_
