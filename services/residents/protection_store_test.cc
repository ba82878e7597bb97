#include "services/residents/protection_store.h"

#include <string>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::AllowDeskRequest;
using residents::v1::EndProtectionRequest;
using residents::v1::ProtectionDecision;
using residents::v1::ProtectRequest;

class ProtectionStoreTest : public RegisterTest {
 protected:
  absl::Status Protect(const std::string& subject,
                       const std::string& last_date = "2027-11-22") {
    ProtectRequest request;
    request.set_subject(subject);
    request.set_last_date(last_date);
    return decisions_.Protect(NewNotice(), request).status();
  }
  absl::Status End(const std::string& subject) {
    EndProtectionRequest request;
    request.set_subject(subject);
    return decisions_.End(NewNotice(), request).status();
  }
  absl::Status Allow(const std::string& subject, const std::string& desk,
                     const std::string& affair = "benefit-tax-exempt",
                     const std::string& last_date = "2026-12-31") {
    AllowDeskRequest request;
    request.set_subject(subject);
    request.set_desk(desk);
    request.set_affair(affair);
    request.set_last_date(last_date);
    return decisions_.AllowDesk(NewNotice(), request).status();
  }
  // The reason with which a question is refused; "" where it is answered.
  std::string Asked(const std::string& consumer,
                    const std::vector<std::string>& subjects,
                    const std::string& affair = "benefit-tax-exempt") {
    agency::CallContext call;
    call.consumer = consumer;
    call.affair = affair;
    return ReasonOf(decisions_.Check(call, subjects, DayInJapan(clock_.Now())));
  }
};

TEST_F(ProtectionStoreTest, AProtectedPersonIsNobodyToOtherAgencies) {
  EXPECT_EQ(Asked("yunagi/tax", {"hanako"}), "");
  ASSERT_TRUE(Protect("hanako").ok());
  for (const char* other : {"yunagi/tax", "portal/terminal", "moving/desk",
                            "akatsukix/benefits", "akatsuki", ""}) {
    EXPECT_EQ(Asked(other, {"hanako"}), "NOT_A_RESIDENT") << other;
    // And so is everybody whose answer would name her.
    EXPECT_EQ(Asked(other, {"minato", "fumie", "hanako"}), "NOT_A_RESIDENT");
    EXPECT_EQ(Asked(other, {"fumie"}), "");
  }
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}), "NO_AUTOMATIC_ANSWER");
}

TEST_F(ProtectionStoreTest, ADeskSeesWhatAnOfficerAllowed) {
  ASSERT_TRUE(Protect("hanako").ok());
  ASSERT_TRUE(Allow("hanako", "akatsuki/benefits").ok());
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}), "");
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}, "another-affair"),
            "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(Asked("akatsuki/tax", {"hanako"}), "NO_AUTOMATIC_ANSWER");
  // Two who are protected need two decisions.
  ASSERT_TRUE(Protect("minato").ok());
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako", "minato"}),
            "NO_AUTOMATIC_ANSWER");
  // The last day is a day.
  clock_.Advance(absl::Hours(24 * 39));  // 31 December
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}), "");
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}), "NO_AUTOMATIC_ANSWER");
}

TEST_F(ProtectionStoreTest, AProtectionEndsByAnOfficersHandAlone) {
  ASSERT_TRUE(Protect("hanako", "2026-11-23").ok());
  clock_.Advance(absl::Hours(24 * 60));
  EXPECT_EQ(Asked("yunagi/tax", {"hanako"}), "NOT_A_RESIDENT");
  ASSERT_TRUE(End("hanako").ok());
  EXPECT_EQ(Asked("yunagi/tax", {"hanako"}), "");
  EXPECT_EQ(ReasonOf(End("hanako")), "NOT_PROTECTED");
}

TEST_F(ProtectionStoreTest, WhatWasAllowedEndsWithTheProtection) {
  ASSERT_TRUE(Protect("hanako").ok());
  ASSERT_TRUE(Allow("hanako", "akatsuki/benefits").ok());
  ASSERT_TRUE(End("hanako").ok());
  ASSERT_TRUE(Protect("hanako").ok());
  EXPECT_EQ(Asked("akatsuki/benefits", {"hanako"}), "NO_AUTOMATIC_ANSWER");
}

TEST_F(ProtectionStoreTest, EveryDecisionIsKept) {
  ASSERT_TRUE(Protect("hanako").ok());
  ASSERT_TRUE(Allow("hanako", "akatsuki/benefits").ok());
  ASSERT_TRUE(Protect("hanako", "2027-01-31").ok());
  ASSERT_TRUE(End("hanako").ok());
  const auto decisions = decisions_.DecisionsOn("hanako");
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->decisions_size(), 4);
  EXPECT_EQ(decisions->decisions(0).kind(), ProtectionDecision::PROTECT);
  EXPECT_EQ(decisions->decisions(1).desk(), "akatsuki/benefits");
  EXPECT_EQ(decisions->decisions(1).affair(), "benefit-tax-exempt");
  EXPECT_EQ(decisions->decisions(2).last_date(), "2027-01-31");
  EXPECT_EQ(decisions->decisions(3).kind(), ProtectionDecision::END);
  EXPECT_EQ(decisions->decisions(3).decided_by(), "akatsuki/counter");
  EXPECT_EQ(decisions_.DecisionsOn("fumie")->decisions_size(), 0);
}

TEST_F(ProtectionStoreTest, ADecisionIsRefusedByWhatIsWrong) {
  EXPECT_EQ(ReasonOf(Protect("kenji")), "NOT_A_RESIDENT");
  for (const char* day : {"", "2026-11-21", "2027-11-24", "2026-11-31"})
    EXPECT_EQ(ReasonOf(Protect("hanako", day)), "DATE_INVALID") << day;
  EXPECT_EQ(ReasonOf(Allow("hanako", "akatsuki/benefits")), "NOT_PROTECTED");
  ASSERT_TRUE(Protect("hanako").ok());
  for (const char* desk : {"", "akatsuki", "yunagi/benefits", "akatsukix/a"})
    EXPECT_EQ(ReasonOf(Allow("hanako", desk)), "DESK_INVALID") << desk;
  EXPECT_EQ(ReasonOf(Allow("hanako", "akatsuki/benefits", "")), "DESK_INVALID");
  EXPECT_EQ(ReasonOf(Allow("hanako", "akatsuki/benefits", "a", "2026-01-01")),
            "DATE_INVALID");
}

}  // namespace
}  // namespace psm
