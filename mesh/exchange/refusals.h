// Counts refusals alike, so that a flood of them fills neither the log nor a
// citizen's history (threats 21 and 24b).
#ifndef PSM_MESH_EXCHANGE_REFUSALS_H_
#define PSM_MESH_EXCHANGE_REFUSALS_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Refusals of one consumer, for one reason, about one subject, in one minute
// are alike. The first few each get a record of their own; the rest are counted
// and become one record of kind REFUSALS when the minute is over. Counts live
// in memory: a crash loses those of the running minute, never an individual
// record. Thread-safe.
class RefusalCounter {
 public:
  static constexpr std::uint32_t kIndividualRecords = 5;  // a minute
  // Of one consumer, kept apart until they are written; beyond, its refusals'
  // subjects are no longer told apart. Others' are: nobody hides them by
  // spraying.
  static constexpr std::size_t kMaxKinds = 4096;
  static constexpr std::size_t kMaxOwed = 16 * kMaxKinds;

  // Whether this refusal gets a record of its own; if not, it has been counted.
  bool TakesOwnRecord(const records::v1::Record& refusal, absl::Time now)
      PSM_EXCLUDES(mu_);

  // The records of minutes before that of `now`, and those given back, to be
  // appended; they are forgotten here.
  std::vector<records::v1::Record> TakeFinished(absl::Time now)
      PSM_EXCLUDES(mu_);

  // Takes records back that could not be made durable, as long as it holds
  // less than kMaxOwed of them. Gives how many found no room and are lost.
  std::size_t GiveBack(std::vector<records::v1::Record> records)
      PSM_EXCLUDES(mu_);

 private:
  // Minute, consumer, reason, subject; whether they are withheld from the
  // person: a count that is shown says nothing of those.
  using Key =
      std::tuple<std::int64_t, std::string, std::string, std::string, bool>;
  struct Count {
    std::uint32_t seen = 0;
    records::v1::Record last;  // of those counted
  };

  Mutex mu_;
  std::map<Key, Count> counts_ PSM_GUARDED_BY(mu_);
  std::map<std::string, std::size_t> kinds_ PSM_GUARDED_BY(mu_);  // by consumer
  std::vector<records::v1::Record> owed_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_REFUSALS_H_
