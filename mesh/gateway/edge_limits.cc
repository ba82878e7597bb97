#include "mesh/gateway/edge_limits.h"

namespace psm {
namespace {

using Wanted = config::v1::EdgeLimits;

void Apply(const Wanted::Rate& wanted, edge::Rate& rate) {
  if (wanted.has_burst()) rate.burst = wanted.burst();
  if (wanted.has_per_second()) rate.per_second = wanted.per_second();
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
  Apply(wanted.dead_streams(), limits.dead_streams);
  Apply(wanted.pings(), limits.pings);
  Apply(wanted.settings(), limits.settings);
  Apply(wanted.empty_data(), limits.empty_data);
  Apply(wanted.tiny_data(), limits.tiny_data);
  number(wanted.has_peer_calls(), wanted.peer_calls(), limits.peer_calls);
  number(wanted.has_peer_buffered_bytes(), wanted.peer_buffered_bytes(),
         limits.peer_buffered_bytes);
  number(wanted.has_peer_connections(), wanted.peer_connections(),
         limits.peer_connections);
  number(wanted.has_connections(), wanted.connections(), limits.connections);
  return limits;
}

edge::UpstreamLimits UpstreamLimitsOf(const Wanted& wanted) {
  edge::UpstreamLimits limits;
  if (wanted.has_message_bytes()) limits.message_bytes = wanted.message_bytes();
  return limits;
}

}  // namespace psm
