#include "mesh/agency/call_context.h"

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"

namespace psm::agency {
namespace {

TEST(CallContextTest, ReadsWhatTheGatewaySets) {
  FakeCall fake("akatsuki/benefits", "benefit", {"kana", "account"}, "id-1");
  CallContext call = fake.call();
  EXPECT_EQ(call.consumer, "akatsuki/benefits");
  EXPECT_EQ(call.affair, "benefit");
  EXPECT_EQ(call.exchange_id, "id-1");
  EXPECT_EQ(call.attributes, (std::vector<std::string>{"account", "kana"}));
  EXPECT_TRUE(call.Grants("kana"));
  EXPECT_FALSE(call.Grants("kan"));
  EXPECT_FALSE(call.Grants(""));
  EXPECT_EQ(call.deadline, absl::InfiniteFuture());
  EXPECT_EQ(call.consent_id, "") << "by statute";
  EXPECT_EQ(FakeCall("a/b", "c", {}, "id-1", "f00d").call().consent_id, "f00d");
}

TEST(CallContextTest, GrantsNothingByDefault) {
  grpc::ServerContext bare;
  CallContext call = CallContext::From(bare);
  EXPECT_TRUE(call.consumer.empty());
  EXPECT_FALSE(call.Grants("account"));
  EXPECT_FALSE(FakeCall("a/b", "c", {}).call().Grants("account"));
}

TEST(CallContextTest, ARefusalKeepsItsReasonAcrossGrpc) {
  absl::Status refusal = Refusal(absl::StatusCode::kNotFound,
                                 "ACCOUNT_NOT_REGISTERED", "no account");
  grpc::Status sent = ToGrpc(refusal);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::NOT_FOUND);
  absl::Status got = FromGrpc(sent);
  EXPECT_EQ(got, refusal);
  EXPECT_EQ(DetailOf(got)->party, Party::kProvider);
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_EQ(ToGrpc(absl::InternalError("x")).error_details(), "");
}

TEST(OutgoingTest, TheParentsDeadlineBindsWhereItIsSooner) {
  const absl::Time now = SystemClock().Now();
  CallContext parent;
  parent.deadline = now + absl::Milliseconds(10);
  EXPECT_EQ(absl::FromChrono(Outgoing(&parent, "a")->deadline()),
            absl::FromChrono(absl::ToChronoTime(parent.deadline)));
  parent.deadline = absl::InfiniteFuture();
  absl::Time own =
      absl::FromChrono(Outgoing(&parent, "a", absl::Seconds(3))->deadline());
  EXPECT_GE(own, now + absl::Seconds(3) - absl::Milliseconds(1));
  EXPECT_LT(own, now + absl::Seconds(9));
}

}  // namespace
}  // namespace psm::agency
