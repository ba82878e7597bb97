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
#include "absl/types/span.h"
#include "mesh/base/mutex.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Refusals of one consumer, for one reason, about one subject, by one
// representation or none, in one minute are alike. The first few each get a
// record of their own; the rest are counted and become records of kind REFUSALS
// when the minute is over: one for each whose history a single one would show
// (the person, and who represents him). Counts live in memory: a crash loses
// those of the running minute, never an individual record. Thread-safe.
class RefusalCounter {
 public:
  static constexpr std::uint32_t kIndividualRecords = 5;  // a minute
  // Of one consumer, kept apart until they are written; beyond, its refusals'
  // subjects are no longer told apart. Others' are: nobody hides them by
  // spraying.
  static constexpr std::size_t kMaxKinds = 4096;
  static constexpr std::size_t kMaxOwed = 16 * kMaxKinds;

  // Whether a refusal gets records of its own; if not, it has been counted.
  // `entries` are those that it would get, of which there is at least one: the
  // first is the subject's and decides what it is like.
  bool TakesOwnRecords(absl::Span<const records::v1::Record> entries,
                       absl::Time now) PSM_EXCLUDES(mu_);

  // The records of minutes before that of `now`, and those given back, to be
  // appended; they are forgotten here.
  std::vector<records::v1::Record> TakeFinished(absl::Time now)
      PSM_EXCLUDES(mu_);

  // Takes records back that could not be made durable, as long as it holds
  // less than kMaxOwed of them. Gives how many found no room and are lost.
  std::size_t GiveBack(std::vector<records::v1::Record> records)
      PSM_EXCLUDES(mu_);

 private:
  // Minute, consumer, reason, subject, representation; whether they are
  // withheld from the person: a count that is shown says nothing of those.
  using Key = std::tuple<std::int64_t, std::string, std::string, std::string,
                         std::string, bool>;
  struct Count {
    std::uint32_t seen = 0;
    std::vector<records::v1::Record> last;  // of those counted, its entries
  };

  Mutex mu_;
  std::map<Key, Count> counts_ PSM_GUARDED_BY(mu_);
  std::map<std::string, std::size_t> kinds_ PSM_GUARDED_BY(mu_);  // by consumer
  std::vector<records::v1::Record> owed_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_REFUSALS_H_
