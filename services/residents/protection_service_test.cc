#include "services/residents/protection_service.h"

#include <string>
#include <vector>

#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "services/residents/notices_service.h"
#include "services/residents/residents_service.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

class FakeFlag final : public ProtectionFlag {
 public:
  absl::Status Set(const std::string& subject, bool is_protected,
                   const std::string& exchange_id) override {
    set.push_back((is_protected ? "+" : "-") + subject);
    exchanges.push_back(exchange_id);
    return answer;
  }
  absl::Status answer;
  std::vector<std::string> set, exchanges;
};

class NoEnrolment final : public Enrolment {
 public:
  absl::StatusOr<std::string> Enrol(const agency::CallContext&) override {
    ADD_FAILURE() << "somebody is enrolled";
    return std::string("nobody");
  }
};

constexpr char kOfficer[] = "akatsuki/counter";

class ProtectionServiceTest : public RegisterTest {
 protected:
  absl::Status Protect(const std::string& subject) {
    agency::FakeCall call(kOfficer, "protect-person", {"decision"});
    residents::v1::ProtectRequest request;
    request.set_subject(subject);
    request.set_last_date("2027-11-22");
    residents::v1::ProtectResponse response;
    return agency::FromGrpc(
        service_.Protect(call.context(), &request, &response));
  }
  absl::Status End(const std::string& subject) {
    agency::FakeCall call(kOfficer, "protect-person", {});
    residents::v1::EndProtectionRequest request;
    request.set_subject(subject);
    residents::v1::EndProtectionResponse response;
    return agency::FromGrpc(
        service_.EndProtection(call.context(), &request, &response));
  }

  // Asks with every attribute granted; "" where it is answered. What is
  // refused holds nothing.
  std::string Household(const std::string& consumer, const std::string& subject,
                        const std::string& day = "") {
    agency::FakeCall call(consumer, "benefit-tax-exempt",
                          {"name", "kana", "birth_date", "relation", "address",
                           "tax_municipality", "move_in_date"});
    residents::v1::GetHouseholdRequest request;
    request.set_subject(subject);
    request.set_as_of_date(day);
    residents::v1::GetHouseholdResponse response;
    const absl::Status status = agency::FromGrpc(
        answers_.GetHousehold(call.context(), &request, &response));
    EXPECT_EQ(response.ByteSizeLong() > 0, status.ok());
    return ReasonOf(status);
  }
  std::string History(const std::string& consumer, const std::string& subject) {
    agency::FakeCall call(consumer, "own-request", {"history"});
    residents::v1::GetResidentHistoryRequest request;
    request.set_subject(subject);
    residents::v1::GetResidentHistoryResponse response;
    const absl::Status status = agency::FromGrpc(
        answers_.GetResidentHistory(call.context(), &request, &response));
    EXPECT_EQ(response.ByteSizeLong() > 0, status.ok());
    return ReasonOf(status);
  }
  std::string MoveOut(const std::string& consumer, const std::string& subject) {
    agency::FakeCall call(consumer, "one-stop-moving",
                          {"notice", "name", "tax_municipality"});
    residents::v1::NotifyMoveOutRequest request;
    request.set_subject(subject);
    request.set_move_date("2026-12-01");
    request.set_destination("yunagi");
    residents::v1::NotifyMoveOutResponse response;
    const absl::Status status = agency::FromGrpc(
        notices_.NotifyMoveOut(call.context(), &request, &response));
    EXPECT_EQ(response.ByteSizeLong() > 0, status.ok());
    return ReasonOf(status);
  }

  FakeFlag flag_;
  NoEnrolment enrolment_;
  ProtectionGate gate_{&residents_, &decisions_};
  ProtectionService service_{&decisions_, &flag_, &clock_};
  ResidentsService answers_{&residents_, &gate_, &clock_};
  NoticesService notices_{{&moves_, &withdrawals_, &families_, &households_,
                           &enrolment_, &gate_, &clock_}};
};

TEST_F(ProtectionServiceTest, NoPathOfTheRegisterLeadsToAProtectedPerson) {
  ASSERT_TRUE(Protect("hanako").ok());
  // By herself and by whoever lives with her; today and as of another day.
  for (const char* person : {"hanako", "fumie", "minato"}) {
    for (const char* day : {"", "2026-05-01"}) {
      EXPECT_EQ(Household("yunagi/benefits", person, day), "NOT_A_RESIDENT");
      EXPECT_EQ(Household("akatsuki/benefits", person, day),
                "NO_AUTOMATIC_ANSWER");
    }
    EXPECT_EQ(History("portal/terminal", person), "NOT_A_RESIDENT");
    EXPECT_EQ(MoveOut("moving/desk", person), "NOT_A_RESIDENT");
    EXPECT_EQ(MoveOut(kOfficer, person), "NO_AUTOMATIC_ANSWER");
  }
  // As absent as somebody who never was here.
  EXPECT_EQ(Household("yunagi/benefits", "nobody"), "NOT_A_RESIDENT");
  EXPECT_EQ(History("portal/terminal", "nobody"), "NOT_A_RESIDENT");
  EXPECT_TRUE(news_.told.empty());
}

TEST_F(ProtectionServiceTest, WhoWasLeftBehindIsAnsweredAbout) {
  // Fumie stays; what she is asked about no longer names hanako.
  residents::v1::NotifyMoveOutRequest move;
  move.set_subject("hanako");
  move.set_move_date("2026-11-22");
  move.set_destination("yunagi");
  residents::v1::Mover& child = *move.add_others();
  child.set_kana("アオゾラ　ミナト");
  child.set_birth_date("2017-04-21");
  ASSERT_TRUE(moves_.MoveOut(NewNotice(), move).ok());
  residents::v1::ProtectRequest request;
  ASSERT_TRUE(Protect("fumie").ok());
  ASSERT_TRUE(End("fumie").ok());
  EXPECT_EQ(Household("yunagi/benefits", "fumie"), "");
}

TEST_F(ProtectionServiceTest, TheMeshProtectsFirstAndLast) {
  ASSERT_TRUE(Protect("hanako").ok());
  EXPECT_EQ(flag_.set, std::vector<std::string>{"+hanako"});
  ASSERT_TRUE(End("hanako").ok());
  EXPECT_EQ(flag_.set, (std::vector<std::string>{"+hanako", "-hanako"}));
  EXPECT_NE(flag_.exchanges[0], flag_.exchanges[1]);

  // Where the mesh does not take it over, the officer is told so.
  flag_.answer =
      agency::Refusal(absl::StatusCode::kUnavailable, "MESH_UNAVAILABLE", "no");
  EXPECT_EQ(ReasonOf(Protect("minato")), "MESH_UNAVAILABLE");
  EXPECT_EQ(decisions_.DecisionsOn("minato")->decisions_size(), 0);
}

TEST_F(ProtectionServiceTest, NobodyIsProtectedByADecisionThatIsRefused) {
  EXPECT_EQ(ReasonOf(Protect("kenji")), "NOT_A_RESIDENT");
  EXPECT_EQ(ReasonOf(End("hanako")), "NOT_PROTECTED");
  EXPECT_TRUE(flag_.set.empty());
}

}  // namespace
}  // namespace psm
