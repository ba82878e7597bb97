// The upstream against providers that do not keep to gRPC or HTTP/2, or keep to
// them strictly.
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_upstream.h"

namespace psm::edge {
namespace {

class UpstreamRawTest : public testing::Test {
 protected:
  // Accepts a connection and reads the first request; the provider of one call.
  std::unique_ptr<RawPeer> Accept() {
    auto peer = std::make_unique<RawPeer>(listener_.descriptor(), provider_);
    EXPECT_TRUE(peer->ok());
    peer->SayHello();
    return peer;
  }
  std::optional<RawFrame> ReadRequest(RawPeer& peer) {
    std::optional<RawFrame> headers = peer.ReadType(NGHTTP2_HEADERS);
    if (headers.has_value()) peer.ReadEnd(headers->stream);
    return headers;
  }

  // The streams of the next `count` complete requests, in the order of their
  // ends: frames of several may be mixed.
  static std::vector<std::int32_t> ReadRequests(RawPeer& peer,
                                                std::size_t count) {
    std::vector<std::int32_t> streams;
    while (streams.size() < count) {
      std::optional<RawFrame> end = peer.ReadUntil(
          [](const RawFrame& frame) { return frame.ends_stream(); });
      if (!end.has_value()) break;
      streams.push_back(end->stream);
    }
    return streams;
  }

  // What the caller gets when the provider answers stream 1 with `frames`.
  ProviderReply ReplyTo(const std::string& frames) {
    upstream_.endpoint().Set(listener_.port());
    std::future<ProviderReply> reply = upstream_.Start({});
    auto peer = Accept();
    EXPECT_TRUE(ReadRequest(*peer).has_value());
    peer->Send(frames);
    return reply.get();
  }

  TestPki pki_;
  TestIdentity provider_ = pki_.Issue("akatsuki/tax");
  RawListener listener_;
  UpstreamLimits limits_;
  TestUpstream upstream_{pki_, [] {
                           UpstreamLimits limits;
                           limits.message_bytes = 100000;
                           limits.ping_after = absl::Milliseconds(100);
                           limits.ping_time = absl::Milliseconds(200);
                           limits.connect_time = absl::Milliseconds(500);
                           return limits;
                         }()};
};

const RawFields kOkHead = {{":status", "200"},
                           {"content-type", "application/grpc"}};
const RawFields kOkTrailers = {{"grpc-status", "0"}};

std::string GoodAnswer(std::int32_t stream, const std::string& message) {
  return MakeHeaders(stream, kOkHead, false) +
         MakeMessage(stream, message, false) +
         MakeHeaders(stream, kOkTrailers, true);
}

TEST_F(UpstreamRawTest, SendsARequestAsGrpcAsksForIt) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> reply =
      upstream_.Start({"/psm.tax.v1.TaxService/Get",
                       "message",
                       {{"psm-consumer", "akatsuki/benefits"},
                        {"x-raw-bin", std::string("\0\xff", 2)}},
                       absl::Seconds(5)});
  auto peer = Accept();
  std::optional<RawFrame> request = peer->ReadType(NGHTTP2_HEADERS);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->Field(":method"), "POST");
  EXPECT_EQ(request->Field(":scheme"), "https");
  EXPECT_EQ(request->Field(":path"), "/psm.tax.v1.TaxService/Get");
  EXPECT_NE(request->Field(":authority"), "");
  EXPECT_EQ(request->Field("te"), "trailers");
  EXPECT_EQ(request->Field("content-type"), "application/grpc");
  EXPECT_EQ(request->Field("psm-consumer"), "akatsuki/benefits");
  EXPECT_EQ(request->Field("x-raw-bin"), "AP8");
  EXPECT_TRUE(absl::EndsWith(request->Field("grpc-timeout"), "u") ||
              absl::EndsWith(request->Field("grpc-timeout"), "n"))
      << request->Field("grpc-timeout");
  std::optional<RawFrame> data = peer->ReadEnd(request->stream);
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->payload, std::string("\0\0\0\0\7message", 12));
  peer->Send(GoodAnswer(1, "fine"));
  ProviderReply got = reply.get();
  EXPECT_TRUE(got.status.ok());
  EXPECT_TRUE(got.from_provider);
  EXPECT_EQ(got.message, "fine");
}

