// What the index knows of a record: what it is found by, and where it lies.
#ifndef PSM_MESH_RECORDS_INDEX_ENTRY_H_
#define PSM_MESH_RECORDS_INDEX_ENTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// One name that records are looked up by: a hash of 120 bits, and last its
// kind. All zeros stands for the place of a frame, which is looked up by the
// log index alone.
using IndexKey = std::array<unsigned char, 16>;

inline constexpr IndexKey kPlaceKey{};

IndexKey SubjectKey(absl::string_view subject);
IndexKey CorporationKey(absl::string_view corporation);
// One key for the exchange of a consumer; system ids hold no line feed.
IndexKey ExchangeKey(absl::string_view consumer, absl::string_view exchange_id);
bool IsExchangeKey(const IndexKey& key);

// What a record is found by.
struct RecordKeys {
  std::optional<IndexKey> subject;
  std::optional<IndexKey> corporation;
  std::optional<IndexKey> exchange;  // absent where none may be found by it
  absl::Time ask_time;
};

RecordKeys KeysOf(const records::v1::Record& record);

// Where a record lies: the `ordinal`th of a frame.
struct RecordPosition {
  std::uint64_t index = 0;    // in the log, zero-based
  std::uint64_t segment = 0;  // number
  std::uint32_t offset = 0;   // of the frame
  std::uint32_t frame_bytes = 0;
  std::uint32_t ordinal = 0;  // zero-based
};

// A frame that is durable, with the keys of its records in order.
struct IndexedFrame {
  std::uint64_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t frame_bytes = 0;
  std::vector<RecordKeys> keys;
};

// A key and a record that it finds. Under kPlaceKey an entry stands for its
// record and those that follow it in the same frame up to the next such entry,
// all of them asked for at the same time.
struct IndexEntry {
  IndexKey key{};
  RecordPosition position;
  std::int64_t ask_nanos = 0;  // since 1970, at most what 64 bits hold

  absl::Time ask_time() const { return absl::FromUnixNanos(ask_nanos); }
};

// The first eight bytes of a key as a number: orders most keys, and is as good
// as random.
inline std::uint64_t PrefixOf(const IndexKey& key) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < sizeof(prefix); ++i)
    prefix = prefix << 8 | key[i];
  return prefix;
}

// Where the entries of a key below a log index end: the order of entries.
struct IndexPlace {
  IndexKey key{};
  std::uint64_t index = 0;

  friend bool operator<(const IndexPlace& a, const IndexPlace& b) {
    const std::uint64_t prefix_a = PrefixOf(a.key);
    const std::uint64_t prefix_b = PrefixOf(b.key);
    if (prefix_a != prefix_b) return prefix_a < prefix_b;
    const int order = std::memcmp(&a.key, &b.key, sizeof(IndexKey));
    return order != 0 ? order < 0 : a.index < b.index;
  }
};

inline IndexPlace PlaceOf(const IndexEntry& entry) {
  return {entry.key, entry.position.index};
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_ENTRY_H_
