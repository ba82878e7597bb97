#include "services/residents/residents_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::GetHouseholdRequest;
using residents::v1::GetHouseholdResponse;
using residents::v1::Member;

class ResidentsServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(register_
                    .ImportOnce(clock_.Now(), news_,
                                [](ResidentRegister::Take take) {
                                  seed::v1::Resident resident;
                                  resident.set_subject("head");
                                  resident.set_household_id("h1");
                                  resident.set_relation(Member::HEAD);
                                  resident.set_name("架空　花子");
                                  resident.set_kana("カクウ　ハナコ");
                                  resident.set_birth_date("1988-08-07");
                                  resident.set_address("架空県あかつき市");
                                  resident.set_move_in_date("2026-03-20");
                                  resident.set_tax_municipality("yunagi");
                                  return take(resident);
                                })
                    .ok());
  }

  grpc::Status Get(const std::string& subject,
                   const std::vector<std::string>& attributes,
                   GetHouseholdResponse* response) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt",
                          attributes);
    GetHouseholdRequest request;
    request.set_subject(subject);
    return service_.GetHousehold(call.context(), &request, response);
  }

  FakeNews news_;
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("register.sqlite"),
                             ResidentRegister::Migrations())
          .value();
  ResidentRegister register_{database_.get(), "akatsuki"};
  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};
  ProtectionStore decisions_{database_.get(), "akatsuki"};
  ProtectionGate gate_{&register_, &decisions_};
  ResidentsService service_{&register_, &gate_, &clock_};
};

TEST_F(ResidentsServiceTest, EachAttributeIsGivenOnlyWhereItIsGranted) {
  struct Case {
    const char* attribute;
    bool (*given)(const GetHouseholdResponse&);
  };
  const Case kCases[] = {
      {"name",
       [](const GetHouseholdResponse& r) { return r.members(0).name() != ""; }},
      {"kana",
       [](const GetHouseholdResponse& r) { return r.members(0).kana() != ""; }},
      {"birth_date",
       [](const GetHouseholdResponse& r) {
         return r.members(0).birth_date() != "";
       }},
      {"relation",
       [](const GetHouseholdResponse& r) {
         return r.members(0).relation() != 0;
       }},
      {"tax_municipality",
       [](const GetHouseholdResponse& r) {
         return r.members(0).tax_municipality() != "";
       }},
      {"address",
       [](const GetHouseholdResponse& r) { return r.address() != ""; }},
      {"move_in_date",
       [](const GetHouseholdResponse& r) { return r.move_in_date() != ""; }},
  };
  for (const Case& granted : kCases) {
    GetHouseholdResponse response;
    ASSERT_TRUE(Get("head", {granted.attribute}, &response).ok());
    EXPECT_EQ(response.members(0).subject(), "head");
    // At 05:26 in Japan it is that day's state.
    EXPECT_EQ(response.as_of_time().seconds(), 1'779'980'400);
    for (const Case& c : kCases) {
      EXPECT_EQ(c.given(response), &c == &granted)
          << c.attribute << " where " << granted.attribute << " is granted";
    }
  }
}

TEST_F(ResidentsServiceTest, ARetryOfTheSameDayGetsTheSameBytes) {
  const auto get = [&](const char* day) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt", {"name"});
    GetHouseholdRequest request;
    request.set_subject("head");
    request.set_as_of_date(day);
    GetHouseholdResponse response;
    EXPECT_TRUE(
        service_.GetHousehold(call.context(), &request, &response).ok());
    return response;
  };
  const GetHouseholdResponse first = get("");
  EXPECT_EQ(get("2026-05-29").as_of_time().seconds(),
            first.as_of_time().seconds());
  EXPECT_EQ(get("2026-05-28").as_of_time().seconds(),
            first.as_of_time().seconds() - 24 * 60 * 60)
      << "the day that was asked about";
  clock_.Advance(absl::Hours(18));
  EXPECT_EQ(get("").SerializeAsString(), first.SerializeAsString());
  clock_.Advance(absl::Hours(1));
  EXPECT_NE(get("").SerializeAsString(), first.SerializeAsString());
}

TEST_F(ResidentsServiceTest, OneResidentIsGivenAloneAndOnlyWhatIsGranted) {
  const auto get = [&](const std::string& subject,
                       const std::vector<std::string>& attributes) {
    agency::FakeCall call("identity/identity", "card-counter", attributes);
    residents::v1::GetResidentRequest request;
    request.set_subject(subject);
    residents::v1::GetResidentResponse response;
    const grpc::Status status =
        service_.GetResident(call.context(), &request, &response);
    return std::pair(ReasonOf(agency::FromGrpc(status)), response);
  };
  const auto [refused, all] = get("head", {"name", "kana", "address"});
  EXPECT_EQ(refused, "");
  EXPECT_EQ(all.name(), "架空　花子");
  EXPECT_EQ(all.kana(), "カクウ　ハナコ");
  EXPECT_EQ(all.address(), "架空県あかつき市");
  const auto name = get("head", {"name"}).second;
  EXPECT_EQ(name.name(), "架空　花子");
  EXPECT_EQ(name.kana() + name.address(), "");
  EXPECT_EQ(get("nobody", {"name"}).first, "NOT_A_RESIDENT");
}

TEST_F(ResidentsServiceTest, SomebodyElseIsRefusedWithAReason) {
  GetHouseholdResponse response;
  const grpc::Status status = Get("nobody", {"name", "address"}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(agency::FromGrpc(status)), "NOT_A_RESIDENT");
  EXPECT_EQ(response.ByteSizeLong(), 0U);
}

TEST_F(ResidentsServiceTest, ADayThatIsNoneIsRefused) {
  for (const char* day : {"2026-02-30", "2026-5-1", "yesterday", "2026-05-01 ",
                          "99999-01-01", "'; DROP TABLE facts"}) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt", {});
    GetHouseholdRequest request;
    request.set_subject("head");
    request.set_as_of_date(day);
    GetHouseholdResponse response;
    const grpc::Status status =
        service_.GetHousehold(call.context(), &request, &response);
    EXPECT_EQ(ReasonOf(agency::FromGrpc(status)), "DATE_INVALID") << day;
  }
}

TEST_F(ResidentsServiceTest, TheHistoryIsGivenOnlyWhereItIsGranted) {
  residents::v1::GetResidentHistoryRequest request;
  request.set_subject("head");
  residents::v1::GetResidentHistoryResponse response;
  agency::FakeCall granted("portal/terminal", "own-request", {"history"});
  ASSERT_TRUE(
      service_.GetResidentHistory(granted.context(), &request, &response).ok());
  ASSERT_EQ(response.entries_size(), 1);
  EXPECT_EQ(response.entries(0).kind(),
            residents::v1::RegisterEntry::TAKEN_OVER);
  EXPECT_EQ(response.entries(0).changes_size(), 7);

  agency::FakeCall withheld("portal/terminal", "own-request", {});
  response.Clear();
  ASSERT_TRUE(
      service_.GetResidentHistory(withheld.context(), &request, &response)
          .ok());
  EXPECT_EQ(response.entries_size(), 0);

  request.set_subject("nobody");
  agency::FakeCall other("portal/terminal", "own-request", {"history"});
  EXPECT_EQ(ReasonOf(agency::FromGrpc(service_.GetResidentHistory(
                other.context(), &request, &response))),
            "NOT_A_RESIDENT");
}

}  // namespace
}  // namespace psm
