// Token buckets by name. Knows nothing of what is counted.
#ifndef PSM_MESH_EXCHANGE_RATE_H_
#define PSM_MESH_EXCHANGE_RATE_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace psm {

// Thread-compatible: one for each worker.
class RateLimiter {
 public:
  // Takes one token from the bucket `name`, which holds at most `burst` tokens
  // and gains `per_second`. Returns zero when there was one, else the time
  // after which there will be. A bucket begins full. Buckets that are full
  // again are forgotten, so memory is bounded by what is in use.
  absl::Duration Take(absl::string_view name, double per_second, double burst,
                      absl::Duration monotonic_now);

  // How long until Take of this bucket would give a token; takes none. Zero for
  // a bucket that does not exist.
  absl::Duration TimeToNext(absl::string_view name,
                            absl::Duration monotonic_now) const;

 private:
  struct Bucket {
    double tokens;
    double per_second;
    double burst;
    absl::Duration filled_at;
  };
  void ForgetFullBuckets(absl::Duration monotonic_now);

  absl::flat_hash_map<std::string, Bucket> buckets_;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_RATE_H_
