// 18. Calls of every form go through the gateway as if it were not there:
// clients and providers in C++ and in JavaScript, each pair once directly and
// once through the mesh. And what may not go through does not.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/cli/process.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_interop.h"
#include "mesh/edge/test_streams.h"
#include "nlohmann/json.hpp"
#include "tests/scenarios/scenario.h"
#include "tests/support/missing.h"

namespace psm::testing {
namespace {

using edge::InteropCase;

constexpr char kEcho[] = "minato/echo";  // served by the test itself
constexpr char kEchoNode[] = "minato/echo-node";

class Streams : public Scenario {
 protected:
  static void SetUpTestSuite() {
    MeshOptions options;
    options.configuration = {PSM_STREAMS_CONFIGURATION};
    if (!HasNode()) options.without = {kEchoNode};
    StartMesh(std::move(options));
    if (HasFatalFailure()) return;
    provider_ =
        std::make_unique<edge::StreamProvider>(IdentityOf(kEcho), RootPem());
    const absl::Status written =
        WriteWholeFile(mesh().folder().Endpoint(kEcho), provider_->address(),
                       kPublic, Outlives::kProcess);
    ASSERT_TRUE(written.ok()) << written;
  }
  static void TearDownTestSuite() {
    Scenario::TearDownTestSuite();
    provider_.reset();
  }

  static bool HasNode() {
    return access(PSM_NODE_MODULES "/@grpc/grpc-js", R_OK) == 0;
  }
  static constexpr char kNotTested[] =
      "npm ci could not install @grpc/grpc-js into " PSM_NODE_MODULES
      "; no streams in another language were tried";

  static edge::TestIdentity IdentityOf(const std::string& system) {
    const std::string folder = mesh().folder().Certificates(system);
    edge::TestIdentity identity;
    identity.key = ReadFile(folder + "/key.pem").value_or("");
    identity.chain = ReadFile(folder + "/chain.pem").value_or("");
    return identity;
  }
  static std::string RootPem() {
    return ReadFile(mesh().folder().Trust()).value_or("");
  }
  static std::string AddressOf(const std::string& system) {
    return system == kEcho ? provider_->address() : mesh().Endpoint(system);
  }
  // Past the gateway, as nobody else can: with its own certificate.
  static std::shared_ptr<grpc::Channel> Direct(
      const std::string& provider,
      const grpc::ChannelArguments* extra = nullptr) {
    return edge::DirectChannel(AddressOf(provider), RootPem(),
                               IdentityOf(kGatewaySystem), extra);
  }
  static std::shared_ptr<grpc::Channel> Relayed(
      const std::string& consumer,
      const grpc::ChannelArguments* extra = nullptr) {
    const edge::TestIdentity identity = IdentityOf(consumer);
    return edge::TestChannel(mesh().Endpoint(kGatewaySystem), RootPem(),
                             &identity, extra);
  }
  static edge::StreamProvider& Echo() { return *provider_; }

  // The transcripts of tests/scenarios/node/interop_client.js.
  static nlohmann::json PlayNode(const std::string& target,
                                 const std::string& as,
                                 const std::string& provider) {
    const std::string certificates = mesh().folder().Certificates(as);
    SpawnOptions node;
    node.command = {PSM_NODE, PSM_NODE_INTEROP_CLIENT};
    node.log = mesh().folder().root() + "/logs/node_interop.log";
    node.environment = {
        {"PSM_TARGET", target},
        {"PSM_CA", mesh().folder().Trust()},
        {"PSM_CERT", certificates + "/chain.pem"},
        {"PSM_KEY", certificates + "/key.pem"},
        {"PSM_METADATA", nlohmann::json{{"psm-provider", provider}}.dump()}};
    const absl::Status ran = RunProgram(node);
    EXPECT_TRUE(ran.ok()) << ran;
    return nlohmann::json::parse(LastLines(node.log, 1), nullptr,
                                 /*allow_exceptions=*/false);
  }

