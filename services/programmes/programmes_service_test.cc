#include "services/programmes/programmes_service.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {
namespace {

using programmes::v1::FindProgrammesRequest;
using programmes::v1::FindProgrammesResponse;
using programmes::v1::Fit;

// A household of one who is exempt; keeps what was agreed.
class FakeFacts final : public HouseholdFacts {
 public:
  absl::StatusOr<Facts> Ask(const agency::CallContext&,
                            const std::string& subject,
                            const std::set<std::string>& agreed) override {
    ++asked;
    last_agreed = agreed;
    if (subject != "hanako")
      return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                             "no");
    Facts facts;
    if (agreed.count("tax") > 0 && agreed.count("residents") > 0) {
      for (const char* programme : {"tax-exempt-2026", "price-relief-2026"}) {
        auto& field = facts.fields[programme].emplace_back();
        field.mutable_field()->set_id("member_tax_category");
        field.set_value("EXEMPT");
        field.set_provider("yunagi/tax");
      }
      facts.sources.emplace_back().set_provider("yunagi/tax");
    }
    return facts;
  }
  int asked = 0;
  std::set<std::string> last_agreed;
};

class ProgrammesServiceTest : public testing::Test {
 protected:
  std::string Find(const std::vector<std::string>& agreed,
                   const std::string& subject = "hanako",
                   const std::vector<std::string>& granted = {"fits"}) {
    FindProgrammesRequest request;
    request.set_subject(subject);
    for (const std::string& dataset : agreed)
      request.add_agreed_datasets(dataset);
    agency::FakeCall call("portal/terminal", "own-request", granted);
    response_.Clear();
    const grpc::Status status =
        service_.FindProgrammes(call.context(), &request, &response_);
    return status.ok() ? "" : ReasonOf(agency::FromGrpc(status));
  }

  ManualClock clock_{
      absl::FromCivil(absl::CivilSecond(2026, 7, 1, 0, 30, 0), JapanTime())};
  FakeFacts facts_;
  ProgrammesService service_{&TestProgrammes(), &facts_, &clock_};
  FindProgrammesResponse response_;
};

TEST_F(ProgrammesServiceTest, TellsWhichProgrammesFitAndFromWhom) {
  ASSERT_EQ(Find({"tax", "residents"}), "");
  ASSERT_EQ(response_.fits_size(), 2) << "businesses' are not among them";
  for (const Fit& fit : response_.fits())
    EXPECT_EQ(fit.verdict(), Fit::FITS) << fit.programme();
  EXPECT_EQ(response_.fits(0).programme(), "price-relief-2026");
  EXPECT_EQ(response_.fits(1).amount_yen(), 100'000);
  EXPECT_EQ(response_.sources_size(), 1);
  EXPECT_TRUE(response_.has_as_of_time());
}

TEST_F(ProgrammesServiceTest, WhatThePersonDoesNotAgreeToIsNotKnown) {
  ASSERT_EQ(Find({"residents"}), "");
  EXPECT_EQ(facts_.last_agreed, std::set<std::string>{"residents"});
  for (const Fit& fit : response_.fits())
    EXPECT_EQ(fit.verdict(), Fit::NOT_KNOWN) << fit.programme();
}

TEST_F(ProgrammesServiceTest, AsksNobodyForNothing) {
  for (const char* dataset : {"accounts", "health", "", "' OR 1=1 --"})
    EXPECT_EQ(Find({"tax", dataset}), "DATASET_UNKNOWN") << dataset;
  EXPECT_EQ(Find({"tax"}, "hanako", {}), "");
  EXPECT_EQ(response_.fits_size(), 0) << "the agreement does not grant it";
  EXPECT_EQ(facts_.asked, 0);
}

TEST_F(ProgrammesServiceTest, WhoDoesNotLiveHereIsSentElsewhere) {
  EXPECT_EQ(Find({"residents"}, "taro"), "NOT_A_RESIDENT");
}

}  // namespace
}  // namespace psm
