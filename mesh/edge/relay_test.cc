// Calls of every form, once directly and once through a relay: who calls sees
// no difference.
#include "mesh/edge/relay.h"

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_interop.h"
#include "mesh/edge/test_relay.h"
#include "mesh/edge/test_streams.h"

namespace psm::edge {
namespace {

using std::chrono::milliseconds;

class RelayTest : public testing::Test {
 protected:
  RelayTest() { relay_.endpoint().Set(provider_.port()); }

  TestPki pki_;
  TestIdentity other_gateway_ = pki_.Issue("mesh/gateway");
  StreamProvider provider_{pki_.Issue("akatsuki/tax"), pki_.root_pem()};
  TestRelay relay_{pki_};
};

class ShowsNoDifference : public RelayTest,
                          public testing::WithParamInterface<InteropCase> {};

TEST_P(ShowsNoDifference, DirectlyOrThroughTheRelay) {
  const std::string direct = GetParam().play(
      DirectChannel(provider_.address(), pki_.root_pem(), other_gateway_), {});
  EXPECT_NE(direct.find("status"), std::string::npos) << direct;
  EXPECT_EQ(GetParam().play(relay_.Channel(), {}), direct);
}

INSTANTIATE_TEST_SUITE_P(Interoperability, ShowsNoDifference,
                         testing::ValuesIn(InteropCases()),
                         [](const auto& row) { return row.param.name; });

TEST_F(RelayTest, ADeadlinePassesWhoeverNoticesItFirst) {
  for (milliseconds timeout : {milliseconds(1), milliseconds(100)}) {
    TestStream stream(relay_.Channel(), "Never", {}, timeout);
    stream.Read();
    EXPECT_EQ(stream.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  }
}

TEST_F(RelayTest, ACancelledCallIsCancelledAtTheProvider) {
  TestStream stream(relay_.Channel(), "Echo");
  stream.Write("one");
  EXPECT_EQ(stream.Read(), "one");  // it is there
  stream.Cancel();
  EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(provider_.cancelled().Reaches(1));
}

TEST_F(RelayTest, WhereNobodyAnswersTheCallSaysSo) {
  relay_.endpoint().Set(0);
  TestStream stream(relay_.Channel(), "Echo");
  stream.Read();
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOfGrpc(status), "PROVIDER_UNAVAILABLE");
}

TEST_F(RelayTest, WhatTheRouterRefusesGoesNowhere) {
  relay_.Refuse(MakeError(absl::StatusCode::kPermissionDenied, "NO_AGREEMENT",
                          Party::kConsumer, "no"));
  TestStream stream(relay_.Channel(), "Echo");
  stream.Write("one");
  stream.Read();
  EXPECT_EQ(ReasonOfGrpc(stream.Finish()), "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm::edge
