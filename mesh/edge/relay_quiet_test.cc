// Relayed calls that say nothing for long, and what is left of those that ended
// amid.
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_interop.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_relay.h"
#include "mesh/edge/test_streams.h"

namespace psm::edge {
namespace {

using std::chrono::milliseconds;

const RawFields kGoodHead = {{":status", "200"},
                             {"content-type", "application/grpc"}};
const RawFields kGoodEnd = {{"grpc-status", "0"}};

UpstreamLimits PingsSoon() {
  UpstreamLimits limits;
  limits.ping_after = absl::Milliseconds(100);
  limits.ping_time = absl::Seconds(1);
  return limits;
}

std::string PathOf(const char* method) {
  return std::string("/") + kInteropService + "/" + method;
}

class QuietTest : public testing::Test {
 protected:
  // The relay's next connection to a provider that sends frames as it is told.
  std::unique_ptr<RawPeer> Accept() {
    auto peer = std::make_unique<RawPeer>(listener_.descriptor(), identity_);
    EXPECT_TRUE(peer->ok());
    peer->SayHello();
    return peer;
  }
  // A client that sends frames as it is told.
  std::unique_ptr<RawPeer> Connect(const TestRelay& relay) {
    auto peer =
        std::make_unique<RawPeer>(relay.port(), pki_.folder() + "/trust.pem",
                                  RawPeer::Options{.identity = &client_});
    EXPECT_TRUE(peer->ok());
    peer->SayHello();
    return peer;
  }
  static std::int32_t ReadHead(RawPeer& peer) {
    const std::optional<RawFrame> head = peer.ReadType(NGHTTP2_HEADERS);
    EXPECT_TRUE(head.has_value());
    return head.has_value() ? head->stream : 0;
  }

  TestPki pki_;
  TestIdentity identity_ = pki_.Issue("akatsuki/tax");
  TestIdentity client_ = pki_.Issue("akatsuki/benefits");
  TestIdentity other_gateway_ = pki_.Issue("mesh/gateway");
  RawListener listener_;
};

TEST_F(QuietTest, KeepAliveShowsNoDifference) {
  StreamProvider provider(identity_, pki_.root_pem());
  TestRelay relay(pki_);
  relay.endpoint().Set(provider.port());
  const grpc::ChannelArguments pings = KeepAliveArguments();
  const std::string direct =
      KeepAlive(DirectChannel(provider.address(), pki_.root_pem(),
                              other_gateway_, &pings),
                {});
  EXPECT_NE(direct.find("status 0"), std::string::npos) << direct;
  EXPECT_EQ(KeepAlive(relay.Channel(pings), {}), direct);
}

// Or the test above would show nothing.
TEST_F(QuietTest, AKeepAliveClientGivesUpAPeerThatAnswersNoPing) {
  auto pings = std::async(std::launch::async, [this] {
    const std::unique_ptr<RawPeer> deaf = Accept();
    int count = 0;
    while (const std::optional<RawFrame> frame = deaf->Read())
      if (frame->type == NGHTTP2_PING) ++count;
    return count;
  });
  const grpc::ChannelArguments arguments = KeepAliveArguments();
  const auto channel =
      DirectChannel("127.0.0.1:" + std::to_string(listener_.port()),
                    pki_.root_pem(), other_gateway_, &arguments);
  TestStream stream(channel, "Never");
  EXPECT_FALSE(stream.Read().has_value());
  EXPECT_EQ(stream.Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_GE(pings.get(), 1);
}

TEST_F(QuietTest, AClientsPingsAreAnsweredWhileItsStreamIdles) {
  TestRelay relay(pki_);
  relay.endpoint().Set(listener_.port());
  auto client = Connect(relay);
  client->Send(MakeHeaders(1, RequestFields(PathOf("Never")), false));
  auto provider = Accept();
  const std::int32_t id = ReadHead(*provider);
  for (std::uint64_t i = 0; i < 8; ++i) {
    client->Send(MakeFrame(NGHTTP2_PING, 0, 0, BigEndian(i, 8)));
    const auto answer = client->ReadUntil([](const RawFrame& frame) {
      return frame.type == NGHTTP2_PING &&
             (frame.flags & NGHTTP2_FLAG_ACK) != 0;
    });
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->payload, BigEndian(i, 8));
  }
  provider->Send(MakeHeaders(id, kGoodHead, false) +
                 MakeHeaders(id, kGoodEnd, true));
  const std::optional<RawFrame> end = client->ReadEnd(1);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->Field("grpc-status"), "0");
}

TEST_F(QuietTest, ASilentProviderIsPingedAndWaitedFor) {
  TestRelay relay(pki_, PingsSoon());
  relay.endpoint().Set(listener_.port());
  TestStream stream(relay.Channel(), "Never");
  auto provider = Accept();
  const std::int32_t id = ReadHead(*provider);
  for (int i = 0; i < 2; ++i) {
    const auto ping = provider->ReadType(NGHTTP2_PING);
    ASSERT_TRUE(ping.has_value());
    provider->Send(MakeFrame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, ping->payload));
  }
  provider->Send(MakeHeaders(id, kGoodHead, false) +
                 MakeMessage(id, "late", false) +
                 MakeHeaders(id, kGoodEnd, true));
  EXPECT_EQ(stream.Read(), "late");
  EXPECT_FALSE(stream.Read().has_value());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(QuietTest, AProviderThatAnswersNoPingLosesItsStreams) {
  TestRelay relay(pki_, PingsSoon());
  relay.endpoint().Set(listener_.port());
  TestStream stream(relay.Channel(), "Never");
  auto provider = Accept();
  const std::int32_t id = ReadHead(*provider);
  provider->Send(MakeHeaders(id, kGoodHead, false) +
                 MakeMessage(id, "one", false));
  EXPECT_EQ(stream.Read(), "one");
  EXPECT_FALSE(stream.Read().has_value());
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOfGrpc(status), "PROVIDER_UNAVAILABLE");
}

