#include "services/residents/protection_service.h"

#include <set>
#include <string>
#include <vector>

#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "services/residents/notices_service.h"
#include "services/residents/residents_service.h"
#include "services/residents/test_protection.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

// Enrols nagi.
class NagiEnrolment final : public Enrolment {
 public:
  absl::StatusOr<std::string> Enrol(const agency::CallContext&) override {
    return std::string("nagi");
  }
};

constexpr char kOfficer[] = "akatsuki/counter";

class ProtectionServiceTest : public RegisterTest {
 protected:
  absl::Status Protect(const std::string& subject) {
    agency::FakeCall call(kOfficer, "protect-person", {"decision"},
                          NewNotice().call.exchange_id);
    residents::v1::ProtectRequest request;
    request.set_subject(subject);
    request.set_last_date("2027-11-22");
    residents::v1::ProtectResponse response;
    return agency::FromGrpc(
        service_.Protect(call.context(), &request, &response));
  }
  absl::Status End(const std::string& subject) {
    agency::FakeCall call(kOfficer, "protect-person", {},
                          NewNotice().call.exchange_id);
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
  HouseholdProtection household_{&decisions_, &flag_};
  NagiEnrolment enrolment_;
  ProtectionGate gate_{&residents_, &decisions_};
  ProtectionService service_{&decisions_, &flag_, &household_, &clock_};
  ResidentsService answers_{&residents_, &gate_, &clock_};
  NoticesService notices_{{&moves_, &withdrawals_, &families_, &households_,
                           &enrolment_, &gate_, &household_, &clock_}};
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
  ASSERT_FALSE(flag_.set.empty());
  EXPECT_EQ(flag_.set[0], "+hanako");
  EXPECT_EQ(flag_.protects,
            (std::set<std::string>{"hanako", "fumie", "minato"}))
      << "who lives with her would lead to her";
  ASSERT_TRUE(End("hanako").ok());
  EXPECT_TRUE(flag_.protects.empty());
  EXPECT_EQ(
      std::set<std::string>(flag_.exchanges.begin(), flag_.exchanges.end())
          .size(),
      flag_.exchanges.size());

  // Where the mesh does not take it over, the officer is told so.
  flag_.answer =
      agency::Refusal(absl::StatusCode::kUnavailable, "MESH_UNAVAILABLE", "no");
  EXPECT_EQ(ReasonOf(Protect("minato")), "MESH_UNAVAILABLE");
  EXPECT_EQ(decisions_.DecisionsOn("minato")->decisions_size(), 0);
}

TEST_F(ProtectionServiceTest, OfTwoProtectedInAHouseholdEachProtectsTheOther) {
  ASSERT_TRUE(Protect("hanako").ok());
  ASSERT_TRUE(Protect("fumie").ok());
  ASSERT_TRUE(End("hanako").ok());
  EXPECT_EQ(flag_.protects,
            (std::set<std::string>{"hanako", "fumie", "minato"}));
  EXPECT_EQ(ReasonOf(End("minato")), "NOT_PROTECTED")
      << "he lives with one who is";
  ASSERT_TRUE(End("fumie").ok());
  EXPECT_TRUE(flag_.protects.empty());
}

TEST_F(ProtectionServiceTest,
       AProtectionThatEndsMeanwhileLeavesNobodyProtected) {
  residents::v1::ProtectRequest protect;
  protect.set_subject("hanako");
  protect.set_last_date("2027-11-22");
  ASSERT_TRUE(decisions_.Protect(NewNotice(), protect).ok());
  residents::v1::EndProtectionRequest end;
  end.set_subject("hanako");
  flag_.meanwhile = [&] { ASSERT_TRUE(decisions_.End(NewNotice(), end).ok()); };
  ASSERT_TRUE(household_.Extend(today_).ok());
  EXPECT_EQ(flag_.set[0].front(), '+') << "it was looked up before";
  EXPECT_TRUE(flag_.protects.empty());
}

TEST_F(ProtectionServiceTest, WhoHasLeftStaysProtectedUntilAnOfficerEndsIt) {
  ASSERT_TRUE(Protect("hanako").ok());
  residents::v1::NotifyMoveOutRequest move;
  move.set_subject("fumie");
  move.set_move_date("2026-11-22");
  move.set_destination("yunagi");
  ASSERT_TRUE(moves_.MoveOut(NewNotice(), move).ok());
  ASSERT_TRUE(household_.Extend(today_).ok());
  EXPECT_EQ(flag_.protects,
            (std::set<std::string>{"hanako", "fumie", "minato"}));
  ASSERT_TRUE(End("fumie").ok());
  EXPECT_EQ(flag_.protects, (std::set<std::string>{"hanako", "minato"}));
  ASSERT_TRUE(household_.Extend(today_).ok());
  EXPECT_EQ(flag_.protects, (std::set<std::string>{"hanako", "minato"}));
}

TEST_F(ProtectionServiceTest, WhoJoinsAProtectedHouseholdIsProtected) {
  ASSERT_TRUE(Protect("hanako").ok());
  const std::string exchange = "00000000-0000-4000-8000-0000000000bb";
  residents::v1::RegisterBirthRequest birth;
  birth.set_subject("hanako");
  birth.set_etag(Etag("hanako"));
  birth.set_name("青空　凪");
  birth.set_kana("アオゾラ　ナギ");
  birth.set_birth_date("2026-11-15");
  const auto born = [&] {
    agency::FakeCall call(kOfficer, "resident-register", {}, exchange);
    residents::v1::RegisterBirthResponse response;
    return ReasonOf(agency::FromGrpc(
        notices_.RegisterBirth(call.context(), &birth, &response)));
  };
  EXPECT_EQ(born(), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(flag_.protects.count("nagi"), 0U);
  residents::v1::AllowDeskRequest allow;
  allow.set_subject("hanako");
  allow.set_desk(kOfficer);
  allow.set_affair("resident-register");
  allow.set_last_date("2026-12-01");
  ASSERT_TRUE(decisions_.AllowDesk(NewNotice(), allow).ok());
  // Nobody is told that it is entered before the mesh protects the child; the
  // retry goes on there.
  flag_.answer =
      agency::Refusal(absl::StatusCode::kUnavailable, "MESH_UNAVAILABLE", "no");
  EXPECT_EQ(born(), "MESH_UNAVAILABLE");
  flag_.answer = absl::OkStatus();
  EXPECT_EQ(born(), "");
  EXPECT_EQ(flag_.protects.count("nagi"), 1U);
}

TEST_F(ProtectionServiceTest, NobodyIsProtectedByADecisionThatIsRefused) {
  EXPECT_EQ(ReasonOf(Protect("kenji")), "NOT_A_RESIDENT");
  EXPECT_EQ(ReasonOf(End("hanako")), "NOT_PROTECTED");
  EXPECT_TRUE(flag_.set.empty());
}

}  // namespace
}  // namespace psm
