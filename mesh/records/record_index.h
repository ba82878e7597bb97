// Where each record of the log lies, and which concern a subject, a
// corporation or an exchange. In memory; rebuilt at start.
#ifndef PSM_MESH_RECORDS_RECORD_INDEX_H_
#define PSM_MESH_RECORDS_RECORD_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// What a record is found by.
struct RecordKeys {
  std::string subject;
  std::string corporation;
  std::string exchange;  // see ExchangeKey; empty where none may be found by it
  absl::Time ask_time;
};

RecordKeys KeysOf(const records::v1::Record& record);

// One key for the exchange of a consumer; system ids hold no line feed.
std::string ExchangeKey(absl::string_view consumer,
                        absl::string_view exchange_id);

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

// Thread-safe. About 100 bytes a record; those of the last 24 h about 300 more.
class RecordIndex {
 public:
  // How long an exchange is found by its id (design: ids are kept 24 h).
  static constexpr absl::Duration kExchangeLife = absl::Hours(24);

  // Adds the records that follow those already there, in one step: a reader
  // sees all of them or none. Forgets exchange ids older than kExchangeLife
  // before `now`.
  void Add(std::vector<IndexedFrame> frames, absl::Time now);

  std::uint64_t size() const;  // records

  struct Selection {
    absl::string_view subject;      // or
    absl::string_view corporation;  // or, both empty, every record
    absl::Time start_time;          // inclusive, by ask_time
    absl::Time end_time;            // exclusive
    std::uint64_t before = 0;       // only indexes below this
    std::size_t limit = 0;
  };

  // The highest indexes first.
  std::vector<RecordPosition> Select(const Selection& selection) const;

  // Those of one exchange asked for at or after `since`, lowest index first.
  std::vector<RecordPosition> FindExchange(absl::string_view key,
                                           absl::Time since) const;

 private:
  struct Place {
    std::uint64_t segment;
    std::uint32_t offset;
    std::uint32_t frame_bytes;
    std::uint32_t ordinal;
    absl::Time ask_time;
  };
  using Indexes = std::vector<std::uint64_t>;

  RecordPosition PositionOf(std::uint64_t index) const PSM_REQUIRES(mu_);
  void ForgetExchanges(absl::Time before) PSM_REQUIRES(mu_);

  mutable Mutex mu_;
  std::deque<Place> places_ PSM_GUARDED_BY(mu_);  // by log index
  absl::flat_hash_map<std::string, Indexes> subjects_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, Indexes> corporations_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, Indexes> exchanges_ PSM_GUARDED_BY(mu_);
  // Keys of exchanges_ in log order, to forget them by.
  std::deque<std::pair<absl::Time, std::string>> exchange_ages_
      PSM_GUARDED_BY(mu_);
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_INDEX_H_
