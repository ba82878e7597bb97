// Points in time as records carry them.
#ifndef PSM_MESH_RECORDS_TIMESTAMP_H_
#define PSM_MESH_RECORDS_TIMESTAMP_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace psm {

inline absl::Time FromTimestamp(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) +
         absl::Nanoseconds(stamp.nanos());
}

// Whole nanoseconds; `time` is after 1970 and within what 64 bits of them hold,
// as a clock's is.
inline void SetTimestamp(absl::Time time, google::protobuf::Timestamp* stamp) {
  const std::int64_t nanos = absl::ToUnixNanos(time);
  stamp->set_seconds(nanos / 1000000000);
  stamp->set_nanos(static_cast<std::int32_t>(nanos % 1000000000));
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_TIMESTAMP_H_
