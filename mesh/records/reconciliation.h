// Compares what consumer, provider and gateway each say of the exchanges of a
// period: the check against a gateway that leaves one out. Knows neither files
// nor processes.
#ifndef PSM_MESH_RECORDS_RECONCILIATION_H_
#define PSM_MESH_RECORDS_RECONCILIATION_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/records/log_keys.h"
#include "psm/records/v1/receipt.pb.h"
#include "psm/records/v1/record.pb.h"
#include "psm/records/v1/side.pb.h"

namespace psm {

// What differs between a consumer's own entry of an exchange and the gateway's
// record that a receipt of it opens: "the answer's digest"; "" where nothing
// does. What either side does not have is not compared.
std::string HowTheyDiffer(const records::v1::SideEntry& answered,
                          const records::v1::Record& record);

// What is wrong with the proof of a record of `entry`, an exchange of
// `system`'s: that it does not hold under the log's key, is another consumer's
// or says something else; "" where nothing is.
std::string FindingOf(const records::v1::SideEntry& entry,
                      const records::v1::ReceiptProof& proof,
                      const std::string& system, const LogKeys& log);

// The same of a record that the gateway says was expunged before it was proved:
// "" where that can be, by the time `now`.
std::string FindingOfExpunged(const records::v1::SideEntry& entry,
                              absl::Time now);

// One thing that is not as all sides say.
struct Difference {
  enum class Side { kConsumer, kProvider, kGateway };
  std::string exchange_id;
  std::string consumer;
  std::string provider;  // empty where nobody says it
  std::string method;
  absl::Time time;
  Side side;         // which lacks it, or says something else than the others
  bool missing;      // lacks it altogether
  std::string what;  // one sentence without its end
};

struct ReconciliationReport {
  std::uint64_t exchanges = 0;  // that were compared
  std::uint64_t agreed = 0;     // of these, no side differs
  std::uint64_t one_sided = 0;  // of these, only the gateway keeps a side
  // Of these, a provider answered, nothing is recorded, and the consumer says
  // that it was given an error: a full disk, a gateway that died. Data have
  // come to the gateway and no further, as far as the consumer is believed.
  std::uint64_t unreleased = 0;
  std::uint64_t under_way = 0;  // too young to be judged; not among the others
  // Nothing is recorded of these, and records of their age were expunged, as
  // the log says: the gateway's side cannot be compared any more. Not among the
  // others.
  std::uint64_t expunged = 0;
  std::vector<Difference> differences;  // by time
};

struct ReconciliationPeriod {
  absl::Time from = absl::InfinitePast();  // inclusive
  absl::Time to = absl::InfiniteFuture();  // exclusive
  // What a side has first said at or after this time may still be on its way to
  // the others.
  absl::Time settled = absl::InfiniteFuture();
  // Names what is unreleased, too: believes no consumer that says it got
  // nothing.
  bool strict = false;
};

// Give it all records and all sides, then Compare. An exchange counts to the
// period in which it was asked for, or answered where only a provider knows of
// it; what the others say of it is looked for outside, too, so that nothing is
// missing only because it crosses an edge. Sides are believed about
// themselves alone. Memory is bounded by what is added. Thread-compatible.
//
// A difference is: an exchange of a consumer that the gateway has not recorded,
// although it answered; an answer of a provider that it has not recorded; a
// record of which consumer or provider knows nothing, although it keeps its
// side (from its first entry on); other digests of request or answer; another
// method; an answer without a receipt; a write without an outcome. No
// difference is: a refusal that nobody has recorded, an answer that was never
// released (unless `strict`), retries, a consumer that never got what was
// recorded, floods of refusals that the gateway counts, what was expunged.
class Reconciliation {
 public:
  // In the order of the log.
  void AddRecord(const records::v1::Record& record);
  // In the order of the ledger of `system`.
  void AddEntry(const std::string& system, const records::v1::SideEntry& entry);

  // Only exchanges of which `system` is a party, where it is not empty.
  ReconciliationReport Compare(const ReconciliationPeriod& period,
                               absl::string_view system = "") const;

 private:
  // Exchange ids are the consumer's own. Of a disclosure the one that asks is
  // the discloser, and its record says whom it tells.
  using Key = std::pair<std::string, std::string>;  // asker, exchange id

  struct Provided {
    std::string provider;
    records::v1::SideEntry entry;
  };
  struct Exchange {
    std::vector<records::v1::Record> records;
    std::vector<records::v1::SideEntry> asked;  // ASKED and ANSWERED
    std::vector<Provided> provided;
  };
  class Comparison;

  bool Keeps(const std::string& system, absl::Time at) const;
  // Whether a linkage of `asker` whose answer it did not get has this leg.
  bool IsUnansweredLeg(const std::string& asker,
                       const records::v1::Record& record) const;

  std::map<Key, Exchange> exchanges_;
  std::map<std::string, absl::Time> since_;  // by system: its first entry
  // Records from before this may be gone, as the log says.
  absl::Time expunged_before_ = absl::InfinitePast();
  // Ids of linkages, by who asked.
  std::map<std::string, std::set<std::string>> linkages_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECONCILIATION_H_
