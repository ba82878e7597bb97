// The server against clients that flood, stall or use up what there is. In each
// test another client's calls keep succeeding.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "mesh/edge/test_hostile.h"

namespace psm::edge {
namespace {

using ServerFloodTest = HostileClientTest;

TEST_F(ServerFloodTest, RapidResetEndsTheConnection) {
  auto peer = Connect();
  std::string frames;
  for (std::int32_t id = 1; id < 400; id += 2) {
    frames += MakeHeaders(id, RequestFields("/test.Unary/Wait"), false) +
              MakeFrame(NGHTTP2_RST_STREAM, 0, id, BigEndian(8, 4));
  }
  peer->Send(frames);
  EXPECT_NE(peer->ReadGoaway(), NGHTTP2_NO_ERROR);
  EXPECT_EQ(server_.server().Stats().flooded, 1u);
  EXPECT_TRUE(OtherIsServed());
  EXPECT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 0; }));
}

TEST_F(ServerFloodTest, StreamsThatTheServerHasToResetCountToo) {
  auto peer = Connect();
  std::string frames;
  for (std::int32_t id = 1; id < 400; id += 2) {
    // A window update of nothing: a stream error that we must answer with
    // RST_STREAM (RFC 9113, 6.9).
    frames += MakeHeaders(id, RequestFields("/test.Unary/Wait"), false) +
              MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, id, BigEndian(0, 4));
  }
  peer->Send(frames);
  EXPECT_NE(peer->ReadGoaway(), NGHTTP2_NO_ERROR);
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, FloodsOfFramesThatBringNothingEndTheConnection) {
  ExpectCalm(*Connect(), MakeFrame(NGHTTP2_PING, 0, 0, "12345678"));
  ExpectCalm(*Connect(), MakeFrame(NGHTTP2_PING, 1, 0, "12345678"));
  ExpectCalm(*Connect(), MakeFrame(NGHTTP2_SETTINGS, 0, 0, ""));
  ExpectCalm(*Connect(), MakeFrame(NGHTTP2_PRIORITY, 0, 3, BigEndian(0, 5)));
  ExpectCalm(*Connect(),
             MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, BigEndian(1, 4)));
  for (const char* bytes : {"", "x"}) {
    auto peer = Connect();
    peer->Send(MakeHeaders(1, RequestFields("/test.Stream/Chat"), false) +
               MakeData(1, std::string(1, '\0') + BigEndian(90000, 4), false));
    ExpectCalm(*peer, MakeData(1, bytes, false));
  }
}

class ServerPeerFramesTest : public HostileClientTest {
 protected:
  // A peer may send by all its connections what one of them may.
  static ServerLimits AsOne() {
    ServerLimits limits = SmallLimits();
    limits.peer_frames = limits.frames;
    limits.idle_time = limits.settings_time = absl::Minutes(1);
    limits.request_time = absl::Minutes(1);
    return limits;
  }
  ServerPeerFramesTest() : HostileClientTest(AsOne()) {}

  // `frames` are three quarters of what a connection may send: by one it is
  // served, by a second of the same peer that is too much.
  void ExpectCountedTogether(const std::string& frames) {
    static int peers = 0;
    attacker_ = pki_.Issue(absl::StrCat("akatsuki/attacker", ++peers));
    auto first = Connect();
    first->Send(frames +
                MakeHeaders(99, RequestFields("/test.Unary/Echo"), false) +
                MakeMessage(99, "m", true));
    const std::optional<RawFrame> end = first->ReadEnd(99);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->Field("grpc-status"), "0");
    const std::uint64_t before = server_.server().Stats().flooded;
    auto second = Connect();
    second->Send(frames);
    const std::int64_t code = second->ReadGoaway();
    EXPECT_TRUE(code == NGHTTP2_ENHANCE_YOUR_CALM || code == -1) << code;
    EXPECT_EQ(server_.server().Stats().flooded, before + 1);
    EXPECT_TRUE(OtherIsServed());
  }
  static std::string Times(double count, const std::string& frame) {
    std::string frames;
    for (int i = 0; i < count; ++i) frames += frame;
    return frames;
  }
};

