#include "mesh/gateway/health.h"

#include "grpc/health/v1/health.pb.h"
#include "gtest/gtest.h"
#include "mesh/exchange/exchange_fixture.h"

namespace psm {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthTest : public ExchangeFixture {
 protected:
  absl::StatusOr<HealthCheckResponse::ServingStatus> Ask(
      const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    absl::StatusOr<std::string> answer =
        CheckHealth(log_, policy_->contracts(), request.SerializeAsString());
    if (!answer.ok()) return answer.status();
    HealthCheckResponse response;
    EXPECT_TRUE(response.ParseFromString(*answer));
    return response.status();
  }
};

TEST_F(HealthTest, ServesWhileRecordsCanBeMadeDurable) {
  for (const char* service :
       {"", "psm.tax.v1.TaxService", "psm.linkage.v1.LinkageService"}) {
    EXPECT_EQ(*Ask(service), HealthCheckResponse::SERVING) << service;
  }
  log_.failure = absl::UnavailableError("full");
  EXPECT_EQ(*Ask(""), HealthCheckResponse::NOT_SERVING);
  log_.failure = absl::OkStatus();
  EXPECT_EQ(*Ask(""), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, AServiceThatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Ask("psm.nothing.v1.Nothing").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      CheckHealth(log_, policy_->contracts(), "\xff").status()));
}

}  // namespace
}  // namespace psm
