#include "mesh/agency/server.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "mesh/agency/credentials.h"
#include "mesh/agency/gateway_channel.h"
#include "mesh/agency/run_folder.h"
#include "mesh/agency/test_channel.h"
#include "mesh/agency/test_pki.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"
#include "psm/gbizid/v1/gbizid.grpc.pb.h"

namespace psm::agency {
namespace {

constexpr char kPath[] = "/psm.gbizid.v1.BusinessService/GetBusiness";
constexpr char kHealth[] = "/grpc.health.v1.Health/Check";

// Holds each call until `together` of them are inside, or five seconds.
class Meeting final : public gbizid::v1::BusinessService::Service {
 public:
  explicit Meeting(int together) : together_(together) {}

  grpc::Status GetBusiness(grpc::ServerContext*,
                           const gbizid::v1::GetBusinessRequest*,
                           gbizid::v1::GetBusinessResponse*) override {
    MutexLock lock(mu_);
    ++inside_;
    changed_.NotifyAll();
    while (inside_ < together_) {
      if (!changed_.WaitFor(mu_, std::chrono::seconds(5)))
        return grpc::Status(grpc::StatusCode::ABORTED, "nobody came");
    }
    return grpc::Status::OK;
  }

  int inside() {
    MutexLock lock(mu_);
    return inside_;
  }

 private:
  const int together_;
  Mutex mu_;
  CondVar changed_;
  int inside_ PSM_GUARDED_BY(mu_) = 0;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() { pki_.Write(run_.path(), {"gbizid/gbizid"}); }

