// 22. A call goes to whoever holds the person, follows him when he moves, and
// nobody who looks for a protected person learns where to look.
#include <csignal>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "tests/scenarios/life_scenario.h"

namespace psm::testing {
namespace {

using holdings::v1::HoldingsService;
using ::testing::HasSubstr;
using ::testing::Not;

class Holdings : public LifeScenario {
 protected:
  absl::Status Declare(const std::string& system, const std::string& code) {
    holdings::v1::DeclareRequest request;
    request.set_service("psm.residents.v1.ResidentsService");
    request.add_subjects(code);
    return mesh_->Client(system)
        .Call(&HoldingsService::Stub::Declare, {}, request)
        .status;
  }
  absl::Status End(const std::string& system, const std::string& code) {
    holdings::v1::EndRequest request;
    request.set_service("psm.residents.v1.ResidentsService");
    request.add_subjects(code);
    return mesh_->Client(system)
        .Call(&HoldingsService::Stub::End, {}, request)
        .status;
  }
  absl::Status Ask(const std::string& akatsukis,
                   const std::string& provider = "") {
    residents::v1::GetHouseholdRequest request;
    request.set_subject(CodeAt("pension", akatsukis));
    return mesh_->Client(kPension)
        .Call(&residents::v1::ResidentsService::Stub::GetHousehold,
              {.affair = kBenefitAffair, .provider = provider}, request)
        .status;
  }
  // Who was asked: the person is new, so each says that it does not know him.
  std::string Asked(const std::string& akatsukis) {
    const auto detail = DetailOf(Ask(akatsukis));
    if (!detail.has_value()) return "";
    const auto provider = detail->metadata.find("provider");
    return provider == detail->metadata.end() ? detail->reason
                                              : provider->second;
  }
};

TEST_F(Holdings, ACallFollowsThePersonAndAProtectedOneIsNotFound) {
  const std::string person = NewPerson();
  const std::string at_yunagi = CodeAt("yunagi", person);
  EXPECT_EQ(Asked(person), "PROVIDER_REQUIRED");

  // Whoever does not provide the service holds nobody, and no code serves
  // another agency.
  EXPECT_EQ(ReasonOf(Declare(kBenefits, person)), "NOT_A_PROVIDER");
  EXPECT_EQ(ReasonOf(Declare(kYunagi, person)), "SUBJECT_CODE_INVALID");
  EXPECT_EQ(Asked(person), "PROVIDER_REQUIRED");

  ASSERT_TRUE(Declare(kAkatsuki, person).ok());
  EXPECT_EQ(Asked(person), kAkatsuki);
  ASSERT_TRUE(Declare(kYunagi, at_yunagi).ok());
  EXPECT_EQ(Asked(person), kAkatsuki) << "nobody takes a person over";
  ASSERT_TRUE(End(kYunagi, at_yunagi).ok());
  ASSERT_TRUE(Declare(kYunagi, at_yunagi).ok());
  ASSERT_TRUE(End(kAkatsuki, person).ok());
  EXPECT_EQ(Asked(person), kYunagi);
  KillGateway();
  EXPECT_EQ(Asked(person), kYunagi) << "what was answered is durable";

  EXPECT_THAT(History(person).Utf8DebugString(), HasSubstr("yunagi"));
  EXPECT_EQ(ReasonOf(Protect(kPension, CodeAt("pension", person))),
            "NOT_A_PROTECTING_AGENCY");
  ASSERT_TRUE(Protect(kYunagi, at_yunagi).ok());
  KillGateway();
  const absl::Status refused = Ask(person);
  EXPECT_EQ(ReasonOf(refused), "NO_AUTOMATIC_ANSWER") << refused;
  for (const char* provider : {kAkatsuki, kYunagi}) {
    const absl::Status same = Ask(person, provider);
    EXPECT_EQ(same.code(), refused.code());
    EXPECT_EQ(same.message(), refused.message());
    EXPECT_EQ(DetailOf(same)->metadata, DetailOf(refused)->metadata);
  }
  const std::string history =
      absl::AsciiStrToLower(History(person).Utf8DebugString());
  for (const char* name : {"yunagi", "akatsuki", "ゆうなぎ", "あかつき"})
    EXPECT_THAT(history, Not(HasSubstr(name)));
  EXPECT_THAT(history, HasSubstr("a municipality"));

  ASSERT_TRUE(Protect(kYunagi, at_yunagi, false).ok());
  EXPECT_EQ(Asked(person), kYunagi);
}

}  // namespace
}  // namespace psm::testing
