#include "mesh/directory/retention.h"

namespace psm {

std::string CheckRetention(const config::v1::Mesh& mesh) {
  const google::protobuf::Duration& said = mesh.records_retention();
  if (said.nanos() != 0) return "say whole seconds";
  if (RetentionOf(mesh) < kLeastRetention) {
    return "records are kept for at least 48 hours, { seconds: 172800 }; leave "
           "it out for seven years";
  }
  if (mesh.events_retention().nanos() != 0) return "say whole seconds";
  if (EventsRetentionOf(mesh) < kLeastEventsRetention) {
    return "life events are kept for at least a minute, { seconds: 60 }; leave "
           "it out for 30 days";
  }
  return "";
}

absl::Duration EventsRetentionOf(const config::v1::Mesh& mesh) {
  return mesh.has_events_retention()
             ? absl::Seconds(mesh.events_retention().seconds())
             : kDefaultEventsRetention;
}

absl::Duration RetentionOf(const config::v1::Mesh& mesh) {
  return mesh.has_records_retention()
             ? absl::Seconds(mesh.records_retention().seconds())
             : kDefaultRetention;
}

}  // namespace psm
