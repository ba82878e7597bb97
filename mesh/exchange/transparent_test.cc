#include "mesh/exchange/transparent.h"

#include <optional>
#include <utility>

#include "gmock/gmock.h"
#include "mesh/exchange/exchange_fixture.h"
#include "psm/identity/v1/sign_in.pb.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kBegin[] = "/psm.identity.v1.SignInService/BeginSignIn";

class TransparentTest : public ExchangeFixture {
 protected:
  absl::StatusOr<TransparentRoute> RouteOf(Ask ask) {
    std::optional<absl::StatusOr<TransparentRoute>> route;
    Start(RouteTransparent(env(), std::move(ask)),
          [&](absl::StatusOr<TransparentRoute> found) {
            route = std::move(found);
          });
    executor_.RunAll();
    return *route;
  }
  Ask BeginAsk() {
    return MakeAsk(kBegin, "", identity::v1::BeginSignInRequest());
  }
};

TEST_F(TransparentTest, IsRoutedWithoutRecordAndSaysWhoAsks) {
  absl::StatusOr<TransparentRoute> route = RouteOf(BeginAsk());
  ASSERT_TRUE(route.ok()) << route.status();
  EXPECT_EQ(route->provider->id, "identity/identity");
  EXPECT_THAT(route->metadata,
              ElementsAre(Pair("psm-consumer", "akatsuki/benefits")));
  EXPECT_THAT(log_.records, IsEmpty());
}

TEST_F(TransparentTest, TheRouteKeepsItsProviderThroughANewConfiguration) {
  absl::StatusOr<TransparentRoute> route = RouteOf(BeginAsk());
  ASSERT_TRUE(route.ok()) << route.status();
  env().policy = MakePolicy("");
  policy_.reset();
  EXPECT_EQ(route->provider->id, "identity/identity");
}

TEST_F(TransparentTest, NeedsAnAgreementAndARefusalIsRecorded) {
  FakePeer bank("bank/customers");
  Ask ask = BeginAsk();
  ask.peer = &bank;
  EXPECT_EQ(ReasonOf(RouteOf(std::move(ask)).status()), "NO_AGREEMENT");
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].reason(), "NO_AGREEMENT");
}

TEST_F(TransparentTest, ARefusalThatCannotBeRecordedSaysThatInstead) {
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  FakePeer bank("bank/customers");
  Ask ask = BeginAsk();
  ask.peer = &bank;
  EXPECT_EQ(ReasonOf(RouteOf(std::move(ask)).status()), "RECORD_NOT_DURABLE");
}

TEST_F(TransparentTest, ARevokedPeerGoesNowhere) {
  peer_.status = MakeError(absl::StatusCode::kUnauthenticated,
                           "CERTIFICATE_REVOKED", Party::kConsumer, "revoked");
  EXPECT_EQ(ReasonOf(RouteOf(BeginAsk()).status()), "CERTIFICATE_REVOKED");
}

TEST_F(TransparentTest, AnExchangeIsNotCarriedAsItIs) {
  Ask ask = MakeAsk("/psm.tax.v1.TaxService/GetTaxStatus", "benefit",
                    identity::v1::BeginSignInRequest());
  EXPECT_EQ(ReasonOf(RouteOf(std::move(ask)).status()), "UNKNOWN_METHOD");
}

}  // namespace
}  // namespace psm