TEST_F(UpstreamRawTest, TurnsEveryMalformedAnswerIntoAnErrorOfItsOwn) {
  const RawFields with_status = {{":status", "200"},
                                 {"content-type", "application/grpc"},
                                 {"grpc-status", "0"}};
  const struct {
    const char* what;
    std::string frames;
    absl::StatusCode code;
    const char* reason;
  } kCases[] = {
      {"headers that end without a status", MakeHeaders(1, kOkHead, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"data that ends the stream",
       MakeHeaders(1, kOkHead, false) + MakeMessage(1, "x", true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"trailers without a status",
       MakeHeaders(1, kOkHead, false) + MakeMessage(1, "x", false) +
           MakeHeaders(1, {{"x-other", "1"}}, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"OK without a message", MakeHeaders(1, with_status, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"two statuses",
       MakeHeaders(1, kOkHead, false) + MakeMessage(1, "x", false) +
           MakeHeaders(1, {{"grpc-status", "0"}, {"grpc-status", "5"}}, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"two messages",
       MakeHeaders(1, kOkHead, false) + MakeMessage(1, "x", false) +
           MakeMessage(1, "y", false) + MakeHeaders(1, kOkTrailers, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"half a message",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\0\0\0\0\5abc", 8), false) +
           MakeHeaders(1, kOkTrailers, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"a compressed message",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\1\0\0\0\1a", 6), false) +
           MakeHeaders(1, kOkTrailers, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"a bad flag",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\2\0\0\0\1a", 6), false) +
           MakeHeaders(1, kOkTrailers, true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"HTML",
       MakeHeaders(1, {{":status", "502"}, {"content-type", "text/html"}},
                   true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"a bad header value",
       MakeHeaders(1,
                   {{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"x-evil", "line\nfeed"},
                    {"grpc-status", "0"}},
                   true),
       absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED"},
      {"a message over the limit",
       MakeHeaders(1, kOkHead, false) +
           MakeData(1, std::string("\0\xff\xff\xff\xff", 5), false),
       absl::StatusCode::kResourceExhausted, "PROVIDER_ANSWER_TOO_LARGE"},
      {"headers over the limit",
       MakeHeaders(1,
                   {{":status", "200"},
                    {"content-type", "application/grpc"},
                    {"x-a", std::string(9000, 'a')},
                    {"x-b", std::string(7250, 'b')}},
                   false),
       absl::StatusCode::kResourceExhausted, "PROVIDER_ANSWER_TOO_LARGE"},
      {"a reset", MakeFrame(NGHTTP2_RST_STREAM, 0, 1, BigEndian(2, 4)),
       absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"},
      {"a frame that breaks HTTP/2", MakeFrame(NGHTTP2_DATA, 0, 0, "x"),
       absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.what);
    ProviderReply reply = ReplyTo(test.frames);
    EXPECT_EQ(reply.status.code(), test.code) << reply.status;
    EXPECT_EQ(ReasonOf(reply.status), test.reason) << reply.status;
    EXPECT_FALSE(reply.from_provider);
    // The listener's next connection is the next case's: this one ends first.
    EXPECT_EQ(DetailOf(reply.status)->party, Party::kProvider);
    while (upstream_.Stats().connections != 0) std::this_thread::yield();
  }
}

TEST_F(UpstreamRawTest, AnHpackBombEndsTheConnection) {
  upstream_.endpoint().Set(listener_.port());
  // Of fields that are allowed, and of such that HTTP/2 itself drops.
  for (const auto& [last, reason] :
       {std::pair('b', "PROVIDER_ANSWER_TOO_LARGE"),
        std::pair('\n', "PROVIDER_ANSWER_MALFORMED")}) {
    std::future<ProviderReply> reply = upstream_.Start({});
    auto peer = Accept();
    EXPECT_TRUE(ReadRequest(*peer).has_value());
    peer->Send(MakeHpackBomb(1, kOkHead, last));
    EXPECT_EQ(ReasonOf(reply.get().status), reason);
    EXPECT_EQ(peer->ReadGoaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

TEST_F(UpstreamRawTest, PassesOnAStatusWithItsDetailAndNothingElse) {
  const std::string details =
      ToRpcStatus(MakeError(absl::StatusCode::kNotFound, "NO_SUCH_PERSON",
                            Party::kProvider, "nobody"));
  std::string encoded = EncodeBinary(details);
  ProviderReply reply =
      ReplyTo(MakeHeaders(1,
                          {{":status", "200"},
                           {"content-type", "application/grpc+proto"},
                           {"grpc-status", "5"},
                           {"grpc-message", "no%20one %e5%90%a6"},
                           {"grpc-status-details-bin", encoded},
                           {"x-secret", "1"}},
                          true));
  EXPECT_TRUE(reply.from_provider);
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reply.status.message(), "no one \xe5\x90\xa6");
  EXPECT_EQ(ReasonOf(reply.status), "NO_SUCH_PERSON");
}

TEST_F(UpstreamRawTest, RetriesOnceWhatWasRefusedAndNothingElse) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> reply = upstream_.Start({});
  auto peer = Accept();
  ASSERT_TRUE(ReadRequest(*peer).has_value());
  peer->Send(MakeFrame(NGHTTP2_RST_STREAM, 0, 1,
                       BigEndian(NGHTTP2_REFUSED_STREAM, 4)));
  std::optional<RawFrame> again = ReadRequest(*peer);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->stream, 3);
  peer->Send(MakeFrame(NGHTTP2_RST_STREAM, 0, 3,
                       BigEndian(NGHTTP2_REFUSED_STREAM, 4)));
  EXPECT_EQ(ReasonOf(reply.get().status), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(upstream_.Stats().retries, 1u);
}

TEST_F(UpstreamRawTest, AfterGoawayRetriesElsewhereAndFinishesWhatIsBelow) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> first = upstream_.Start({});
  auto peer = Accept();
  ASSERT_EQ(ReadRequest(*peer)->stream, 1);
  std::future<ProviderReply> second = upstream_.Start({});
  ASSERT_EQ(ReadRequest(*peer)->stream, 3);
  // Stream 1 counts, stream 3 does not.
  peer->Send(
      MakeFrame(NGHTTP2_GOAWAY, 0, 0, BigEndian(1, 4) + BigEndian(0, 4)));
  auto next = Accept();
  ASSERT_EQ(ReadRequest(*next)->stream, 1);
  next->Send(GoodAnswer(1, "from the next"));
  EXPECT_EQ(second.get().message, "from the next");
  peer->Send(GoodAnswer(1, "from the old"));
  EXPECT_EQ(first.get().message, "from the old");
  // The old connection is closed, the new one serves on.
  EXPECT_EQ(peer->ReadGoaway(), NGHTTP2_NO_ERROR);
  std::future<ProviderReply> third = upstream_.Start({});
  ASSERT_EQ(ReadRequest(*next)->stream, 3);
  next->Send(GoodAnswer(3, "third"));
  EXPECT_EQ(third.get().message, "third");
  EXPECT_EQ(upstream_.Stats().connections, 1u);
}

TEST_F(UpstreamRawTest, DoesNotRepeatACallThatMayHaveBeenProcessed) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> reply = upstream_.Start({});
  {
    auto peer = Accept();
    ASSERT_TRUE(ReadRequest(*peer).has_value());
  }  // the connection ends without a word
  EXPECT_EQ(ReasonOf(reply.get().status), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(upstream_.Stats().retries, 0u);
}

TEST_F(UpstreamRawTest, KeepsToThePeersStreamLimit) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> probe = upstream_.Start({});
  RawPeer peer(listener_.descriptor(), provider_);
  ASSERT_TRUE(peer.ok());
  peer.Send(MakeFrame(
      NGHTTP2_SETTINGS, 0, 0,
      BigEndian(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2) + BigEndian(2, 4)));
  ASSERT_TRUE(ReadRequest(peer).has_value());
  peer.Send(GoodAnswer(1, "probe"));
  EXPECT_EQ(probe.get().message, "probe");
  std::vector<std::future<ProviderReply>> replies;
  for (int i = 0; i < 4; ++i) replies.push_back(upstream_.Start({}));
  using Streams = std::vector<std::int32_t>;
  EXPECT_EQ(ReadRequests(peer, 2), (Streams{3, 5}));
  EXPECT_EQ(upstream_.Stats().active_calls, 4u);
  // Only a finished call makes room for the next.
  peer.Send(GoodAnswer(5, "b"));
  EXPECT_EQ(ReadRequests(peer, 1), Streams{7});
  peer.Send(GoodAnswer(3, "a") + GoodAnswer(7, "c"));
  EXPECT_EQ(ReadRequests(peer, 1), Streams{9});
  peer.Send(GoodAnswer(9, "d"));
  std::string all;
  for (auto& reply : replies) all += reply.get().message;
  EXPECT_EQ(all, "abcd");
}

TEST_F(UpstreamRawTest, ACancelledCallIsResetAndGetsTheReason) {
  upstream_.endpoint().Set(listener_.port());
  std::function<void()> cancel;
  std::future<ProviderReply> reply = upstream_.Start({}, &cancel);
  auto peer = Accept();
  ASSERT_TRUE(ReadRequest(*peer).has_value());
  cancel();
  EXPECT_EQ(reply.get().status.code(), absl::StatusCode::kCancelled);
  std::optional<RawFrame> reset = peer->ReadType(NGHTTP2_RST_STREAM);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->ErrorCode(), static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  // An answer that was on its way does no harm.
  peer->Send(GoodAnswer(1, "late"));
  std::future<ProviderReply> next = upstream_.Start({});
  ASSERT_EQ(ReadRequest(*peer)->stream, 3);
  peer->Send(GoodAnswer(3, "next"));
  EXPECT_EQ(next.get().message, "next");
}

TEST_F(UpstreamRawTest, TheLegsOwnDeadlineEndsIt) {
  upstream_.endpoint().Set(listener_.port());
  TestRequest request;
  request.time_left = absl::Milliseconds(50);
  std::future<ProviderReply> reply = upstream_.Start(request);
  auto peer = Accept();
  ASSERT_TRUE(ReadRequest(*peer).has_value());
  ProviderReply got = reply.get();
  EXPECT_EQ(got.status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(got.status), "DEADLINE_EXCEEDED");
  EXPECT_TRUE(peer->ReadType(NGHTTP2_RST_STREAM).has_value());
}

TEST_F(UpstreamRawTest, AProviderThatHangsIsFoundOutByPing) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> reply = upstream_.Start({});
  auto peer = Accept();
  ASSERT_TRUE(ReadRequest(*peer).has_value());
  // It reads and answers nothing any more.
  EXPECT_EQ(ReasonOf(reply.get().status), "PROVIDER_UNAVAILABLE");
}

TEST_F(UpstreamRawTest, ASlowProviderThatAnswersPingsIsWaitedFor) {
  upstream_.endpoint().Set(listener_.port());
  std::future<ProviderReply> reply = upstream_.Start({});
  auto peer = Accept();
  ASSERT_TRUE(ReadRequest(*peer).has_value());
  // Two PINGs are answered, and no third comes, which gRPC servers would take
  // for an attack: the next frame is the request of a second call, long after.
  for (int i = 0; i < 2; ++i) {
    std::optional<RawFrame> ping = peer->ReadType(NGHTTP2_PING);
    ASSERT_TRUE(ping.has_value());
    peer->Send(MakeFrame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, ping->payload));
  }
  TestRequest late;
  late.time_left = absl::Milliseconds(500);
  std::future<ProviderReply> timed_out = upstream_.Start(late);
  EXPECT_EQ(timed_out.get().status.code(), absl::StatusCode::kDeadlineExceeded);
  std::optional<RawFrame> frame = peer->ReadUntil([](const RawFrame& got) {
    return got.type == NGHTTP2_PING || got.type == NGHTTP2_RST_STREAM;
  });
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->type, NGHTTP2_RST_STREAM);
  peer->Send(GoodAnswer(1, "slow"));
  EXPECT_EQ(reply.get().message, "slow");
}

TEST_F(UpstreamRawTest, AProviderThatDoesNotShakeHandsIsGivenUp) {
  upstream_.endpoint().Set(listener_.port());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(ReasonOf(upstream_.Call({}).status), "PROVIDER_UNAVAILABLE");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(UpstreamRawTest, RedialsBeforeStreamIdsRunOut) {
  UpstreamLimits limits;
  limits.last_stream_id = 5;
  TestUpstream upstream(pki_, limits);
  upstream.endpoint().Set(listener_.port());
  for (int round = 0; round < 3; ++round) {
    std::future<ProviderReply> reply = upstream.Start({});
    auto peer = Accept();
    for (int i = 0; i < 3; ++i) {
      if (i > 0) reply = upstream.Start({});
      const std::int32_t id = ReadRequest(*peer)->stream;
      EXPECT_EQ(id, 1 + 2 * i);
      peer->Send(GoodAnswer(id, "x"));
      EXPECT_EQ(reply.get().message, "x");
    }
    EXPECT_EQ(peer->ReadGoaway(), NGHTTP2_NO_ERROR);
  }
}

}  // namespace
}  // namespace psm::edge
