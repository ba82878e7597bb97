#include "mesh/records/index_part.h"

#include <algorithm>
#include <optional>

namespace psm {
namespace {

constexpr std::size_t kUsualKeys = 2;  // of a record: its subject, its exchange

}  // namespace

IndexPart::IndexPart(std::uint64_t from, std::size_t room)
    : from_(from), to_(from) {
  places_.reserve(room);
  keyed_.reserve(kUsualKeys * room);
  last_.reserve(kUsualKeys * room);
}

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
  // Numbers are sorted and not entries, which are large. In keyed_ the entries
  // of one key are in order already.
  struct Item {
    std::uint64_t prefix;
    std::uint32_t number;
  };
  std::vector<Item> items;
  items.reserve(keyed_.size());
  for (const Link& link : keyed_) {
    items.push_back(
        {PrefixOf(link.entry.key), static_cast<std::uint32_t>(items.size())});
  }
  std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return PlaceOf(keyed_[a.number].entry) < PlaceOf(keyed_[b.number].entry);
  });
  std::vector<IndexEntry> sorted;
  sorted.reserve(places_.size() + keyed_.size());
  sorted = places_;
  for (const Item& item : items) sorted.push_back(keyed_[item.number].entry);
  return sorted;
}

}  // namespace psm
