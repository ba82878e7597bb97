// For tests: a server with small limits, a hostile client and an honest one.
#ifndef PSM_MESH_EDGE_TEST_HOSTILE_H_
#define PSM_MESH_EDGE_TEST_HOSTILE_H_

#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_server.h"

namespace psm::edge {

inline ServerLimits SmallLimits() {
  ServerLimits limits;
  limits.max_concurrent_streams = 10;
  limits.message_bytes = 100000;
  limits.buffered_bytes = 300000;
  limits.handshake_time = absl::Milliseconds(500);
  limits.settings_time = absl::Milliseconds(500);
  limits.head_time = absl::Milliseconds(300);
  limits.idle_time = absl::Milliseconds(1500);
  limits.write_time = absl::Milliseconds(500);
  limits.finish_time = absl::Milliseconds(300);
  limits.dead_streams = {50, 1};
  limits.frames = {.pings = {20, 1},
                   .settings = {10, 1},
                   .empty_data = {20, 1},
                   .tiny_data = {1000, 1},
                   .continuations = {20, 1},
                   .window_updates = {1000, 1},
                   .other_frames = {20, 1}};
  limits.peer_wasted_headers = {200000, 1};
  limits.peer_calls = 15;
  limits.request_time = absl::Milliseconds(1000);
  limits.peer_connections = 8;
  limits.handshakes = 4;
  return limits;
}

class HostileClientTest : public testing::Test {
 protected:
  explicit HostileClientTest(const ServerLimits& limits = SmallLimits())
      : server_(pki_, limits) {
    EXPECT_TRUE(OtherIsServed());
  }

  std::unique_ptr<RawPeer> Connect(bool hello = true) {
    auto peer = std::make_unique<RawPeer>(server_.port(), attacker_.files.trust,
                                          RawPeer::Options{&attacker_});
    EXPECT_TRUE(peer->ok());
    if (hello) peer->SayHello();
    return peer;
  }
  // An honest client of another system, on a connection that stays.
  bool OtherIsServed() {
    return TestCall(other_channel_, "/test.Unary/Echo", "x").status.ok();
  }
  // The end of the answer to a request with these fields and one message.
  std::optional<RawFrame> AnswerTo(const RawFields& fields) {
    auto peer = Connect();
    peer->Send(MakeHeaders(1, fields, false) + MakeMessage(1, "m", true));
    return peer->ReadUntil([](const RawFrame& frame) {
      return frame.stream == 1 &&
             (frame.ends_stream() || frame.type == NGHTTP2_RST_STREAM);
    });
  }
  static std::string ReasonIn(const std::optional<RawFrame>& end) {
    if (!end.has_value()) return "connection ended";
    if (end->type == NGHTTP2_RST_STREAM) return "reset";
    if (end->Field("grpc-status").empty()) return "no grpc-status";
    return ReasonOf(FromWireStatus(
        {ParseStatusCode(end->Field("grpc-status")).value_or(-1), "",
         DecodeBinary(end->Field("grpc-status-details-bin")).value_or("")}));
  }
  // Sends `frame` again and again until the server ends the connection.
  void ExpectCalm(RawPeer& peer, const std::string& frame) {
    const std::uint64_t before = server_.server().Stats().flooded;
    for (int i = 0; i < 3000; ++i) peer.Send(frame);
    // The GOAWAY may be lost when the connection is cut under what still came.
    const std::int64_t code = peer.ReadGoaway();
    EXPECT_TRUE(code == NGHTTP2_ENHANCE_YOUR_CALM || code == -1) << code;
    EXPECT_EQ(server_.server().Stats().flooded, before + 1);
    EXPECT_TRUE(OtherIsServed());
  }

  TestPki pki_;
  TestIdentity attacker_ = pki_.Issue("akatsuki/tax");
  TestIdentity other_ = pki_.Issue("yunagi/tax");
  TestServer server_;
  std::shared_ptr<grpc::Channel> other_channel_ =
      TestChannel(server_.address(), pki_.root_pem(), &other_);
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_HOSTILE_H_