 private:
  static std::unique_ptr<edge::StreamProvider> provider_;
};

std::unique_ptr<edge::StreamProvider> Streams::provider_;

class ShowsNoDifference : public Streams,
                          public ::testing::WithParamInterface<
                              std::tuple<const char*, InteropCase>> {};

TEST_P(ShowsNoDifference, FromCppDirectlyOrThroughTheMesh) {
  const auto& [provider, row] = GetParam();
  if (provider == std::string(kEchoNode) && !HasNode())
    PSM_MISSING(kRequireNode, kNotTested);
  const std::multimap<std::string, std::string> metadata = {
      {"psm-provider", provider}};
  const std::string direct = row.play(Direct(provider), metadata);
  EXPECT_NE(direct.find("status"), std::string::npos) << direct;
  EXPECT_EQ(row.play(Relayed(kBenefits), metadata), direct);
}

INSTANTIATE_TEST_SUITE_P(
    Interoperability, ShowsNoDifference,
    ::testing::Combine(::testing::Values(kEcho, kEchoNode),
                       ::testing::ValuesIn(edge::InteropCases())),
    [](const auto& row) {
      return absl::StrCat(std::get<1>(row.param).name,
                          std::get<0>(row.param) == std::string(kEcho)
                              ? "InCpp"
                              : "InJavaScript");
    });

TEST_F(Streams, FromJavaScriptThereIsNoDifferenceEither) {
  if (!HasNode()) PSM_MISSING(kRequireNode, kNotTested);
  for (const char* provider : {kEcho, kEchoNode}) {
    const nlohmann::json direct =
        PlayNode(AddressOf(provider), kGatewaySystem, provider);
    const nlohmann::json relayed =
        PlayNode(mesh().Endpoint(kGatewaySystem), kBenefits, provider);
    ASSERT_TRUE(direct.is_object());
    EXPECT_EQ(direct.size(), 24u);
    for (const auto& [name, transcript] : direct.items()) {
      EXPECT_NE(transcript.get<std::string>().find("status"),
                std::string::npos);
      EXPECT_EQ(relayed.value(name, ""), transcript.get<std::string>())
          << provider << " " << name;
    }
  }
}

class Connections : public Streams,
                    public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Streams::SetUp();
    if (GetParam() == std::string(kEchoNode) && !HasNode())
      PSM_MISSING(kRequireNode, kNotTested);
  }
};

TEST_P(Connections, KeepAliveShowsNoDifference) {
  const std::multimap<std::string, std::string> metadata = {
      {"psm-provider", GetParam()}};
  const grpc::ChannelArguments pings = edge::KeepAliveArguments();
  const std::string direct =
      edge::KeepAlive(Direct(GetParam(), &pings), metadata);
  EXPECT_NE(direct.find("status 0"), std::string::npos) << direct;
  EXPECT_EQ(edge::KeepAlive(Relayed(kBenefits, &pings), metadata), direct);
}

TEST_P(Connections, ManyOneAfterAnotherShowNoDifference) {
  constexpr int kChannels = 36;
  const std::multimap<std::string, std::string> metadata = {
      {"psm-provider", GetParam()}};
  const std::string direct =
      edge::Soak(kChannels, [] { return Direct(GetParam()); }, metadata);
  EXPECT_EQ(edge::Soak(
                kChannels, [] { return Relayed(kBenefits); }, metadata),
            direct);
}

INSTANTIATE_TEST_SUITE_P(To, Connections, ::testing::Values(kEcho, kEchoNode),
                         [](const auto& row) {
                           return row.param == std::string(kEcho)
                                      ? "Cpp"
                                      : "JavaScript";
                         });

