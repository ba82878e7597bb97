// The upstream against providers of gRPC C++.
#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/edge/test_provider.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_upstream.h"

namespace psm::edge {
namespace {

class UpstreamGrpcTest : public testing::Test {
 protected:
  std::unique_ptr<TestProvider> Provide(const std::string& system,
                                        int port = 0) {
    auto provider = std::make_unique<TestProvider>(pki_.Issue(system),
                                                   pki_.root_pem(), port);
    upstream_.endpoint().Set(provider->port());
    return provider;
  }

  TestPki pki_;
  TestUpstream upstream_{pki_, UpstreamLimits()};
};

TEST_F(UpstreamGrpcTest, CallsOverOneConnectionHoweverManyAtOnce) {
  auto provider = Provide("akatsuki/tax");
  for (int round = 0; round < 10; ++round) {
    std::vector<std::future<ProviderReply>> replies;
    for (int i = 0; i < 64; ++i) {
      replies.push_back(
          upstream_.Start({"/test.Unary/Echo", std::to_string(i), {}}));
    }
    for (std::size_t i = 0; i < replies.size(); ++i) {
      ProviderReply reply = replies[i].get();
      ASSERT_TRUE(reply.status.ok()) << reply.status;
      EXPECT_TRUE(reply.from_provider);
      EXPECT_EQ(reply.message, std::to_string(i));
    }
  }
  UpstreamStats stats = upstream_.Stats();
  EXPECT_EQ(stats.dials, 1u);
  EXPECT_EQ(stats.connections, 1u);
  EXPECT_EQ(stats.active_calls, 0u);
}

TEST_F(UpstreamGrpcTest, CarriesEmptyAndLargeMessages) {
  auto provider = Provide("akatsuki/tax");
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65535},
                           std::size_t{4000000}}) {
    const std::string message(size, 'm');
    ProviderReply reply = upstream_.Call({"/test.Unary/Echo", message, {}});
    ASSERT_TRUE(reply.status.ok()) << reply.status;
    EXPECT_TRUE(reply.message == message) << size;
  }
}

TEST_F(UpstreamGrpcTest, PassesMetadataThatTheGatewaySets) {
  auto provider = Provide("akatsuki/tax");
  ProviderReply reply = upstream_.Call(
      {"/test.Unary/Describe",
       "",
       {{"psm-affair", "benefit"}, {"psm-consumer", "akatsuki/benefits"}}});
  EXPECT_EQ(reply.message,
            "psm-affair=benefit|psm-consumer=akatsuki/benefits|");
}

TEST_F(UpstreamGrpcTest, RefusesToSendInvalidMetadata) {
  auto provider = Provide("akatsuki/tax");
  for (const auto& entry : Metadata{{"psm-x", "line\nfeed"},
                                    {"Upper", "x"},
                                    {"grpc-timeout", "1S"},
                                    {"te", "x"},
                                    {":path", "/a"},
                                    {"", "x"}}) {
    ProviderReply reply = upstream_.Call({"/test.Unary/Echo", "", {entry}});
    EXPECT_EQ(ReasonOf(reply.status), "METADATA_INVALID") << entry.first;
  }
}

TEST_F(UpstreamGrpcTest, PassesOnTheProvidersStatusWithItsDetail) {
  auto provider = Provide("akatsuki/tax");
  ProviderReply reply = upstream_.Call({"/test.Unary/Fail", "", {}});
  EXPECT_TRUE(reply.from_provider);
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reply.status.message(), "nobody");
  EXPECT_EQ(ReasonOf(reply.status), "NO_SUCH_PERSON");
}

TEST_F(UpstreamGrpcTest, AnswersOfAProcessThatIsNotTheProviderAreNotTaken) {
  auto stranger = Provide("yunagi/tax");
  ProviderReply reply = upstream_.Call({});
  EXPECT_EQ(ReasonOf(reply.status), "PROVIDER_NOT_TRUSTED");
  EXPECT_EQ(upstream_.Stats().failed_dials, 1u);
}

TEST_F(UpstreamGrpcTest, ARevokedExpiredOrForeignProviderIsNotTaken) {
  TestIdentity revoked = pki_.Issue("akatsuki/tax");
  pki_.Revoke(revoked.serial);
  auto profile = pki::SystemProfile("akatsuki/tax", pki_.now(), absl::Hours(1));
  profile.not_before -= absl::Hours(2);
  profile.not_after -= absl::Hours(2);
  auto client_only =
      pki::SystemProfile("akatsuki/tax", pki_.now(), absl::Hours(1));
  client_only.purposes = {"clientAuth"};
  for (const TestIdentity& identity :
       {revoked, pki_.Issue(profile), pki_.Issue(client_only),
        pki_.IssueByStranger("akatsuki/tax"), pki_.SelfSign("akatsuki/tax")}) {
    TestUpstream upstream(pki_, UpstreamLimits());
    TestProvider provider(identity, pki_.root_pem());
    upstream.endpoint().Set(provider.port());
    EXPECT_EQ(ReasonOf(upstream.Call({}).status), "PROVIDER_NOT_TRUSTED");
  }
}

