// A relay between a client of gRPC C++ and providers that send frames as they
// like.
#include <algorithm>

#include "gtest/gtest.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_relay.h"
#include "mesh/edge/test_streams.h"

namespace psm::edge {
namespace {

const RawFields kOkHead = {{":status", "200"},
                           {"content-type", "application/grpc"}};
const RawFields kOkTrailers = {{"grpc-status", "0"}};

class RelayRawTest : public testing::Test {
 protected:
  RelayRawTest() { relay_.endpoint().Set(listener_.port()); }

  std::unique_ptr<RawPeer> Accept(const std::string& settings = "") {
    auto peer = std::make_unique<RawPeer>(listener_.descriptor(), provider_);
    EXPECT_TRUE(peer->ok());
    peer->Send(MakeFrame(NGHTTP2_SETTINGS, 0, 0, settings));
    return peer;
  }
  // The stream of the next request's HEADERS.
  static std::int32_t ReadHead(RawPeer& peer) {
    std::optional<RawFrame> head = peer.ReadType(NGHTTP2_HEADERS);
    EXPECT_TRUE(head.has_value());
    return head.has_value() ? head->stream : 0;
  }
  static std::string ReadMessage(RawPeer& peer, std::int32_t stream) {
    auto data = peer.ReadUntil([&](const RawFrame& frame) {
      return frame.type == NGHTTP2_DATA && frame.stream == stream &&
             !frame.payload.empty();
    });
    return data.has_value() ? data->payload.substr(5) : "";
  }