// The code is the provider's own; the words are the gateway's, which carries
// nothing that it has no contract of, and reads no message of it.
TEST_F(Streams, AServiceWithoutAContractIsUnimplementedByTheGatewayItself) {
  const std::multimap<std::string, std::string> metadata = {
      {"psm-provider", kEcho}};
  constexpr char kUnknown[] = "psm.interop.v1.UnknownService/Nothing";
  edge::TestStream direct(Direct(kEcho), kUnknown, metadata);
  EXPECT_FALSE(direct.Read().has_value());
  const grpc::Status providers = direct.Finish();
  EXPECT_EQ(providers.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_EQ(edge::ReasonOfGrpc(providers), "");
  for (const int messages : {0, 1, 2}) {
    SCOPED_TRACE(messages);
    edge::TestStream relayed(Relayed(kBenefits), kUnknown, metadata);
    for (int i = 0; i < messages; ++i) relayed.Write("m");
    // Nor does it wait for the end of the request.
    EXPECT_FALSE(relayed.Read().has_value());
    const grpc::Status gateways = relayed.Finish();
    EXPECT_EQ(gateways.error_code(), grpc::UNIMPLEMENTED);
    EXPECT_EQ(edge::ReasonOfGrpc(gateways), "UNKNOWN_METHOD");
  }
}

TEST_F(Streams, WithoutAnAgreementTheStreamEndsBeforeTheProviderHearsOfIt) {
  edge::TestStream stream(Relayed(kYunagiTax), "Echo",
                          {{"psm-provider", kEcho}});
  stream.Write("one");
  EXPECT_FALSE(stream.Read().has_value());
  EXPECT_EQ(edge::ReasonOfGrpc(stream.Finish()), "NO_AGREEMENT");
  EXPECT_FALSE(
      mesh().AwaitRecords({.consumer = kYunagiTax, .method = "Echo"})->empty());
}

TEST_F(Streams, AProviderThatComesAndGoesEndsItsStreamsAndServesAgain) {
  if (!HasNode()) PSM_MISSING(kRequireNode, kNotTested);
  const auto channel = Relayed(kBenefits);
  const std::multimap<std::string, std::string> metadata = {
      {"psm-provider", kEchoNode}};
  edge::TestStream broken(channel, "Echo", metadata);
  broken.Write("one");
  EXPECT_EQ(broken.Read(), "one");
  ASSERT_TRUE(mesh().KillSystem(kEchoNode, SIGKILL).ok());
  EXPECT_FALSE(broken.Read().has_value());
  const grpc::Status status = broken.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(edge::ReasonOfGrpc(status), "PROVIDER_UNAVAILABLE");

  ASSERT_TRUE(mesh().StartSystem(kEchoNode).ok());
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(10);
  std::optional<std::string> answer;
  while (!answer.has_value() && mesh().clock().Monotonic() < deadline) {
    edge::TestStream again(channel, "Echo", metadata);
    again.Write("two");
    answer = again.Read();
  }
  EXPECT_EQ(answer, "two");
}

constexpr std::size_t kMiB = 1 << 20;

class FlowControl : public Streams {
 protected:
  static const std::multimap<std::string, std::string>& ToEcho() {
    static const std::multimap<std::string, std::string> metadata = {
        {"psm-provider", kEcho}};
    return metadata;
  }
};

TEST_F(FlowControl, OneStalledReaderAmongSixtyFourHoldsNobodyUp) {
  using Clock = std::chrono::steady_clock;
  const auto channel = Relayed(kBenefits);
  std::vector<std::unique_ptr<edge::TestStream>> others;
  for (int i = 0; i < 63; ++i)
    others.push_back(std::make_unique<edge::TestStream>(
        channel, "Echo", ToEcho(), std::chrono::seconds(60)));
  const auto p99 = [&] {
    std::vector<Clock::duration> times;
    for (int round = 0; round < 30; ++round) {
      for (auto& stream : others) {
        const auto start = Clock::now();
        stream->Write(std::string(1024, 'e'));
        EXPECT_TRUE(stream->Read().has_value());
        times.push_back(Clock::now() - start);
      }
    }
    const auto at =
        times.begin() + static_cast<std::ptrdiff_t>(times.size() * 99 / 100);
    std::nth_element(times.begin(), at, times.end());
    return *at;
  };
  p99();  // all buffers have their size
  // Other work on the machine only ever makes a p99 worse, so the best of a few
  // tries is the gateway's own.
  std::string seen;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const auto alone = p99();
    const std::size_t memory = GatewayMemory(mesh());
    edge::TestStream stalled(channel, "Fan", ToEcho(),
                             std::chrono::seconds(60));
    std::string sizes;
    for (int i = 0; i < 16; ++i) absl::StrAppend(&sizes, 4 * kMiB, ",");
    stalled.Write(sizes);  // answers of 64 MiB, which nobody reads
    p99();                 // every window on the way is full
    const auto beside = p99();
    const std::size_t grown = std::max(GatewayMemory(mesh()), memory) - memory;
    EXPECT_LE(grown, 2 * kMiB);
    if (beside <= 2 * alone) return;
    absl::StrAppend(
        &seen, std::chrono::duration<double, std::milli>(alone).count(), " -> ",
        std::chrono::duration<double, std::milli>(beside).count(), " ms; ");
  }
  ADD_FAILURE() << "p99 of the others: " << seen;
}

