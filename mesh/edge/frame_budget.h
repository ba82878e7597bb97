// How many frames that bring nothing a peer may send: the defence against
// floods (rapid reset, CVE-2023-44487; PING, SETTINGS, empty frames,
// CVE-2019-9512 and its kin).
#ifndef PSM_MESH_EDGE_FRAME_BUDGET_H_
#define PSM_MESH_EDGE_FRAME_BUDGET_H_

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "absl/time/time.h"
#include "mesh/edge/limits.h"

namespace psm::edge {

// `burst` tokens at first, `per_second` come back.
class TokenBucket {
 public:
  explicit TokenBucket(Rate rate) : rate_(rate), tokens_(rate.burst) {}

  // Takes one, or `count`; false, and none taken, where there are not so many
  // left. `now` is monotonic.
  bool Take(absl::Duration now, double count = 1) {
    const double passed = absl::ToDoubleSeconds(now - filled_);
    if (passed > 0) {
      tokens_ = std::min(rate_.burst, tokens_ + passed * rate_.per_second);
      filled_ = now;
    }
    if (tokens_ < count) return false;
    tokens_ -= count;
    return true;
  }

 private:
  Rate rate_;
  double tokens_;
  absl::Duration filled_ = absl::ZeroDuration();  // the first Take fills it
};

// The buckets of one connection, or of all connections of one peer.
class FrameBudget {
 public:
  explicit FrameBudget(const FrameRates& rates)
      : pings_(rates.pings),
        settings_(rates.settings),
        empty_data_(rates.empty_data),
        tiny_data_(rates.tiny_data),
        continuations_(rates.continuations),
        window_updates_(rates.window_updates),
        other_frames_(rates.other_frames) {}

  // Counts one frame by its head; false when it is one too many.
  bool Count(const nghttp2_frame_hd& head, absl::Duration now);

 private:
  TokenBucket pings_;
  TokenBucket settings_;
  TokenBucket empty_data_;
  TokenBucket tiny_data_;
  TokenBucket continuations_;
  TokenBucket window_updates_;
  TokenBucket other_frames_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_FRAME_BUDGET_H_
