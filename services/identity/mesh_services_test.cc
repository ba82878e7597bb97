#include "services/identity/mesh_services.h"

#include <map>
#include <memory>
#include <string>

#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "psm/disclosure/v1/disclosure.grpc.pb.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::identity {
namespace {

constexpr char kAskedUnder[] = "00000000-0000-4000-8000-00000000000a";

// Stands where the gateway stands and keeps what came.
class FakeGateway : public disclosure::v1::DisclosureService::Service,
                    public records::v1::RecordsService::Service {
 public:
  FakeGateway() {
    grpc::ServerBuilder builder;
    builder.RegisterService(
        static_cast<disclosure::v1::DisclosureService::Service*>(this));
    builder.RegisterService(
        static_cast<records::v1::RecordsService::Service*>(this));
    server_ = builder.BuildAndStart();
  }
  grpc::Status Disclose(grpc::ServerContext* context,
                        const disclosure::v1::DiscloseRequest* request,
                        disclosure::v1::DiscloseResponse* response) override {
    Keep(*context);
    disclosed = *request;
    if (!refusal.ok()) return agency::ToGrpc(refusal);
    response->set_code("the audience's code");
    return grpc::Status::OK;
  }
  grpc::Status ListRecords(
      grpc::ServerContext* context,
      const records::v1::ListRecordsRequest* request,
      records::v1::ListRecordsResponse* response) override {
    Keep(*context);
    listed = *request;
    if (!refusal.ok()) return agency::ToGrpc(refusal);
    response->set_next_page_token("next");
    return grpc::Status::OK;
  }
  std::shared_ptr<grpc::Channel> Channel() {
    return server_->InProcessChannel(grpc::ChannelArguments());
  }

  absl::Status refusal;
  disclosure::v1::DiscloseRequest disclosed;
  records::v1::ListRecordsRequest listed;
  std::map<std::string, std::string> metadata;

 private:
  void Keep(const grpc::ServerContext& context) {
    metadata.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata[std::string(key.data(), key.size())] =
          std::string(value.data(), value.size());
    }
  }
  std::unique_ptr<grpc::Server> server_;
};

class MeshServicesTest : public testing::Test {
 protected:
  MeshServicesTest() { call_.exchange_id = kAskedUnder; }

  const Disclosure disclosure_{"hoshizora-bank/customers",
                               "customer-address",
                               "hanako",
                               "a.B/C",
                               {"address", "kana"}};
  FakeGateway gateway_;
  MeshServices mesh_{[this] { return gateway_.Channel(); }};
  agency::CallContext call_;
};

TEST_F(MeshServicesTest, ADisclosureSaysWhatItIsAboutAndForWhichAffair) {
  EXPECT_EQ(*mesh_.Disclose(call_, disclosure_), "the audience's code");
  EXPECT_EQ(gateway_.disclosed.audience(), "hoshizora-bank/customers");
  EXPECT_EQ(gateway_.disclosed.subject(), "hanako");
  EXPECT_EQ(gateway_.disclosed.method(), "a.B/C");
  ASSERT_EQ(gateway_.disclosed.attributes_size(), 2);
  EXPECT_EQ(gateway_.disclosed.attributes(1), "kana");
  EXPECT_EQ(gateway_.metadata["psm-affair"], "customer-address");
  EXPECT_EQ(gateway_.metadata["psm-exchange-id"], kAskedUnder);
}

TEST_F(MeshServicesTest, AnExchangeIdThatIsNoneIsReplaced) {
  call_.exchange_id = "x\r\ny";
  EXPECT_TRUE(mesh_.Disclose(call_, disclosure_).ok());
  EXPECT_TRUE(IsUuid(gateway_.metadata["psm-exchange-id"]));
}

TEST_F(MeshServicesTest, RecordsAreReadForTheirDisclosure) {
  records::v1::ListRecordsRequest request;
  request.set_subject("hanako");
  EXPECT_EQ(mesh_.List(call_, request)->next_page_token(), "next");
  EXPECT_EQ(gateway_.listed.subject(), "hanako");
  EXPECT_EQ(gateway_.metadata["psm-affair"], "disclose-records");
}

TEST_F(MeshServicesTest, TheReasonOfARefusalArrives) {
  gateway_.refusal = MakeError(absl::StatusCode::kPermissionDenied,
                               "NO_AGREEMENT", Party::kConsumer, "no");
  EXPECT_EQ(ReasonOf(mesh_.Disclose(call_, disclosure_).status()),
            "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(mesh_.List(call_, {}).status()), "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm::identity
