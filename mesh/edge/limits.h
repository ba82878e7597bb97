// What one peer may cost. Every number is a default that holds for a
// developer's machine and for a small agency; the gateway's flags may set
// others.
#ifndef PSM_MESH_EDGE_LIMITS_H_
#define PSM_MESH_EDGE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace psm::edge {

// A token bucket: `burst` at once, `per_second` in the long run.
struct Rate {
  double burst;
  double per_second;
};

// How many frames of each kind that cost us and bring nothing.
struct FrameRates {
  Rate pings;
  Rate settings;    // but the first, with which a connection begins
  Rate empty_data;  // no payload, no END_STREAM
  Rate tiny_data;   // under 64 bytes, no END_STREAM: a stream of small messages
                    // is honest
  Rate continuations;   // a header list within its limit fits one HEADERS
  Rate window_updates;  // up to two a call
  Rate other_frames;    // PRIORITY, ACKs of PINGs never sent
};

struct ServerLimits {
  // Per connection.
  std::uint32_t max_concurrent_streams = 256;
  std::size_t header_list_bytes = 16 << 10;  // RFC 9113, 6.5.2: names + values
                                             // + 32 each
  std::size_t message_bytes = 4 << 20;       // gRPC's own default
  std::size_t buffered_bytes = 16 << 20;     // half-received messages
  std::size_t output_bytes = 256 << 10;  // ciphertext that waits for the socket
                                         // before frames are made
  absl::Duration handshake_time = absl::Seconds(5);  // TCP accept to TLS done
  absl::Duration settings_time = absl::Seconds(10);  // SETTINGS to their ACK
  absl::Duration head_time =
      absl::Seconds(5);  // begin to end of a header block
  absl::Duration idle_time = absl::Minutes(5);  // no stream open: GOAWAY
  absl::Duration request_time =
      absl::Seconds(30);  // HEADERS to END_STREAM of a unary request
  absl::Duration write_time =
      absl::Seconds(30);  // output waits, and not a byte moves
  absl::Duration finish_time =
      absl::Seconds(30);  // answer made, and the peer does not take it

  // Over a rate: GOAWAY ENHANCE_YOUR_CALM, and the connection ends.
  Rate dead_streams = {1000, 200};  // RST_STREAM, received or sent
  FrameRates frames = {
      .pings = {200, 20},  // gRPC's bandwidth probe sends up to 10 a second
      .settings = {32, 1},
      .empty_data = {128, 16},
      .tiny_data = {50000, 20000},
      .continuations = {2000, 500},
      .window_updates = {100000, 100000},
      .other_frames = {256, 32}};

  // Per peer (system) and worker: over all its connections.
  std::size_t peer_calls = 1024;  // handlers that have not finished
  std::size_t peer_buffered_bytes = 64 << 20;  // half-received messages, and
                                               // answers that are not taken
  // Over a rate: as above; it is the connection whose frame came last that
  // ends.
  Rate peer_dead_streams = {4000, 800};
  FrameRates peer_frames = {.pings = {2000, 400},
                            .settings = {256, 8},
                            .empty_data = {512, 64},
                            .tiny_data = {200000, 80000},
                            .continuations = {8000, 2000},
                            .window_updates = {400000, 400000},
                            .other_frames = {1024, 128}};
  // Bytes of header blocks that bring no call: trailers, streams beyond the
  // limit, fields that HTTP/2 forbids. HPACK has them unfolded all the same, at
  // 30 us a KiB.
  Rate peer_wasted_headers = {512 << 10, 128 << 10};

  // Per worker: connections whose handshake is not done; the oldest gives way.
  std::size_t handshakes = 256;

  // Per server.
  std::size_t peer_connections = 128;
  std::size_t connections = 1024;
};

struct UpstreamLimits {
  absl::Duration connect_time = absl::Seconds(2);  // dial to TLS done
  absl::Duration dial_pause =
      absl::Milliseconds(100);      // after a failed dial, before the next
  std::size_t queued_calls = 1024;  // per provider, while it connects or has
                                    // no stream to give
  std::uint32_t calls_in_flight = 1024;  // per connection; the peer's limit
                                         // counts too
  std::size_t message_bytes = 4 << 20;
  std::size_t header_list_bytes = 16 << 10;
  std::size_t buffered_bytes = 64 << 20;          // half-received answers, per
                                                  // connection
  std::int32_t last_stream_id = 1 << 30;          // then a new connection
  absl::Duration ping_after = absl::Seconds(10);  // of silence with calls in
                                                  // flight
  absl::Duration ping_time = absl::Seconds(5);    // for its ACK
  absl::Duration write_time = absl::Seconds(10);
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_LIMITS_H_
