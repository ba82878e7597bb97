// A header list to submit, without a copy of what lives long enough.
#ifndef PSM_MESH_EDGE_FIELD_LIST_H_
#define PSM_MESH_EDGE_FIELD_LIST_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/metadata_rules.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// Views must live until the list has been submitted (nghttp2 copies then);
// names and values are valid already.
class FieldList {
 public:
  // An empty one whose memory is used again: one at a time per thread.
  static FieldList& Scratch() {
    static thread_local FieldList list;
    list.fields_.clear();
    list.kept_.clear();
    list.list_bytes_ = 0;
    return list;
  }

  void Add(absl::string_view name, absl::string_view value) {
    Push(name, value, NGHTTP2_NV_FLAG_NONE);
  }
  // One whose value does not come again: keeps it out of the peer's table of
  // fields to refer to (RFC 7541, 6.2.2).
  void AddOnce(absl::string_view name, std::string value) {
    kept_.push_back(std::move(value));
    Push(name, kept_.back(), NGHTTP2_NV_FLAG_NO_INDEX);
  }
  // Values of `-bin` keys are encoded.
  void AddMetadata(const Metadata& metadata) {
    for (std::size_t i = 0; i < metadata.size(); ++i) {
      const auto& [key, value] = metadata[i];
      if (IsBinaryKey(key)) {
        kept_.push_back(EncodeBinary(value));
        // The tree of a receipt is many receipts' tree.
        const bool tree = key == "psm-receipt-bin" && i + 1 < metadata.size() &&
                          metadata[i + 1].first == key;
        Push(key, kept_.back(),
             tree ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX);
      } else if (IsRepeated(key)) {
        Add(key, value);
      } else {
        Push(key, value, NGHTTP2_NV_FLAG_NO_INDEX);
      }
    }
  }

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }
  // As the peer counts it against its SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113,
  // 6.5.2); and what a further field would add.
  std::size_t list_bytes() const { return list_bytes_; }
  static std::size_t BytesOf(absl::string_view name, absl::string_view value) {
    return name.size() + value.size() + 32;
  }

 private:
  // What the gateway itself says to a provider, in few different values.
  static bool IsRepeated(absl::string_view key) {
    return key == "psm-consumer" || key == "psm-affair" ||
           key == "psm-attributes";
  }

  void Push(absl::string_view name, absl::string_view value,
            nghttp2_nv_flag flags) {
    list_bytes_ += BytesOf(name, value);
    // nghttp2 takes pointers to non-const and does not write through them.
    fields_.push_back(
        {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
         reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
         name.size(), value.size(), static_cast<std::uint8_t>(flags)});
  }

  std::vector<nghttp2_nv> fields_;
  std::deque<std::string> kept_;  // does not move what it holds
  std::size_t list_bytes_ = 0;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_FIELD_LIST_H_
