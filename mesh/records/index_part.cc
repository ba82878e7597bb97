#include "mesh/records/index_part.h"

#include <algorithm>
#include <optional>

namespace psm {

void IndexPart::Add(const IndexedFrame& frame, absl::Time forget) {
  IndexEntry entry;
  entry.position.segment = frame.segment;
  entry.position.offset = frame.offset;
  entry.position.frame_bytes = frame.frame_bytes;
  std::optional<std::int64_t> stretch;  // ask time of the last place
  for (const RecordKeys& keys : frame.keys) {
    entry.position.index = to_++;
    entry.ask_nanos = absl::ToUnixNanos(keys.ask_time);
    if (stretch != entry.ask_nanos) {
      stretch = entry.ask_nanos;
      entry.key = kPlaceKey;
      places_.push_back(entry);
    }
    for (const auto* key : {&keys.subject, &keys.corporation, &keys.exchange}) {
      if (!key->has_value() ||
          (key == &keys.exchange && keys.ask_time <= forget)) {
        continue;
      }
      entry.key = **key;
      AddKeyed(entry);
    }
    ++entry.position.ordinal;
  }
}

void IndexPart::AddKeyed(const IndexEntry& entry) {
  const auto number = static_cast<std::uint32_t>(keyed_.size());
  auto [last, fresh] = last_.try_emplace(entry.key, number);
  keyed_.push_back({entry, fresh ? kNone : last->second});
  last->second = number;
}

bool IndexPart::Visit(const IndexKey& key, std::uint64_t before,
                      IndexVisitor visit) const {
  if (key == kPlaceKey) {
    auto end = std::lower_bound(places_.begin(), places_.end(), before,
                                [](const IndexEntry& entry, std::uint64_t to) {
                                  return entry.position.index < to;
                                });
    while (end != places_.begin()) {
      if (!visit(*--end)) return false;
    }
    return true;
  }
  auto last = last_.find(key);
  if (last == last_.end()) return true;
  for (std::uint32_t number = last->second; number != kNone;
       number = keyed_[number].previous) {
    const IndexEntry& entry = keyed_[number].entry;
    if (entry.position.index < before && !visit(entry)) return false;
  }
  return true;
}

std::vector<IndexEntry> IndexPart::Sorted() const {
  std::vector<IndexEntry> sorted = places_;
  sorted.reserve(places_.size() + keyed_.size());
  for (const Link& link : keyed_) sorted.push_back(link.entry);
  std::sort(sorted.begin() + static_cast<std::ptrdiff_t>(places_.size()),
            sorted.end(), [](const IndexEntry& a, const IndexEntry& b) {
              return PlaceOf(a) < PlaceOf(b);
            });
  return sorted;
}

}  // namespace psm
