// Newest first means by place in the log. A record is appended within an
// exchange's time limit after it was asked for, so the order by ask_time
// differs from it only among exchanges that ran at the same time, where neither
// order says more than the other; and the place never changes, which pages need
// to stay stable.
#include "mesh/records/record_index.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace psm {
namespace {

// How many places are looked at before other threads get the lock.
constexpr std::uint64_t kStretch = 4096;

}  // namespace

RecordKeys KeysOf(const records::v1::Record& record) {
  using records::v1::Record;
  RecordKeys keys;
  keys.subject = record.subject();
  keys.corporation = record.corporation();
  if (record.kind() == Record::EXCHANGE || record.kind() == Record::INTENT ||
      record.kind() == Record::REFUSAL) {
    keys.exchange = ExchangeKey(record.consumer(), record.exchange_id());
  }
  keys.ask_time = absl::FromUnixSeconds(record.ask_time().seconds()) +
                  absl::Nanoseconds(record.ask_time().nanos());
  return keys;
}

std::string ExchangeKey(absl::string_view consumer,
                        absl::string_view exchange_id) {
  return absl::StrCat(consumer, "\n", exchange_id);
}

void RecordIndex::Add(std::vector<IndexedFrame> frames, absl::Time now) {
  MutexLock lock(mu_);
  for (IndexedFrame& frame : frames) {
    std::uint32_t ordinal = 0;
    for (RecordKeys& keys : frame.keys) {
      const std::uint64_t index = places_.size();
      places_.push_back({frame.segment, frame.offset, frame.frame_bytes,
                         ordinal++, keys.ask_time});
      if (!keys.subject.empty()) subjects_[keys.subject].push_back(index);
      if (!keys.corporation.empty()) {
        corporations_[keys.corporation].push_back(index);
      }
      if (!keys.exchange.empty() && keys.ask_time > now - kExchangeLife) {
        exchanges_[keys.exchange].push_back(index);
        exchange_ages_.emplace_back(keys.ask_time, std::move(keys.exchange));
      }
    }
  }
  ForgetExchanges(now - kExchangeLife);
}

std::uint64_t RecordIndex::size() const {
  MutexLock lock(mu_);
  return places_.size();
}

RecordPosition RecordIndex::PositionOf(std::uint64_t index) const {
  const Place& place = places_[index];
  return {index, place.segment, place.offset, place.frame_bytes, place.ordinal};
}

std::vector<RecordPosition> RecordIndex::Select(
    const Selection& selection) const {
  std::vector<RecordPosition> found;
  auto fits = [&](absl::Time ask_time) {
    return ask_time >= selection.start_time && ask_time < selection.end_time;
  };
  if (selection.subject.empty() && selection.corporation.empty()) {
    std::uint64_t index = std::min(selection.before, size());
    while (index > 0 && found.size() < selection.limit) {
      MutexLock lock(mu_);
      for (std::uint64_t i = 0;
           i < kStretch && index > 0 && found.size() < selection.limit; ++i) {
        --index;
        if (fits(places_[index].ask_time)) found.push_back(PositionOf(index));
      }
    }
    return found;
  }
  MutexLock lock(mu_);
  const auto& map = selection.subject.empty() ? corporations_ : subjects_;
  auto entry = map.find(selection.subject.empty() ? selection.corporation
                                                  : selection.subject);
  if (entry == map.end()) return found;
  const Indexes& indexes = entry->second;
  auto at = std::lower_bound(indexes.begin(), indexes.end(), selection.before);
  while (at != indexes.begin() && found.size() < selection.limit) {
    --at;
    if (fits(places_[*at].ask_time)) found.push_back(PositionOf(*at));
  }
  return found;
}

std::vector<RecordPosition> RecordIndex::FindExchange(absl::string_view key,
                                                      absl::Time since) const {
  MutexLock lock(mu_);
  std::vector<RecordPosition> found;
  auto entry = exchanges_.find(key);
  if (entry == exchanges_.end()) return found;
  for (std::uint64_t index : entry->second) {
    if (places_[index].ask_time >= since) found.push_back(PositionOf(index));
  }
  return found;
}

void RecordIndex::ForgetExchanges(absl::Time before) {
  while (!exchange_ages_.empty() && exchange_ages_.front().first <= before) {
    // The oldest index of the key goes with its oldest age.
    auto entry = exchanges_.find(exchange_ages_.front().second);
    if (entry != exchanges_.end()) {
      entry->second.erase(entry->second.begin());
      if (entry->second.empty()) exchanges_.erase(entry);
    }
    exchange_ages_.pop_front();
  }
}

}  // namespace psm