TEST_F(QuietTest, AClientsGoawayLetsItsStreamsFinish) {
  TestRelay relay(pki_);
  relay.endpoint().Set(listener_.port());
  auto client = Connect(relay);
  for (const std::int32_t stream : {1, 3})
    client->Send(MakeHeaders(stream, RequestFields(PathOf("Echo")), false) +
                 MakeMessage(stream, "one", false));
  auto provider = Accept();
  const std::int32_t first = ReadHead(*provider);
  const std::int32_t second = ReadHead(*provider);
  // RFC 9113, 6.8: of streams that the gateway would have opened, none.
  client->Send(MakeFrame(NGHTTP2_GOAWAY, 0, 0, std::string(8, '\0')) +
               MakeMessage(1, "after", true) + MakeMessage(3, "after", true));
  for (const std::int32_t id : {first, second}) {
    provider->Send(MakeHeaders(id, kGoodHead, false) +
                   MakeMessage(id, "answer", false));
  }
  int ended = 0;
  while (ended < 2) {
    const auto data = provider->ReadUntil(
        [](const RawFrame& frame) { return frame.type == NGHTTP2_DATA; });
    ASSERT_TRUE(data.has_value());
    if (!data->ends_stream()) continue;
    ++ended;
    provider->Send(MakeHeaders(data->stream, kGoodEnd, true));
  }
  int answers = 0;
  int good = 0;
  std::int64_t code = -1;
  const auto started = std::chrono::steady_clock::now();
  client->ReadUntil([&](const RawFrame& frame) {
    if (frame.type == NGHTTP2_DATA &&
        frame.payload.find("answer") != std::string::npos)
      ++answers;
    if (frame.ends_stream() && frame.Field("grpc-status") == "0") ++good;
    if (frame.type == NGHTTP2_RST_STREAM) code = frame.ErrorCode();
    return false;
  });
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(good, 2);
  EXPECT_EQ(code, -1);
  // It hangs up when the last has ended; a frame is waited for longer.
  EXPECT_LT(std::chrono::steady_clock::now() - started,
            std::chrono::seconds(9));
  EXPECT_TRUE(relay.BecomesIdle());
}

TEST_F(QuietTest, NothingIsLeftOfCallsThatEndAmidTheirMessages) {
  constexpr int kAtOnce = 16;
  StreamProvider provider(identity_, pki_.root_pem());
  TestRelay relay(pki_);
  relay.endpoint().Set(provider.port());
  const auto channel = relay.Channel();
  std::vector<std::unique_ptr<TestStream>> streams;
  for (int i = 0; i < kAtOnce; ++i) {
    auto answer = std::make_unique<TestStream>(channel, "Fan");
    // More than gRPC takes unasked.
    answer->Write("3,4194304,4194304,4194304,4194304");
    EXPECT_EQ(answer->Read(), "fff");
    streams.push_back(std::move(answer));
    streams.push_back(std::make_unique<TestStream>(
        channel, "Never", std::multimap<std::string, std::string>(),
        milliseconds(500)));
    streams.back()->Write("one");
    streams.back()->StartWrite(std::string(1 << 20, 'n'));
  }
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (i % 2 == 0) {
      streams[i]->Cancel();
      EXPECT_EQ(streams[i]->Finish().error_code(), grpc::CANCELLED);
    } else {
      streams[i]->Written();
      EXPECT_EQ(streams[i]->Finish().error_code(), grpc::DEADLINE_EXCEEDED);
    }
  }
  EXPECT_TRUE(provider.cancelled().Reaches(kAtOnce));
  EXPECT_TRUE(provider.BecomesIdle());
  EXPECT_TRUE(relay.BecomesIdle());
}

}  // namespace
}  // namespace psm::edge
