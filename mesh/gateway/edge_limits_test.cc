#include "mesh/gateway/edge_limits.h"

#include "absl/strings/match.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/retention.h"
#include "mesh/records/expunging.h"

namespace psm {
namespace {

config::v1::EdgeLimits Parse(const std::string& text) {
  config::v1::EdgeLimits limits;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &limits));
  return limits;
}

TEST(EdgeLimitsTest, WhatIsNotSaidKeepsItsDefault) {
  const edge::ServerLimits defaults;
  const edge::ServerLimits limits =
      ServerLimitsOf(Parse("max_concurrent_streams: 7 pings { burst: 3 }"));
  EXPECT_EQ(limits.max_concurrent_streams, 7u);
  EXPECT_EQ(limits.frames.pings.burst, 3);
  EXPECT_EQ(limits.frames.pings.per_second, defaults.frames.pings.per_second);
  EXPECT_EQ(limits.header_list_bytes, defaults.header_list_bytes);
  EXPECT_EQ(limits.idle_time, defaults.idle_time);
  EXPECT_EQ(limits.connections, defaults.connections);
}

// Every field of the message, set alone to 3, changes one limit or the two of
// messages: none is forgotten here.
TEST(EdgeLimitsTest, EveryFieldThatCanBeSaidIsHeard) {
  const auto* fields = config::v1::EdgeLimits::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto* field = fields->field(i);
    const std::string text = field->message_type() != nullptr
                                 ? field->name() + " { burst: 3 per_second: 3 }"
                                 : field->name() + ": 3";
    const edge::ServerLimits limits = ServerLimitsOf(Parse(text));
    const edge::ServerLimits defaults;
    int heard = 0;
    const auto count = [&](auto member) {
      heard += limits.*member != defaults.*member;
    };
    const auto count_rate = [&](const edge::Rate& rate) {
      heard += rate.burst == 3 && rate.per_second == 3;
    };
    using L = edge::ServerLimits;
    count(&L::max_concurrent_streams);
    count(&L::header_list_bytes);
    count(&L::message_bytes);
    count(&L::buffered_bytes);
    count(&L::handshake_time);
    count(&L::settings_time);
    count(&L::head_time);
    count(&L::idle_time);
    count(&L::write_time);
    count(&L::finish_time);
    count(&L::request_time);
    count(&L::peer_calls);
    count(&L::peer_buffered_bytes);
    count(&L::peer_connections);
    count(&L::connections);
    count(&L::handshakes);
    count_rate(limits.dead_streams);
    count_rate(limits.peer_dead_streams);
    count_rate(limits.peer_wasted_headers);
    for (const edge::FrameRates& of : {limits.frames, limits.peer_frames}) {
      for (const edge::Rate& rate :
           {of.pings, of.settings, of.empty_data, of.tiny_data,
            of.continuations, of.window_updates, of.other_frames})
        count_rate(rate);
    }
    EXPECT_EQ(heard, 1) << text;
  }
  EXPECT_EQ(UpstreamLimitsOf(Parse("message_bytes: 3")).message_bytes, 3u);
}

// What the configuration may say is what the store takes and an auditor
// expects.
TEST(RetentionTest, TheLeastOfTheConfigurationIsThatOfTheLog) {
  EXPECT_EQ(kLeastRetention, kShortestRetention);
  TempFolder folder;
  folder.Write("b.textproto", "# days\nrecords_retention { seconds: 9 }\n");
  const auto configuration = LoadConfiguration({folder.path()});
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  const absl::Status refused = Directory::Create(*configuration).status();
  EXPECT_TRUE(absl::StrContains(
      refused.message(), folder.path() + "/b.textproto:2: records_retention"))
      << refused;
}

TEST(EdgeLimitsTest, AreReadFromAnyFileOfTheConfiguration) {
  TempFolder folder;
  folder.Write("a.textproto", "edge_limits { connections: 9 }");
  folder.Write("b.textproto", "edge_limits { peer_calls: 5 }");
  const auto configuration = LoadConfiguration({folder.path()});
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  const config::v1::EdgeLimits& limits = configuration->mesh.edge_limits();
  EXPECT_EQ(limits.connections(), 9u);
  EXPECT_EQ(limits.peer_calls(), 5u);
}

}  // namespace
}  // namespace psm
