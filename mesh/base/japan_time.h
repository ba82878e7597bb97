// The civil time of Japan.
#ifndef PSM_MESH_BASE_JAPAN_TIME_H_
#define PSM_MESH_BASE_JAPAN_TIME_H_

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace psm {

// Nine hours ahead of UTC everywhere, without summer time.
inline absl::TimeZone JapanTime() { return absl::FixedTimeZone(9 * 60 * 60); }

// The day that it is there at `time`.
inline absl::CivilDay DayInJapan(absl::Time time) {
  return absl::ToCivilDay(time, JapanTime());
}

}  // namespace psm

#endif  // PSM_MESH_BASE_JAPAN_TIME_H_
