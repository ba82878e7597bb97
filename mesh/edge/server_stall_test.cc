// The server against clients that begin and do not go on, or take nothing. In
// each test another client's calls keep succeeding.
#include <thread>

#include "mesh/edge/test_hostile.h"

namespace psm::edge {
namespace {

using ServerFloodTest = HostileClientTest;

TEST_F(ServerFloodTest, APeerThatNeverAcknowledgesSettingsIsHeldToThemAndLeft) {
  auto peer = Connect();
  peer->acknowledges = false;
  std::string frames;
  for (std::int32_t id = 1; id <= 2 * 40; id += 2)
    frames += MakeHeaders(id, RequestFields("/test.Unary/Wait"), true);
  peer->Send(frames);
  int refused = 0;
  std::int64_t goaway = -1;
  peer->ReadUntil([&](const RawFrame& frame) {
    if (frame.type == NGHTTP2_RST_STREAM &&
        frame.ErrorCode() == NGHTTP2_REFUSED_STREAM)
      ++refused;
    if (frame.type == NGHTTP2_GOAWAY) goaway = frame.ErrorCode();
    return false;
  });
  EXPECT_GT(refused, 0);
  EXPECT_EQ(goaway, NGHTTP2_SETTINGS_TIMEOUT);
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, HalfSentMessagesAreBoundedPerConnection) {
  auto peer = Connect();
  // Ten streams, each with a message of 100000 bytes of which all but the last
  // have come: more than the connection may hold.
  const std::string most(16000, 'x');
  for (std::int32_t id = 1; id < 20; id += 2) {
    peer->Send(
        MakeHeaders(id, RequestFields("/test.Unary/Echo"), false) +
        MakeData(id, std::string(1, '\0') + BigEndian(100000, 4), false));
    for (int i = 0; i < 4; ++i) peer->Send(MakeData(id, most, false));
  }
  EXPECT_EQ(ReasonIn(peer->ReadUntil(
                [](const RawFrame& frame) { return frame.ends_stream(); })),
            "BUFFER_LIMIT");
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, AHalfSentRequestIsGivenUp) {
  auto peer = Connect();
  peer->Send(MakeHeaders(1, RequestFields("/test.Unary/Echo"), false) +
             MakeData(1, std::string("\0\0\0\0\5ab", 7), false));
  EXPECT_EQ(ReasonIn(peer->ReadEnd(1)), "REQUEST_TOO_SLOW");
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, OneWhoTakesNoAnswersIsLeft) {
  auto peer = Connect(false);
  // A window of nothing for every stream: answers cannot go out.
  peer->Send(std::string(NGHTTP2_CLIENT_MAGIC) +
             MakeFrame(NGHTTP2_SETTINGS, 0, 0,
                       BigEndian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) +
                           BigEndian(0, 4)));
  peer->Send(MakeHeaders(1, RequestFields("/test.Unary/Echo"), false) +
             MakeMessage(1, "m", true));
  std::optional<RawFrame> reset = peer->ReadType(NGHTTP2_RST_STREAM);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->ErrorCode(), static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  EXPECT_TRUE(OtherIsServed());
}

class ServerUntakenAnswersTest : public HostileClientTest {
 protected:
  // Time for the test to look; room for some of its answers.
  static ServerLimits Patient() {
    ServerLimits limits = SmallLimits();
    limits.finish_time = absl::Seconds(20);
    limits.peer_buffered_bytes = 300000;
    return limits;
  }
  ServerUntakenAnswersTest() : HostileClientTest(Patient()) {}
};

TEST_F(ServerUntakenAnswersTest, AreBoundedPerPeer) {
  auto peer = Connect(false);
  peer->Send(std::string(NGHTTP2_CLIENT_MAGIC) +
             MakeFrame(NGHTTP2_SETTINGS, 0, 0,
                       BigEndian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) +
                           BigEndian(0, 4)));
  // Each answer is as long as its request, which is let go once it is handled.
  const std::string message =
      std::string(1, '\0') + BigEndian(60000, 4) + std::string(60000, 'm');
  int refused = 0;
  for (std::int32_t id = 1; id < 2 * 8; id += 2) {
    std::string frames =
        MakeHeaders(id, RequestFields("/test.Unary/Echo"), false);
    for (std::size_t at = 0; at < message.size(); at += 16000)
      frames += MakeData(id, message.substr(at, 16000), false);
    peer->Send(frames + MakeData(id, "", true));
    // Headers of an answer, or its refusal.
    std::optional<RawFrame> head = peer->ReadUntil([&](const RawFrame& frame) {
      return frame.type == NGHTTP2_HEADERS && frame.stream == id;
    });
    ASSERT_TRUE(head.has_value());
    if (!head->ends_stream()) continue;
    ++refused;
    EXPECT_EQ(ReasonIn(head), "BUFFER_LIMIT");
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 8);
  EXPECT_TRUE(OtherIsServed());
  // Whoever takes them has room again.
  peer->Send(MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, BigEndian(1 << 20, 4)));
  for (std::int32_t id = 1; id < 2 * (8 - refused); id += 2) {
    peer->Send(MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, id, BigEndian(1 << 20, 4)));
    std::optional<RawFrame> end = peer->ReadEnd(id);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->Field("grpc-status"), "0");
  }
  peer->Send(MakeHeaders(17, RequestFields("/test.Unary/Echo"), false) +
             MakeMessage(17, "m", true) +
             MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 17, BigEndian(100, 4)));
  EXPECT_EQ(peer->ReadEnd(17)->Field("grpc-status"), "0");
}

TEST_F(ServerFloodTest, OneWhoDoesNotReadHisSocketIsLeft) {
  auto peer = Connect();
  peer->Send(MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, BigEndian(1 << 30, 4)));
  // Asks for much and reads nothing.
  for (std::int32_t id = 1; id < 20; id += 2) {
    peer->Send(MakeHeaders(id, RequestFields("/test.Stream/Chat"), false) +
               MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, id, BigEndian(1 << 30, 4)));
  }
  const std::string message = MakeMessage(1, std::string(16000, 'x'), false);
  std::thread writer([&] {
    for (int i = 0; i < 3000; ++i) {
      std::string copy = message;
      const auto id = static_cast<std::uint32_t>(1 + 2 * (i % 10));
      copy.replace(5, 4, BigEndian(id, 4));
      peer->Send(copy);
    }
  });
  EXPECT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 0; }));
  writer.join();
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, AHeaderBlockHasToEnd) {
  const std::string block = MakeHeaderBlock(RequestFields("/test.Unary/Echo"));
  for (const std::string& start :
       {MakeFrame(NGHTTP2_HEADERS, 0, 1, block),
        MakeHeaders(1, RequestFields("/test.Unary/Echo"), true)
            .substr(0, 50)}) {
    auto peer = Connect();
    peer->ReadType(NGHTTP2_SETTINGS);
    peer->Send(MakeFrame(NGHTTP2_SETTINGS, 1, 0, "") + start);
    EXPECT_EQ(peer->ReadGoaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  }
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, ThoseWhoSayNothingAreLeft) {
  auto peer = Connect();
  std::optional<RawFrame> goaway = peer->ReadType(NGHTTP2_GOAWAY);
  ASSERT_TRUE(goaway.has_value());  // idle
  EXPECT_EQ(goaway->ErrorCode(), 0u);
}

}  // namespace
}  // namespace psm::edge
