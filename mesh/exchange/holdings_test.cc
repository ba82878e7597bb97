// Which provider a call goes to, and what nobody learns by it.
#include "mesh/exchange/holdings.h"

#include "mesh/exchange/life_fixture.h"

namespace psm {
namespace {

class HoldingsExchangeTest : public LifeFixture {};

TEST_F(HoldingsExchangeTest, ACallGoesToWhoeverHoldsThePersonAndMovesWithHim) {
  EXPECT_EQ(ReasonOf(Run(AskHousehold(pension_)).status), "PROVIDER_REQUIRED");
  ASSERT_TRUE(Declare(akatsuki_).ok());
  ASSERT_TRUE(Run(AskHousehold(pension_)).status.ok());
  EXPECT_EQ(link_.requests.back().provider->id, "akatsuki/residents");
  // The new municipality takes over when the old one ends.
  ASSERT_TRUE(Declare(yunagi_).ok());
  Run(AskHousehold(pension_));
  EXPECT_EQ(link_.requests.back().provider->id, "akatsuki/residents");
  ASSERT_TRUE(End(akatsuki_).ok());
  Run(AskHousehold(pension_));
  EXPECT_EQ(link_.requests.back().provider->id, "yunagi/residents");
  ASSERT_TRUE(End(yunagi_).ok());
  EXPECT_EQ(ReasonOf(Run(AskHousehold(pension_)).status), "PROVIDER_REQUIRED");
}

TEST_F(HoldingsExchangeTest, WhoMayNotAskLearnsNothingOfHoldings) {
  FakePeer stranger("accounts/desk");
  const absl::Status before = Run(AskHousehold(stranger)).status;
  EXPECT_EQ(ReasonOf(before), "NO_AGREEMENT");
  ASSERT_TRUE(Declare(akatsuki_).ok());
  EXPECT_EQ(Said(Run(AskHousehold(stranger)).status), Said(before));
  EXPECT_TRUE(link_.requests.empty());
}

// Its agreement is with the one municipality; the person is in the other, or in
// none.
TEST_F(HoldingsExchangeTest, HeldElsewhereIsTheSameAnswerAsHeldNowhere) {
  const Answer nowhere = Run(AskHousehold(benefits_));
  EXPECT_EQ(ReasonOf(nowhere.status), "PROVIDER_REQUIRED");
  ASSERT_TRUE(Declare(yunagi_).ok());
  const Answer elsewhere = Run(AskHousehold(benefits_));
  EXPECT_EQ(Said(elsewhere.status), Said(nowhere.status));
  EXPECT_EQ(elsewhere.provider, "");
  EXPECT_EQ(log_.records.back().provider(), "");
}

TEST_F(HoldingsExchangeTest, NobodyDeclaresForAnother) {
  EXPECT_EQ(ReasonOf(Declare(benefits_)), "NOT_A_PROVIDER");
  EXPECT_EQ(ReasonOf(Declare(pension_)), "NOT_A_PROVIDER");
  Ask foreign = HoldingAsk(yunagi_);
  foreign.peer = &akatsuki_;
  EXPECT_EQ(ReasonOf(RunTask(DeclareHoldings(env(), foreign)).status),
            "SUBJECT_CODE_INVALID");
  EXPECT_EQ(log_.records.size(), 3u) << "refusals are recorded";
  Ask empty = HoldingAsk(akatsuki_);
  holdings::v1::DeclareRequest request;
  request.set_service(kResidentsService);
  empty.message = request.SerializeAsString();
  EXPECT_EQ(ReasonOf(RunTask(DeclareHoldings(env(), empty)).status),
            "HOLDINGS_MALFORMED");
  // One that is none spoils all.
  request.add_subjects(Code("akatsuki", 'h'));
  request.add_subjects("nobody");
  empty.message = request.SerializeAsString();
  EXPECT_FALSE(RunTask(DeclareHoldings(env(), empty)).status.ok());
  EXPECT_TRUE(holdings_->HoldersOf(kResidentsService, Person('h')).empty());
}

}  // namespace
}  // namespace psm
