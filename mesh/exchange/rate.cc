#include "mesh/exchange/rate.h"

#include <algorithm>

namespace psm {
namespace {

constexpr std::size_t kBucketsBeforeForgetting = 4096;

}  // namespace

absl::Duration RateLimiter::Take(absl::string_view name, double per_second,
                                 double burst, absl::Duration monotonic_now) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    if (buckets_.size() >= kBucketsBeforeForgetting)
      ForgetFullBuckets(monotonic_now);
    found = buckets_
                .try_emplace(std::string(name),
                             Bucket{burst, per_second, burst, monotonic_now})
                .first;
  }
  Bucket& bucket = found->second;
  bucket.per_second = per_second;  // an edited agreement binds at once
  bucket.burst = burst;
  double gained =
      absl::ToDoubleSeconds(monotonic_now - bucket.filled_at) * per_second;
  bucket.tokens = std::min(burst, bucket.tokens + gained);
  bucket.filled_at = monotonic_now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return absl::ZeroDuration();
  }
  return absl::Seconds((1 - bucket.tokens) / per_second);
}

absl::Duration RateLimiter::TimeToNext(absl::string_view name,
                                       absl::Duration monotonic_now) const {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) return absl::ZeroDuration();
  const Bucket& bucket = found->second;
  double tokens =
      bucket.tokens + absl::ToDoubleSeconds(monotonic_now - bucket.filled_at) *
                          bucket.per_second;
  return tokens >= 1 ? absl::ZeroDuration()
                     : absl::Seconds((1 - tokens) / bucket.per_second);
}

void RateLimiter::ForgetFullBuckets(absl::Duration monotonic_now) {
  absl::erase_if(buckets_, [&](const auto& entry) {
    const Bucket& bucket = entry.second;
    return bucket.tokens +
               absl::ToDoubleSeconds(monotonic_now - bucket.filled_at) *
                   bucket.per_second >=
           bucket.burst;
  });
}

}  // namespace psm