TEST_F(ServerPeerFramesTest, AreCountedOverAllConnectionsOfAPeer) {
  const FrameRates limits = AsOne().peer_frames;
  const std::string open =
      MakeHeaders(1, RequestFields("/test.Stream/Chat"), false) +
      MakeData(1, std::string(1, '\0') + BigEndian(90000, 4), false);
  // The most that one block may have.
  const auto seven_continuations = [](std::int32_t stream) {
    std::string block =
        MakeFrame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, stream,
                  MakeHeaderBlock(RequestFields("/test.Unary/Echo")));
    for (int i = 0; i < 7; ++i) {
      block +=
          MakeFrame(NGHTTP2_CONTINUATION, i == 6 ? NGHTTP2_FLAG_END_HEADERS : 0,
                    stream, MakeHeaderBlock({{absl::StrCat("x", i), "x"}}));
    }
    return block;
  };
  const std::string frames[] = {
      Times(limits.pings.burst * 0.75,
            MakeFrame(NGHTTP2_PING, 0, 0, "12345678")),
      // Each connection's first is not counted.
      Times(limits.settings.burst * 0.75,
            MakeFrame(NGHTTP2_SETTINGS, 0, 0, "")),
      open + Times(limits.empty_data.burst * 0.75, MakeData(1, "", false)),
      open + Times(limits.tiny_data.burst * 0.75, MakeData(1, "x", false)),
      seven_continuations(3) + seven_continuations(5),
      Times(limits.window_updates.burst * 0.75,
            MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, BigEndian(1, 4))),
      Times(limits.other_frames.burst * 0.75,
            MakeFrame(NGHTTP2_PRIORITY, 0, 3, BigEndian(0, 5))),
  };
  for (const std::string& each : frames) ExpectCountedTogether(each);
}

TEST_F(ServerFloodTest, EndlessContinuationEndsTheConnection) {
  auto peer = Connect();
  peer->Send(MakeFrame(NGHTTP2_HEADERS, 0, 1,
                       MakeHeaderBlock(RequestFields("/test.Unary/Echo"))));
  ExpectCalm(*peer, MakeFrame(NGHTTP2_CONTINUATION, 0, 1,
                              MakeHeaderBlock({{"x", std::string(100, 'x')}})));
}

TEST_F(ServerFloodTest, AnHpackBombEndsTheConnection) {
  // Of fields that are allowed, and of such that HTTP/2 itself drops.
  for (const char last : {'b', '\n'}) {
    auto peer = Connect();
    const std::uint64_t before = server_.server().Stats().flooded;
    peer->Send(MakeHpackBomb(1, RequestFields("/test.Unary/Echo"), last));
    EXPECT_EQ(peer->ReadGoaway(), NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_EQ(server_.server().Stats().flooded, before + 1);
    EXPECT_TRUE(OtherIsServed());
  }
}

TEST_F(ServerFloodTest, HeadersThatBringNoCallAreCounted) {
  const RawFields request = RequestFields("/test.Unary/Wait");
  const std::string longest(16000, 'x');
  RawFields upper = request;
  upper.insert(upper.begin(), {"X-Upper", "x"});
  const std::function<std::string(std::int32_t)> kWaste[] = {
      // Trailers.
      [&](std::int32_t id) {
        return MakeHeaders(id, request, false) + MakeHpackBomb(id, {}, 'b');
      },
      [&](std::int32_t id) { return MakeHpackBomb(id, upper, 'b'); },
      // As if it were a frame of any length: we do not hear how it goes on.
      [&](std::int32_t id) {
        return MakeHeaders(id, request, false) +
               MakeFrame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, id, "") +
               MakeFrame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, id,
                         MakeHeaderBlock({{"x", longest}}));
      },
  };
  char number = '1';
  for (const auto& waste : kWaste) {
    // What is counted is the peer's.
    const std::string system = std::string("akatsuki/attacker") + number++;
    attacker_ = pki_.Issue(system);
    auto peer = Connect();
    const std::uint64_t before = server_.server().Stats().flooded;
    // Fewer than may die.
    for (std::int32_t id = 1; id < 2 * 20; id += 2) peer->Send(waste(id));
    // Who still sends when it is cut off may not get to read why.
    const std::int64_t why = peer->ReadGoaway();
    if (why != -1) {
      EXPECT_EQ(why, NGHTTP2_ENHANCE_YOUR_CALM) << system;
    }
    EXPECT_EQ(server_.server().Stats().flooded, before + 1) << system;
    EXPECT_TRUE(OtherIsServed());
  }
}

