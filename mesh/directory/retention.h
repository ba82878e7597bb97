// How long the gateway keeps records and life events, as the configuration says
// it.
#ifndef PSM_MESH_DIRECTORY_RETENTION_H_
#define PSM_MESH_DIRECTORY_RETENTION_H_

#include <string>

#include "absl/time/time.h"
#include "psm/config/v1/config.pb.h"

namespace psm {

// Seven years have at most two leap days: no record goes before they are over.
inline constexpr absl::Duration kDefaultRetention = absl::Hours(2557 * 24);

// Exchange ids are kept for 24 h, and receipts are proved by the record: less
// would take from both.
inline constexpr absl::Duration kLeastRetention = absl::Hours(48);

// For life events: longer than a holiday, and no archive.
inline constexpr absl::Duration kDefaultEventsRetention = absl::Hours(30 * 24);
// Less would drop what a consumer misses while it restarts.
inline constexpr absl::Duration kLeastEventsRetention = absl::Minutes(1);

// What is wrong with the settings, "" where nothing is.
std::string CheckRetention(const config::v1::Mesh& mesh);

// As said, or the default; of a configuration that CheckRetention passes.
absl::Duration RetentionOf(const config::v1::Mesh& mesh);
absl::Duration EventsRetentionOf(const config::v1::Mesh& mesh);

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_RETENTION_H_
