// The server's answers to requests that are not as gRPC asks for them. In each
// test another client's calls keep succeeding.
#include <thread>

#include "mesh/edge/test_hostile.h"

namespace psm::edge {
namespace {

using ServerRawTest = HostileClientTest;

RawFields With(RawFields fields, const std::string& name,
               const std::string& value) {
  for (auto& [key, old] : fields) {
    if (key == name) {
      old = value;
      return fields;
    }
  }
  fields.emplace_back(name, value);
  return fields;
}

TEST_F(ServerRawTest, EveryAnswerToABadRequestIsAStatusOrAReset) {
  const RawFields good = RequestFields("/test.Unary/Echo");
  RawFields twice = good;
  twice.emplace_back("psm-affair", "a");
  twice.emplace_back("psm-affair", "a");
  const std::pair<RawFields, const char*> kCases[] = {
      {good, ""},  // OK has no reason
      {With(good, ":path", "/test.Unary//Echo"), "METHOD_UNKNOWN"},
      {With(good, ":path", "/test.Unary/%45cho"), "METHOD_UNKNOWN"},
      {With(good, ":path", "/test.Unary/Echo?x"), "METHOD_UNKNOWN"},
      {With(good, ":path", "/test.Unary/../Echo"), "METHOD_UNKNOWN"},
      {With(good, ":method", "GET"), "METHOD_UNKNOWN"},
      {With(good, "content-type", "text/plain"), "CONTENT_TYPE_INVALID"},
      {With(good, "te", "gzip"), "reset"},  // HTTP/2 knows only "trailers"
      {With(good, "x-feed", "line\nfeed"), "METADATA_INVALID"},
      {With(good, "x-nul", std::string("\0", 1)), "METADATA_INVALID"},
      {With(good, "X-Upper", "x"), "reset"},  // RFC 9113, 8.2.1
      {With(good, "x space", "x"), "METADATA_INVALID"},
      {With(good, "x-bin", "!"), "METADATA_INVALID"},
      {With(good, "x!", "x"), "METADATA_INVALID"},
      {twice, "METADATA_INVALID"},
      {With(good, "grpc-timeout", "1x"), "TIMEOUT_INVALID"},
      {With(good, "grpc-timeout", "0n"), "DEADLINE_EXCEEDED"},
      {With(good, "connection", "close"), "reset"},
      {With(good, "x-big", std::string(15000, 'x')), ""},
      {With(good, "x-big", std::string(16100, 'x')), "HEADERS_TOO_LARGE"},
  };
  for (const auto& [fields, reason] : kCases) {
    EXPECT_EQ(ReasonIn(AnswerTo(fields)), reason)
        << fields.back().first << fields[2].second;
  }
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerRawTest, ACallBehindTheLastGoawayIsNotBegun) {
  auto peer = Connect();
  peer->acknowledges = false;
  peer->Send(MakeFrame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "") +
             MakeHeaders(1, RequestFields("/test.Unary/Hold"), false) +
             MakeMessage(1, "m", true));
  ASSERT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 1; }));
  const std::uint64_t calls = server_.server().Stats().calls;
  std::thread drain([&] { server_.server().Drain(absl::Seconds(10)); });
  const auto ping = peer->ReadType(NGHTTP2_PING);
  EXPECT_TRUE(ping.has_value());
  // In one piece: what the server waits for, and a call right behind it.
  peer->Send(MakeFrame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0,
                       ping.has_value() ? ping->payload : "") +
             MakeHeaders(3, RequestFields("/test.Unary/Echo"), false) +
             MakeMessage(3, "m", true));
  // Behind the notice, which names no stream: the call in flight is the last
  // that counts.
  EXPECT_TRUE(peer->ReadUntil([](const RawFrame& frame) {
                    return frame.type == NGHTTP2_GOAWAY &&
                           frame.payload.substr(0, 4) == BigEndian(1, 4);
                  })
                  .has_value());
  server_.service().Release(server_.worker());
  const auto end = peer->ReadEnd(1);
  EXPECT_TRUE(end.has_value() && end->Field("grpc-status") == "0");
  drain.join();
  EXPECT_EQ(server_.server().Stats().calls, calls);
}

TEST_F(ServerRawTest, BadBodiesAreRefusedWithAStatus) {
  const std::pair<std::string, const char*> kCases[] = {
      {MakeData(1, "", true), "MESSAGE_COUNT"},
      {MakeMessage(1, "a", false) + MakeMessage(1, "b", true), "MESSAGE_COUNT"},
      {MakeData(1, std::string("\0\0\0\0\5ab", 7), true), "MESSAGE_MALFORMED"},
      {MakeData(1, std::string("\0\0\0", 3), true), "MESSAGE_MALFORMED"},
      {MakeData(1, std::string("\2\0\0\0\1a", 6), true), "MESSAGE_MALFORMED"},
      {MakeData(1, std::string("\1\0\0\0\1a", 6), true),
       "COMPRESSION_NOT_OFFERED"},
      {MakeData(1, std::string("\0\xff\xff\xff\xff", 5), false),
       "MESSAGE_TOO_LARGE"},
  };
  for (const auto& [body, reason] : kCases) {
    auto peer = Connect();
    peer->Send(MakeHeaders(1, RequestFields("/test.Unary/Echo"), false) + body);
    std::optional<RawFrame> end = peer->ReadEnd(1);
    EXPECT_EQ(ReasonIn(end), reason);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->Field("grpc-accept-encoding"), "identity");
    // One who has not finished his request is told that he need not.
    if (body.find('\xff') != std::string::npos) {
      std::optional<RawFrame> reset = peer->ReadType(NGHTTP2_RST_STREAM);
      ASSERT_TRUE(reset.has_value());
      EXPECT_EQ(reset->ErrorCode(), 0u);
    }
  }
  EXPECT_TRUE(OtherIsServed());
}

TEST_F(ServerRawTest, RequestTrailersAreRefused) {
  auto peer = Connect();
  peer->Send(MakeHeaders(1, RequestFields("/test.Unary/Echo"), false) +
             MakeMessage(1, "m", false) +
             MakeHeaders(1, {{"psm-consumer", "x"}}, true));
  EXPECT_TRUE(peer->ReadType(NGHTTP2_RST_STREAM).has_value());
  EXPECT_TRUE(OtherIsServed());
}

}  // namespace
}  // namespace psm::edge