TEST_F(UpstreamGrpcTest, ARevocationEndsALiveConnection) {
  TestIdentity identity = pki_.Issue("akatsuki/tax");
  TestProvider provider(identity, pki_.root_pem());
  upstream_.endpoint().Set(provider.port());
  ASSERT_TRUE(upstream_.Call({}).status.ok());
  std::future<ProviderReply> waiting =
      upstream_.Start({"/test.Unary/Never", "", {}});
  while (upstream_.Stats().active_calls == 0) std::this_thread::yield();
  pki_.Revoke(identity.serial);
  upstream_.upstream().Update(pki_.Load(upstream_.identity()));
  EXPECT_EQ(ReasonOf(waiting.get().status), "PROVIDER_NOT_TRUSTED");
  EXPECT_EQ(ReasonOf(upstream_.Call({}).status), "PROVIDER_NOT_TRUSTED");
}

TEST_F(UpstreamGrpcTest, ADeadProviderCostsFewDialsAndIsFoundWhenItIsBack) {
  {
    auto provider = Provide("akatsuki/tax");
    ASSERT_TRUE(upstream_.Call({}).status.ok());
  }
  const auto down = std::chrono::steady_clock::now();
  int failed = 0;
  while (std::chrono::steady_clock::now() - down <
         std::chrono::milliseconds(300)) {
    EXPECT_EQ(ReasonOf(upstream_.Call({}).status), "PROVIDER_UNAVAILABLE");
    ++failed;
  }
  EXPECT_GT(failed, 10);
  EXPECT_LE(upstream_.Stats().dials, 1u + 5u);

  auto provider = Provide("akatsuki/tax");  // on another port
  const auto back = std::chrono::steady_clock::now();
  while (!upstream_.Call({}).status.ok()) {
    ASSERT_LT(std::chrono::steady_clock::now() - back, std::chrono::seconds(5));
  }
  // One pause of 100 ms and a handshake; the rest is a busy machine.
  EXPECT_LT(std::chrono::steady_clock::now() - back,
            std::chrono::milliseconds(1000));
}

TEST_F(UpstreamGrpcTest, NoCallFailsWhenAProviderShutsDownInOrder) {
  // gRPC says GOAWAY and lets calls finish; the next is there on another port.
  for (int round = 0; round < 3; ++round) {
    auto old = Provide("akatsuki/tax");
    ASSERT_TRUE(upstream_.Call({}).status.ok());
    auto next = Provide("akatsuki/tax");
    old.reset();
    for (int i = 0; i < 20; ++i) {
      ProviderReply reply = upstream_.Call({"/test.Unary/Echo", "x", {}});
      EXPECT_TRUE(reply.status.ok()) << reply.status;
    }
    upstream_.endpoint().Set(next->port());
  }
}

TEST_F(UpstreamGrpcTest, CancellationReachesTheProvider) {
  auto provider = Provide("akatsuki/tax");
  std::function<void()> cancel;
  std::future<ProviderReply> reply =
      upstream_.Start({"/test.Unary/Never", "", {}}, &cancel);
  ASSERT_TRUE(upstream_.Call({}).status.ok());
  cancel();
  EXPECT_EQ(reply.get().status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(provider->cancelled().Reaches(1));
  EXPECT_EQ(provider->cancelled().value(), 1);
}

TEST_F(UpstreamGrpcTest, TheQueueOfWaitingCallsIsBounded) {
  UpstreamLimits limits;
  limits.queued_calls = 10;
  limits.connect_time = absl::Milliseconds(300);
  TestUpstream upstream(pki_, limits);
  RawListener silent;  // connects, and never shakes hands
  upstream.endpoint().Set(silent.port());
  std::vector<std::future<ProviderReply>> replies;
  for (int i = 0; i < 50; ++i) replies.push_back(upstream.Start({}));
  for (auto& reply : replies)
    EXPECT_EQ(ReasonOf(reply.get().status), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(upstream.Stats().dials, 1u);
}

TEST_F(UpstreamGrpcTest, AnUnknownEndpointFailsAtOnce) {
  EXPECT_EQ(ReasonOf(upstream_.Call({}).status), "PROVIDER_UNAVAILABLE");
}

}  // namespace
}  // namespace psm::edge