TEST_F(FlowControl, AProviderThatTakesNothingHoldsItsClientBack) {
  const auto channel = Relayed(kBenefits);
  edge::TestStream warm(channel, "Echo", ToEcho());
  warm.Write("one");
  EXPECT_EQ(warm.Read(), "one");
  const std::size_t memory = GatewayMemory(mesh());
  edge::TestStream stream(channel, "Never", ToEcho(), std::chrono::seconds(2));
  std::size_t taken = 0;
  // A write that nobody takes ends with the deadline.
  while (taken < 64 * kMiB && stream.Write(std::string(kMiB, 'n')))
    taken += kMiB;
  EXPECT_LT(taken, 64 * kMiB);
  const std::size_t grown = std::max(GatewayMemory(mesh()), memory) - memory;
  EXPECT_LE(grown, 2 * kMiB);
  EXPECT_EQ(stream.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
}

// Calls that end while a large message is on its way: an answer of one half,
// cancelled; a request of the other, whose deadline passes. Several
// channels, as one may not reset as many as it likes (`dead_streams`).
class EndedAmid : public FlowControl {
 protected:
  static constexpr int kChannels = 6;
  static constexpr int kAtOnce = 32;  // of each kind

  void SetUp() override {
    FlowControl::SetUp();
    for (int i = 0; i < kChannels; ++i) channels_.push_back(Relayed(kBenefits));
  }
  const std::shared_ptr<grpc::Channel>& NextChannel() {
    return channels_[static_cast<std::size_t>(calls_++ % kChannels)];
  }
  void CancelAnswers() {
    std::vector<std::unique_ptr<edge::TestStream>> streams;
    for (int i = 0; i < kAtOnce; ++i) {
      streams.push_back(std::make_unique<edge::TestStream>(
          NextChannel(), "Fan", ToEcho(), std::chrono::seconds(60)));
      // More than gRPC takes unasked.
      streams.back()->Write("3,4194304,4194304,4194304,4194304");
    }
    for (auto& stream : streams) EXPECT_EQ(stream->Read(), "fff");
    for (auto& stream : streams) {
      stream->Cancel();
      EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
    }
  }
  void OutliveRequests() {
    std::vector<std::unique_ptr<edge::TestStream>> streams;
    for (int i = 0; i < kAtOnce; ++i) {
      streams.push_back(std::make_unique<edge::TestStream>(
          NextChannel(), "Never", ToEcho(), std::chrono::milliseconds(300)));
      streams.back()->Write("one");  // all that it takes
      streams.back()->StartWrite(std::string(2 * kMiB, 'n'));
    }
    for (auto& stream : streams) {
      stream->Written();
      EXPECT_EQ(stream->Finish().error_code(), grpc::DEADLINE_EXCEEDED);
    }
  }
  void Play(int rounds) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      CancelAnswers();
      OutliveRequests();
    }
  }
  int calls() const { return calls_; }

 private:
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  int calls_ = 0;
};

TEST_F(EndedAmid, ThousandsOfCallsLeaveNothingBehind) {
  const int before = Echo().begun();
  Play(/*rounds=*/4);  // all buffers have their size
  const std::size_t memory = GatewayMemory(mesh());
  Play(/*rounds=*/32);
  EXPECT_GT(calls(), 2000);
  // A deadline may pass before the provider has heard of its call.
  EXPECT_GT(Echo().begun() - before, calls() / 2);
  EXPECT_TRUE(Echo().BecomesIdle());  // as none is under way anywhere
  const std::size_t grown = std::max(GatewayMemory(mesh()), memory) - memory;
  EXPECT_LE(grown, 4 * kMiB);  // 2 KiB a call
  RecordProperty("grown_bytes", static_cast<int>(grown));
}

}  // namespace
}  // namespace psm::testing
