#include "services/bank/address_source.h"

#include <map>
#include <memory>
#include <string>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm::bank {
namespace {

constexpr char kExchange[] = "00000000-0000-4000-8000-00000000000a";

// Stands where the gateway stands and keeps what came.
class FakeGateway : public identity::v1::BasicItemsService::Service {
 public:
  FakeGateway() {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  grpc::Status GetBasicItems(
      grpc::ServerContext* context,
      const identity::v1::GetBasicItemsRequest* request,
      identity::v1::GetBasicItemsResponse* response) override {
    subject = request->subject();
    metadata.clear();
    for (const auto& [key, value] : context->client_metadata()) {
      metadata[std::string(key.data(), key.size())] =
          std::string(value.data(), value.size());
    }
    if (!refusal.ok()) return agency::ToGrpc(refusal);
    response->set_address("架空県新町1");
    return grpc::Status::OK;
  }
  std::shared_ptr<grpc::Channel> Channel() {
    return server_->InProcessChannel(grpc::ChannelArguments());
  }

  absl::Status refusal;
  std::string subject = "not asked";
  std::map<std::string, std::string> metadata;

 private:
  std::unique_ptr<grpc::Server> server_;
};

class MeshAddressSourceTest : public testing::Test {
 protected:
  FakeGateway gateway_;
  MeshAddressSource source_{[this] { return gateway_.Channel(); }};
  agency::CallContext call_;
};

TEST_F(MeshAddressSourceTest, AsksWithTheTokenAndWithoutASubject) {
  call_.exchange_id = kExchange;
  EXPECT_EQ(*source_.GetAddress(call_, "e30.e30.c2ln"), "架空県新町1");
  EXPECT_EQ(gateway_.subject, "");
  EXPECT_EQ(gateway_.metadata["psm-affair"], "customer-address");
  EXPECT_EQ(gateway_.metadata["psm-consent"], "e30.e30.c2ln");
  EXPECT_EQ(gateway_.metadata["psm-exchange-id"], kExchange);
}

TEST_F(MeshAddressSourceTest, AnExchangeIdThatIsNoneIsReplaced) {
  call_.exchange_id = "x\r\ny";
  EXPECT_TRUE(source_.GetAddress(call_, "e30.e30.c2ln").ok());
  EXPECT_TRUE(IsUuid(gateway_.metadata["psm-exchange-id"]));
}

TEST_F(MeshAddressSourceTest, TheReasonOfARefusalArrives) {
  gateway_.refusal = MakeError(absl::StatusCode::kFailedPrecondition,
                               "CONSENT_WITHDRAWN", Party::kConsumer, "no");
  const absl::Status status = source_.GetAddress(call_, "a.b.c").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "CONSENT_WITHDRAWN");
}

TEST_F(MeshAddressSourceTest, TheCallersDeadlineBinds) {
  call_.deadline = SystemClock().Now() - absl::Seconds(1);
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(source_.GetAddress(call_, "a.b.c").status()));
}

}  // namespace
}  // namespace psm::bank