  void Start(int together = 1) {
    service_ = std::make_unique<Meeting>(together);
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start(0, ServerCredentialsOf(files_, clock_), {service_.get()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  grpc::Status CallAs(const TestIdentity& identity,
                      std::string* server_leaf = nullptr) {
    std::string answer;
    return RawCall(
        *DialAs(identity, pki_.trust_pem(), server_->port(), server_leaf),
        kPath, "", &answer);
  }

  TempFolder run_;
  TestPki pki_;
  SystemClock clock_;
  const CredentialFiles files_ =
      CredentialFiles::In(run_.path(), "gbizid/gbizid");
  std::unique_ptr<Meeting> service_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, TwentyBlockingHandlersRunAtOnce) {
  Start(20);
  std::shared_ptr<grpc::Channel> channel =
      DialAs(pki_.IssueFor("mesh/gateway"), pki_.trust_pem(), server_->port());
  std::atomic<int> ok = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 20; ++i) {
    callers.emplace_back([&] {
      std::string answer;
      if (RawCall(*channel, kPath, "", &answer).ok()) ++ok;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(ok, 20);
}

TEST_F(ServerTest, NobodyButTheGatewayReachesAHandler) {
  Start();
  ASSERT_TRUE(CallAs(pki_.IssueFor("mesh/gateway")).ok());
  ASSERT_EQ(service_->inside(), 1);
  for (const TestIdentity& stranger :
       {pki_.IssueFor("akatsuki/tax"), pki_.IssueFor("gbizid/gbizid"),
        TestPki().IssueFor("mesh/gateway"), TestIdentity(),
        pki_.Issue({.names = {"DNS:gateway"}})}) {
    EXPECT_EQ(CallAs(stranger).error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  EXPECT_EQ(service_->inside(), 1);
  EXPECT_TRUE(CallAs(pki_.IssueFor("mesh/gateway")).ok());
}

TEST_F(ServerTest, ARevokedGatewayIsRefusedAndAnUnreadableListRefusesAll) {
  Start();
  TestIdentity revoked = pki_.IssueFor("mesh/gateway");
  ASSERT_TRUE(CallAs(revoked).ok());
  ASSERT_TRUE(ReplaceFile(files_.crl, pki_.CrlPem({revoked.serial})).ok());
  EXPECT_EQ(CallAs(revoked).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(CallAs(pki_.IssueFor("mesh/gateway")).ok());
  std::filesystem::remove(files_.crl);
  EXPECT_FALSE(CallAs(pki_.IssueFor("mesh/gateway")).ok());
}

TEST_F(ServerTest, ARenewedIdentityIsServedWithoutARestart) {
  Start();
  TestIdentity gateway = pki_.IssueFor("mesh/gateway");
  TestIdentity renewed = pki_.IssueFor("gbizid/gbizid");
  ASSERT_TRUE(ReplaceFile(files_.identity, renewed.identity_pem()).ok());
  std::string leaf;
  const absl::Time end = clock_.Now() + absl::Seconds(20);
  while (leaf != renewed.leaf_pem && clock_.Now() < end)
    ASSERT_TRUE(CallAs(gateway, &leaf).ok());
  EXPECT_EQ(leaf, renewed.leaf_pem);
}

TEST_F(ServerTest, HealthKnowsEveryServiceByName) {
  Start();
  std::shared_ptr<grpc::Channel> channel =
      DialAs(pki_.IssueFor("mesh/gateway"), pki_.trust_pem(), server_->port());
  for (const std::string name : {"", "psm.gbizid.v1.BusinessService",
                                 "grpc.reflection.v1alpha.ServerReflection"}) {
    std::string answer;
    const std::string request =
        name.empty() ? ""
                     : std::string("\n") + static_cast<char>(name.size()) +
                           name;  // field 1, a string
    EXPECT_TRUE(RawCall(*channel, kHealth, request, &answer).ok()) << name;
    EXPECT_EQ(answer, "\x08\x01") << name;  // field 1: SERVING
  }
  std::string answer;
  EXPECT_EQ(RawCall(*channel, kHealth, "\n\x02no", &answer).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, APortIsNotShared) {
  Start();
  EXPECT_EQ(
      Server::Start(server_->port(), ServerCredentialsOf(files_, clock_), {})
          .status()
          .code(),
      absl::StatusCode::kUnavailable);
}

TEST_F(ServerTest, StopLetsCallsInFlightFinish) {
  Start(2);
  std::shared_ptr<grpc::Channel> channel =
      DialAs(pki_.IssueFor("mesh/gateway"), pki_.trust_pem(), server_->port());
  grpc::Status first;
  std::thread caller([&] {
    std::string answer;
    first = RawCall(*channel, kPath, "", &answer);
  });
  while (service_->inside() < 1) std::this_thread::yield();
  std::thread stopper([&] { server_->Stop(absl::Seconds(5)); });
  std::string health;
  while (RawCall(*channel, kHealth, "", &health).ok()) {
  }
  // The handler is released from here, past the server, which takes no calls.
  service_->GetBusiness(nullptr, nullptr, nullptr);
  stopper.join();
  caller.join();
  EXPECT_TRUE(first.ok()) << first.error_message();
}

class GatewayChannelTest : public ServerTest {
 protected:
  // A gateway that has just come up, as `system`.
  std::unique_ptr<Server> StartGateway(const std::string& system) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
        0, GatewayServerCredentials(pki_.IssueFor(system), pki_.trust_pem()),
        {&gateway_});
    EXPECT_TRUE(server.ok());
    EXPECT_TRUE(
        ReplaceFile(endpoint_file_,
                    "127.0.0.1:" + std::to_string((*server)->port()) + "\n")
            .ok());
    return *std::move(server);
  }
  grpc::Status Call() {
    std::string answer;
    return RawCall(*channel_.Get(), kPath, "", &answer);
  }

  Meeting gateway_{1};
  const std::string endpoint_file_ = run_.File("endpoints/mesh/gateway");
  GatewayChannel channel_{endpoint_file_, files_, clock_};
};

TEST_F(GatewayChannelTest, FollowsAGatewayThatRestartsElsewhere) {
  grpc::Status none = Call();
  EXPECT_EQ(none.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_NE(none.error_message().find(endpoint_file_), std::string::npos)
      << none.error_message();
  std::unique_ptr<Server> gateway = StartGateway("mesh/gateway");
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(channel_.Get(), channel_.Get());
  gateway.reset();
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::UNAVAILABLE);
  gateway = StartGateway("mesh/gateway");
  EXPECT_TRUE(Call().ok());
  std::filesystem::remove(endpoint_file_);
  EXPECT_TRUE(Call().ok());
}

TEST_F(GatewayChannelTest, AcceptsNobodyElseAsGateway) {
  std::unique_ptr<Server> impostor = StartGateway("akatsuki/tax");
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(gateway_.inside(), 0);
}

}  // namespace
}  // namespace psm::agency
