#include "mesh/gateway/edge_limits.h"

namespace psm {
namespace {

using Wanted = config::v1::EdgeLimits;

void Apply(const Wanted::Rate& wanted, edge::Rate& rate) {
  if (wanted.has_burst()) rate.burst = wanted.burst();
  if (wanted.has_per_second()) rate.per_second = wanted.per_second();
}

void ApplyRates(const Wanted& wanted, edge::ServerLimits& limits) {
  Apply(wanted.dead_streams(), limits.dead_streams);
  edge::FrameRates& frames = limits.frames;
  Apply(wanted.pings(), frames.pings);
  Apply(wanted.settings(), frames.settings);
  Apply(wanted.empty_data(), frames.empty_data);
  Apply(wanted.tiny_data(), frames.tiny_data);
  Apply(wanted.continuations(), frames.continuations);
  Apply(wanted.window_updates(), frames.window_updates);
  Apply(wanted.other_frames(), frames.other_frames);

  Apply(wanted.peer_dead_streams(), limits.peer_dead_streams);
  Apply(wanted.peer_wasted_headers(), limits.peer_wasted_headers);
  edge::FrameRates& peers = limits.peer_frames;
  Apply(wanted.peer_pings(), peers.pings);
  Apply(wanted.peer_settings(), peers.settings);
  Apply(wanted.peer_empty_data(), peers.empty_data);
  Apply(wanted.peer_tiny_data(), peers.tiny_data);
  Apply(wanted.peer_continuations(), peers.continuations);
  Apply(wanted.peer_window_updates(), peers.window_updates);
  Apply(wanted.peer_other_frames(), peers.other_frames);
}

}  // namespace

edge::ServerLimits ServerLimitsOf(const Wanted& wanted) {
  edge::ServerLimits limits;
  const auto number = [](bool said, auto value, auto& limit) {
    if (said) limit = value;
  };
  const auto time = [](bool said, std::uint32_t ms, absl::Duration& limit) {
    if (said) limit = absl::Milliseconds(ms);
  };
  number(wanted.has_max_concurrent_streams(), wanted.max_concurrent_streams(),
         limits.max_concurrent_streams);
  number(wanted.has_header_list_bytes(), wanted.header_list_bytes(),
         limits.header_list_bytes);
  number(wanted.has_message_bytes(), wanted.message_bytes(),
         limits.message_bytes);
  number(wanted.has_buffered_bytes(), wanted.buffered_bytes(),
         limits.buffered_bytes);
  time(wanted.has_handshake_ms(), wanted.handshake_ms(), limits.handshake_time);
  time(wanted.has_settings_ms(), wanted.settings_ms(), limits.settings_time);
  time(wanted.has_head_ms(), wanted.head_ms(), limits.head_time);
  time(wanted.has_idle_ms(), wanted.idle_ms(), limits.idle_time);
  time(wanted.has_write_ms(), wanted.write_ms(), limits.write_time);
  time(wanted.has_finish_ms(), wanted.finish_ms(), limits.finish_time);
  time(wanted.has_request_ms(), wanted.request_ms(), limits.request_time);
  ApplyRates(wanted, limits);
  number(wanted.has_peer_calls(), wanted.peer_calls(), limits.peer_calls);
  number(wanted.has_peer_buffered_bytes(), wanted.peer_buffered_bytes(),
         limits.peer_buffered_bytes);
  number(wanted.has_peer_connections(), wanted.peer_connections(),
         limits.peer_connections);
  number(wanted.has_connections(), wanted.connections(), limits.connections);
  number(wanted.has_handshakes(), wanted.handshakes(), limits.handshakes);
  return limits;
}

edge::UpstreamLimits UpstreamLimitsOf(const Wanted& wanted) {
  edge::UpstreamLimits limits;
  if (wanted.has_message_bytes()) limits.message_bytes = wanted.message_bytes();
  return limits;
}

}  // namespace psm
