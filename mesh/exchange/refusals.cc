#include "mesh/exchange/refusals.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace psm {

bool RefusalCounter::TakesOwnRecords(
    absl::Span<const records::v1::Record> entries, absl::Time now) {
  const records::v1::Record& refusal = entries.front();
  Key key(absl::ToUnixSeconds(now) / 60, refusal.consumer(), refusal.reason(),
          refusal.subject() + refusal.corporation(),
          refusal.representation_id(), !refusal.undisclosed_by().empty());
  bool told_apart = true;
  MutexLock lock(mu_);
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    std::size_t& kinds = kinds_[refusal.consumer()];
    if (kinds >= kMaxKinds) {
      // A consumer that sprays subjects: its refusals are counted together from
      // here on.
      told_apart = false;
      std::get<3>(key).clear();
      std::get<4>(key).clear();
      found = counts_.find(key);
    }
    if (found == counts_.end()) ++kinds;
  }
  Count& count = found == counts_.end() ? counts_[key] : found->second;
  if (++count.seen <= kIndividualRecords) return true;
  if (told_apart) {
    count.last.assign(entries.begin(), entries.end());
    return false;
  }
  count.last.assign(1, refusal);
  count.last.front().clear_subject();
  count.last.front().clear_corporation();
  count.last.front().clear_representation_id();
  count.last.front().clear_representative();
  return false;
}

std::vector<records::v1::Record> RefusalCounter::TakeFinished(absl::Time now) {
  const std::int64_t minute = absl::ToUnixSeconds(now) / 60;
  MutexLock lock(mu_);
  std::vector<records::v1::Record> finished = std::exchange(owed_, {});
  for (auto it = counts_.begin(); it != counts_.end();) {
    // Ordered by minute; a clock that was set back leaves later minutes to be
    // finished when it has caught up.
    if (std::get<0>(it->first) >= minute) break;
    if (it->second.seen > kIndividualRecords) {
      for (records::v1::Record& record : it->second.last) {
        record.set_kind(records::v1::Record::REFUSALS);
        record.set_count(it->second.seen - kIndividualRecords);
        finished.push_back(std::move(record));
      }
    }
    auto kinds = kinds_.find(std::get<1>(it->first));
    if (--kinds->second == 0) kinds_.erase(kinds);
    it = counts_.erase(it);
  }
  return finished;
}

std::size_t RefusalCounter::GiveBack(std::vector<records::v1::Record> records) {
  MutexLock lock(mu_);
  const std::size_t taken =
      std::min(records.size(), kMaxOwed - std::min(kMaxOwed, owed_.size()));
  std::move(records.begin(),
            records.begin() + static_cast<std::ptrdiff_t>(taken),
            std::back_inserter(owed_));
  return records.size() - taken;
}

}  // namespace psm