  TestPki pki_;
  TestIdentity provider_ = pki_.Issue("akatsuki/tax");
  TestIdentity client_ = pki_.Issue("akatsuki/benefits");
  RawListener listener_;
  TestRelay relay_{pki_};
};

struct Reset {
  std::uint32_t code;
  grpc::StatusCode status;
};

class ResetTest : public RelayRawTest,
                  public testing::WithParamInterface<Reset> {};

TEST_P(ResetTest, KeepsItsMeaningWhereverItComes) {
  TestStream before(relay_.Channel(), "Echo");
  auto peer = Accept();
  const std::string code = BigEndian(GetParam().code, 4);
  std::int32_t stream = ReadHead(*peer);
  peer->Send(MakeFrame(NGHTTP2_RST_STREAM, 0, stream, code));
  EXPECT_FALSE(before.Read().has_value());
  const grpc::Status status = before.Finish();
  EXPECT_EQ(status.error_code(), GetParam().status);
  EXPECT_EQ(ReasonOfGrpc(status), "PROVIDER_RESET");

  TestStream after_headers(relay_.Channel(), "Echo");
  stream = ReadHead(*peer);
  peer->Send(MakeHeaders(stream, kOkHead, false) +
             MakeFrame(NGHTTP2_RST_STREAM, 0, stream, code));
  EXPECT_FALSE(after_headers.Read().has_value());
  EXPECT_EQ(after_headers.Finish().error_code(), GetParam().status);

  TestStream after_data(relay_.Channel(), "Echo");
  stream = ReadHead(*peer);
  peer->Send(MakeHeaders(stream, kOkHead, false) +
             MakeMessage(stream, "some", false));
  EXPECT_EQ(after_data.Read(), "some");
  peer->Send(MakeFrame(NGHTTP2_RST_STREAM, 0, stream, code));
  EXPECT_FALSE(after_data.Read().has_value());
  EXPECT_EQ(after_data.Finish().error_code(), GetParam().status);

  TestStream within_data(relay_.Channel(), "Echo");
  stream = ReadHead(*peer);
  peer->Send(MakeHeaders(stream, kOkHead, false) +
             MakeData(stream, std::string("\0\0\0\0\5ab", 7), false) +
             MakeFrame(NGHTTP2_RST_STREAM, 0, stream, code));
  EXPECT_FALSE(within_data.Read().has_value());
  EXPECT_EQ(within_data.Finish().error_code(), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, ResetTest,
    testing::Values(Reset{NGHTTP2_NO_ERROR, grpc::INTERNAL},
                    Reset{NGHTTP2_PROTOCOL_ERROR, grpc::INTERNAL},
                    Reset{NGHTTP2_INTERNAL_ERROR, grpc::INTERNAL},
                    Reset{NGHTTP2_STREAM_CLOSED, grpc::UNKNOWN},
                    Reset{NGHTTP2_CANCEL, grpc::CANCELLED},
                    Reset{NGHTTP2_ENHANCE_YOUR_CALM, grpc::RESOURCE_EXHAUSTED},
                    Reset{NGHTTP2_INADEQUATE_SECURITY,
                          grpc::PERMISSION_DENIED}),
    [](const auto& row) { return "Code" + std::to_string(row.param.code); });

TEST_F(RelayRawTest, AStreamThatWasNotProcessedIsSentAgainWithItsMessages) {
  TestStream stream(relay_.Channel(), "Echo");
  stream.Write("one");
  auto peer = Accept();
  std::int32_t id = ReadHead(*peer);
  EXPECT_EQ(ReadMessage(*peer, id), "one");
  peer->Send(MakeFrame(NGHTTP2_RST_STREAM, 0, id,
                       BigEndian(NGHTTP2_REFUSED_STREAM, 4)));
  id = ReadHead(*peer);
  EXPECT_EQ(ReadMessage(*peer, id), "one");
  // And elsewhere, after a GOAWAY that does not count it.
  TestStream other(relay_.Channel(), "Echo");
  other.Write("two");
  std::int32_t other_id = ReadHead(*peer);
  peer->Send(
      MakeFrame(NGHTTP2_GOAWAY, 0, 0, BigEndian(id, 4) + BigEndian(0, 4)));
  auto next = Accept();
  other_id = ReadHead(*next);
  EXPECT_EQ(ReadMessage(*next, other_id), "two");
  next->Send(MakeHeaders(other_id, kOkHead, false) +
             MakeMessage(other_id, "second", false) +
             MakeHeaders(other_id, kOkTrailers, true));
  EXPECT_EQ(other.Read(), "second");
  // What the first connection counts ends there, and the messages go on.
  stream.Write("more");
  EXPECT_EQ(ReadMessage(*peer, id), "more");
  peer->Send(MakeHeaders(id, kOkHead, false) + MakeMessage(id, "first", false) +
             MakeHeaders(id, kOkTrailers, true));
  EXPECT_EQ(stream.Read(), "first");
  EXPECT_FALSE(stream.Read().has_value());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(RelayRawTest, AnAnswerOnceBegunIsNotBegunAgain) {
  TestStream stream(relay_.Channel(), "Echo");
  stream.Write("one");
  auto peer = Accept();
  const std::int32_t id = ReadHead(*peer);
  peer->Send(MakeHeaders(id, kOkHead, false) + MakeMessage(id, "x", false) +
             MakeFrame(NGHTTP2_RST_STREAM, 0, id,
                       BigEndian(NGHTTP2_REFUSED_STREAM, 4)));
  stream.Read();
  stream.Read();
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOfGrpc(status), "PROVIDER_UNAVAILABLE");
}

TEST_F(RelayRawTest, MoreStreamsThanTheProviderAllowsWaitForTheirTurn) {
  const auto channel = relay_.Channel();
  TestStream probe(channel, "Echo");
  auto peer = Accept(BigEndian(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2) +
                     BigEndian(1, 4));
  const std::int32_t first = ReadHead(*peer);
  TestStream waiting(channel, "Echo");
  waiting.Write("later");
  peer->Send(MakeHeaders(first, kOkHead, false) +
             MakeMessage(first, "first", false) +
             MakeHeaders(first, kOkTrailers, true));
  EXPECT_EQ(probe.Read(), "first");
  EXPECT_FALSE(probe.Read().has_value());
  EXPECT_TRUE(probe.Finish().ok());
  const std::int32_t second = ReadHead(*peer);
  EXPECT_EQ(ReadMessage(*peer, second), "later");
  peer->Send(MakeHeaders(second, kOkHead, false) +
             MakeHeaders(second, kOkTrailers, true));
  EXPECT_FALSE(waiting.Read().has_value());
  EXPECT_TRUE(waiting.Finish().ok());
}

TEST_F(RelayRawTest, WhatIsNotGrpcIsSaidToBe) {
  const struct {
    const char* what;
    std::string frames;
    const char* reason;
  } kCases[] = {
      {"no status", MakeHeaders(1, kOkHead, true), "PROVIDER_ANSWER_MALFORMED"},
      {"no trailers",
       MakeHeaders(1, kOkHead, false) + MakeMessage(1, "x", true),
       "PROVIDER_ANSWER_MALFORMED"},
      {"half a message",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\0\0\0\0\5abc", 8), false) +
           MakeHeaders(1, kOkTrailers, true),
       "PROVIDER_ANSWER_MALFORMED"},
      {"a bad flag",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\2\0\0\0\1a", 6), false),
       "PROVIDER_ANSWER_MALFORMED"},
      {"a message over the limit",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\0\xff\xff\xff\xff", 5), false),
       "PROVIDER_ANSWER_TOO_LARGE"},
      {"a line feed in metadata",
       MakeHeaders(1,
                   {{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"x-evil", "line\nfeed"}},
                   false),
       "PROVIDER_ANSWER_MALFORMED"},
      {"HTML",
       MakeHeaders(1, {{":status", "502"}, {"content-type", "text/html"}},
                   true),
       "PROVIDER_ANSWER_MALFORMED"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.what);
    TestRelay relay(pki_);
    relay.endpoint().Set(listener_.port());
    TestStream stream(relay.Channel(), "Echo");
    auto peer = Accept();
    EXPECT_EQ(ReadHead(*peer), 1);
    peer->Send(test.frames);
    while (stream.Read().has_value()) {
    }
    EXPECT_EQ(ReasonOfGrpc(stream.Finish()), test.reason);
  }
}

std::int64_t ReadNumber(absl::string_view bytes) {
  std::int64_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

TEST_F(RelayRawTest, AProviderIsHeldBackWhileItsReaderStalls) {
  // It opens no window beyond the first 64 KiB.
  RawPeer reader(relay_.port(), pki_.folder() + "/trust.pem",
                 {.identity = &client_});
  reader.SayHello();
  reader.Send(MakeHeaders(
      1, RequestFields(std::string("/") + kInteropService + "/Fan"), false));
  auto peer = Accept();
  std::int64_t stream_credit = 65535;  // RFC 9113, 6.9.2
  std::int64_t connection_credit = 65535;
  const auto note = [&](const RawFrame& frame) {
    if (frame.type == NGHTTP2_WINDOW_UPDATE)
      (frame.stream == 0 ? connection_credit : stream_credit) +=
          ReadNumber(frame.payload);
    if (frame.type != NGHTTP2_SETTINGS) return;
    for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6) {
      const auto entry = absl::string_view(frame.payload).substr(at, 6);
      if (ReadNumber(entry.substr(0, 2)) ==
          NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)
        stream_credit = ReadNumber(entry.substr(2));
    }
  };
  const std::optional<RawFrame> head =
      peer->ReadUntil([&](const RawFrame& frame) {
        note(frame);
        return frame.type == NGHTTP2_HEADERS;
      });
  ASSERT_TRUE(head.has_value());
  const std::int32_t id = head->stream;
  peer->Send(MakeHeaders(id, kOkHead, false));

  // More than all that lies between may hold.
  constexpr std::size_t kMessage = 4 << 20;
  const std::string bytes = std::string(1, '\0') + BigEndian(kMessage, 4) +
                            std::string(kMessage, 'f');
  std::size_t sent = 0;
  for (std::uint64_t round = 0;; ++round) {
    const std::int64_t credit = std::min(connection_credit, stream_credit);
    ASSERT_GE(credit, 0);
    const std::size_t size = std::min<std::size_t>(
        {static_cast<std::size_t>(credit), 16384, bytes.size() - sent});
    if (size == 0) break;
    peer->Send(MakeData(id, bytes.substr(sent, size), false) +
               MakeFrame(NGHTTP2_PING, 0, 0, BigEndian(round, 8)));
    sent += size;
    stream_credit -= static_cast<std::int64_t>(size);
    connection_credit -= static_cast<std::int64_t>(size);
    // The answer to the PING comes after what was made of the DATA before it.
    const auto answer = peer->ReadUntil([&](const RawFrame& frame) {
      note(frame);
      return frame.type == NGHTTP2_PING &&
             (frame.flags & NGHTTP2_FLAG_ACK) != 0;
    });
    ASSERT_TRUE(answer.has_value());
  }
  // The stream's window, the client's, and what is on its way between them.
  EXPECT_LT(sent, 1u << 20);
  EXPECT_EQ(stream_credit, 0);
  // For the others on the connection there is room.
  EXPECT_GT(connection_credit, 1 << 20);
}

}  // namespace
}  // namespace psm::edge