TEST_F(ServerFloodTest, MoreStreamsThanAllowedAreRefused) {
  auto peer = Connect();
  peer->ReadType(NGHTTP2_SETTINGS);
  peer->Send(MakeFrame(NGHTTP2_SETTINGS, 1, 0, ""));
  std::string frames;
  for (std::int32_t id = 1; id <= 2 * 12; id += 2)
    frames += MakeHeaders(id, RequestFields("/test.Unary/Wait"), false) +
              MakeMessage(id, "", true);
  peer->Send(frames);
  std::optional<RawFrame> refused = peer->ReadUntil([](const RawFrame& frame) {
    return frame.type == NGHTTP2_RST_STREAM || frame.type == NGHTTP2_GOAWAY;
  });
  EXPECT_TRUE(refused.has_value());
  EXPECT_LE(server_.server().Stats().active_calls, 10u);
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, CallsAreBoundedPerPeerOverAllItsConnections) {
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 2; ++i) {
    peers.push_back(Connect());
    std::string frames;
    for (std::int32_t id = 1; id < 2 * 8; id += 2) {
      frames += MakeHeaders(id, RequestFields("/test.Unary/Wait"), false) +
                MakeMessage(id, "", true);
    }
    peers.back()->Send(frames);
  }
  // 16 calls: the last of them is one too many. The 15 stay.
  std::optional<RawFrame> end = peers.back()->ReadUntil(
      [](const RawFrame& frame) { return frame.ends_stream(); });
  EXPECT_EQ(ReasonIn(end), "CALL_LIMIT");
  EXPECT_EQ(server_.server().Stats().active_calls, 15u);
  EXPECT_TRUE(OtherIsServed());
}

class ServerPeerConnectionsTest : public HostileClientTest {
 protected:
  // None of the connections ends by itself while the test counts them.
  static ServerLimits Patient() {
    ServerLimits limits = SmallLimits();
    limits.idle_time = absl::Minutes(1);
    limits.settings_time = absl::Minutes(1);
    return limits;
  }
  ServerPeerConnectionsTest() : HostileClientTest(Patient()) {}
};

TEST_F(ServerPeerConnectionsTest, APeerHasItsNumberAndOthersHaveTheirs) {
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(Connect());
    EXPECT_TRUE(peers.back()->ReadType(NGHTTP2_SETTINGS).has_value());
  }
  RawPeer ninth(server_.port(), attacker_.files.trust,
                RawPeer::Options{&attacker_});
  ninth.SayHello();
  EXPECT_FALSE(ninth.ReadType(NGHTTP2_SETTINGS).has_value());
  EXPECT_TRUE(OtherIsServed());
  // One that goes makes room.
  const std::uint64_t before = server_.server().Stats().connections;
  peers.pop_back();
  ASSERT_TRUE(server_.WaitFor(
      [&](const ServerStats& stats) { return stats.connections < before; }));
  EXPECT_TRUE(Connect()->ReadType(NGHTTP2_SETTINGS).has_value());
}

int ConnectTcp(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  timeval timeout = {10, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address),
              sizeof address) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

// Whether the other end closes within the socket's time.
bool IsClosed(int descriptor) {
  char byte;
  const bool closed = recv(descriptor, &byte, 1, 0) <= 0 && errno != EAGAIN;
  close(descriptor);
  return closed;
}

TEST_F(ServerFloodTest, ThoseWhoDoNotShakeHandsAreLeft) {
  errno = 0;
  EXPECT_TRUE(IsClosed(ConnectTcp(server_.port())));
  const int half = ConnectTcp(server_.port());
  ASSERT_EQ(send(half, "\x16\x03\x01", 3, 0), 3);
  errno = 0;
  EXPECT_TRUE(IsClosed(half));
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, SilentConnectionsDoNotKeepOthersOut) {
  std::vector<int> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(ConnectTcp(server_.port()));
  // The oldest of the silent ones give way to a newcomer.
  EXPECT_TRUE(Connect()->ReadType(NGHTTP2_SETTINGS).has_value());
  for (int descriptor : silent) close(descriptor);
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerFloodTest, WithoutDescriptorsItRefusesAndThenRecovers) {
  rlimit old = {};
  getrlimit(RLIMIT_NOFILE, &old);
  // Connections are made first, descriptors taken away then: client and server
  // are one process here.
  std::vector<int> taken;
  const int waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(waiting) + 20;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (int descriptor; (descriptor = open("/dev/null", O_RDONLY)) >= 0;)
    taken.push_back(descriptor);
  ASSERT_EQ(errno, EMFILE);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(server_.port()));
  timeval timeout = {10, 0};
  setsockopt(waiting, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ASSERT_EQ(
      connect(waiting, reinterpret_cast<sockaddr*>(&address), sizeof address),
      0);
  errno = 0;
  EXPECT_TRUE(IsClosed(waiting));  // refused at once, not left to wait
  EXPECT_GE(server_.server().Stats().refused, 1u);
  EXPECT_TRUE(OtherIsServed());  // who is there stays served
  for (int descriptor : taken) close(descriptor);
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_TRUE(Connect()->ReadType(NGHTTP2_SETTINGS).has_value());
}

}  // namespace
}  // namespace psm::edge
