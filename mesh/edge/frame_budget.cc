#include "mesh/edge/frame_budget.h"

namespace psm::edge {
namespace {

constexpr std::size_t kTinyData = 64;

}  // namespace

bool FrameBudget::Count(const nghttp2_frame_hd& head, absl::Duration now) {
  switch (head.type) {
    case NGHTTP2_DATA:
      if ((head.flags & NGHTTP2_FLAG_END_STREAM) != 0) return true;
      if (head.length == 0) return empty_data_.Take(now);
      return head.length >= kTinyData || tiny_data_.Take(now);
    case NGHTTP2_HEADERS:
      return true;  // a stream: counted where streams are
    case NGHTTP2_RST_STREAM:
      return true;  // counted as a dead stream
    case NGHTTP2_CONTINUATION:
      return continuations_.Take(now);
    case NGHTTP2_PING:
      return (head.flags & NGHTTP2_FLAG_ACK) != 0 ? other_frames_.Take(now)
                                                  : pings_.Take(now);
    case NGHTTP2_SETTINGS:
      return (head.flags & NGHTTP2_FLAG_ACK) != 0 || settings_.Take(now);
    case NGHTTP2_WINDOW_UPDATE:
      return window_updates_.Take(now);
    default:
      return other_frames_.Take(now);
  }
}

}  // namespace psm::edge
