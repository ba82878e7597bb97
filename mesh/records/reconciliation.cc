// Why the clean run is clean. A consumer writes that it asks before it asks, a
// provider what it answers before the answer leaves, the gateway what it
// releases before it releases it. So whatever the gateway has recorded as an
// exchange, both others had written before, and whatever a consumer has been
// answered, both others. Only a provider's answer may wait for its record:
// that is what `settled` is for.
#include "mesh/records/reconciliation.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "mesh/records/expunging.h"
#include "mesh/records/leg_exchange_id.h"
#include "mesh/records/receipt.h"
#include "mesh/records/recorded_methods.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

using records::v1::Record;
using records::v1::SideEntry;

constexpr char kRetrieve[] = "psm.linkage.v1.LinkageService/Retrieve";
constexpr char kGatewayItself[] = "mesh/gateway";

// A party's clock beside the gateway's, where records of one age are gone.
constexpr absl::Duration kClocksApart = absl::Minutes(5);

bool Differ(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

// Who called the gateway.
const std::string& AskerOf(const Record& record) {
  return record.method() == kDiscloseMethod ? record.provider()
                                            : record.consumer();
}

bool Says(const Record& record) {
  return record.kind() == Record::EXCHANGE || record.kind() == Record::INTENT;
}

}  // namespace

std::string HowTheyDiffer(const SideEntry& answered, const Record& record) {
  if (answered.exchange_id() != record.exchange_id()) return "the exchange id";
  if (answered.method() != record.method()) return "the method";
  if (answered.outcome() != record.outcome()) return "the outcome";
  if (Differ(answered.reason(), record.reason())) return "the reason";
  if (Differ(answered.request_digest(), record.request_digest()))
    return "the request's digest";
  if (Differ(answered.answer_digest(), record.released_digest()))
    return "the answer's digest";
  return "";
}

std::string FindingOf(const SideEntry& entry,
                      const records::v1::ReceiptProof& proof,
                      const std::string& system, const LogKeys& log) {
  if (const absl::Status holds = VerifyReceiptProof(proof, log); !holds.ok())
    return std::string(holds.message());
  if (proof.record().consumer() != system)
    return "the record is another consumer's";
  return HowTheyDiffer(entry, proof.record());
}

std::string FindingOfExpunged(const SideEntry& entry, absl::Time now) {
  return now - FromTimestamp(entry.time()) < kShortestRetention
             ? "the gateway says that it was expunged, and it is too young"
             : "";
}

void Reconciliation::AddRecord(const Record& record) {
  if (const auto expunging = ExpungingOf(0, record)) {
    expunged_before_ = std::max(expunged_before_, expunging->before);
    return;
  }
  if (record.kind() == Record::REFUSALS ||
      record.kind() == Record::KEY_ROTATION) {
    return;
  }
  exchanges_[{AskerOf(record), record.exchange_id()}].records.push_back(record);
}

void Reconciliation::AddEntry(const std::string& system,
                              const SideEntry& entry) {
  since_.emplace(system, FromTimestamp(entry.time()));
  SideEntry slim = entry;
  slim.clear_proof();
  switch (entry.kind()) {
    case SideEntry::ASKED:
      if (entry.method() == kRetrieve) {
        linkages_[system].insert(entry.exchange_id());
        return;
      }
      exchanges_[{system, entry.exchange_id()}].asked.push_back(
          std::move(slim));
      return;
    case SideEntry::ANSWERED:
      // A linkage is its legs.
      if (entry.exchange_id().empty() || entry.method() == kRetrieve) return;
      exchanges_[{system, entry.exchange_id()}].asked.push_back(
          std::move(slim));
      return;
    case SideEntry::PROVIDED:
      exchanges_[{entry.consumer(), entry.exchange_id()}].provided.push_back(
          {system, std::move(slim)});
      return;
    default:
      return;
  }
}

bool Reconciliation::Keeps(const std::string& system, absl::Time at) const {
  const auto since = since_.find(system);
  return since != since_.end() && since->second <= at;
}

bool Reconciliation::IsUnansweredLeg(const std::string& asker,
                                     const Record& record) const {
  const auto linkages = linkages_.find(asker);
  if (linkages == linkages_.end()) return false;
  return std::any_of(linkages->second.begin(), linkages->second.end(),
                     [&](const std::string& id) {
                       return LegExchangeId(id, record.dataset()) ==
                              record.exchange_id();
                     });
}

// Of one exchange.
class Reconciliation::Comparison {
 public:
  Comparison(const Reconciliation& all, const Key& key,
             const Exchange& exchange, bool strict)
      : all_(all),
        asker_(key.first),
        id_(key.second),
        exchange_(exchange),
        strict_(strict) {
    for (const Record& record : exchange.records) {
      if (provider_.empty()) provider_ = record.provider();
      Seen(FromTimestamp(record.ask_time()), record.method());
    }
    for (const SideEntry& entry : exchange.asked)
      Seen(FromTimestamp(entry.time()), entry.method());
    for (const Provided& provided : exchange.provided) {
      if (provider_.empty()) provider_ = provided.provider;
      Seen(FromTimestamp(provided.entry.time()), provided.entry.method());
    }
  }

  absl::Time time() const { return time_; }
  bool Concerns(absl::string_view system) const {
    if (system.empty() || asker_ == system || provider_ == system) return true;
    for (const Record& record : exchange_.records) {
      if (record.consumer() == system || record.provider() == system)
        return true;
    }
    return std::any_of(
        exchange_.provided.begin(), exchange_.provided.end(),
        [&](const Provided& one) { return one.provider == system; });
  }
  bool unreleased() const { return unreleased_; }
  // Whether all that differs is missing at the gateway.
  bool LacksRecords() const { return lacks_records_; }
  bool one_sided() const {
    return exchange_.asked.empty() && exchange_.provided.empty();
  }

  std::vector<Difference> Compare() {
    for (const Record& record : exchange_.records) {
      if (!Says(record)) continue;
      CompareConsumer(record);
      if (record.kind() == Record::EXCHANGE) CompareProvider(record);
    }
    CompareAnswers();
    CompareProvided();
    return std::move(differences_);
  }

 private:
  using Side = Difference::Side;

  void Seen(absl::Time at, const std::string& method) {
    time_ = std::min(time_, at);
    if (method_.empty()) method_ = method;
  }

  // Once a side and sentence: an answer that names a household has a record
  // for each of it.
  void Add(Side side, bool missing, std::string what) {
    for (const Difference& known : differences_) {
      if (known.side == side && known.what == what) return;
    }
    lacks_records_ = lacks_records_ && missing && side == Side::kGateway;
    differences_.push_back({id_, asker_, provider_, method_, time_, side,
                            missing, std::move(what)});
  }

  void CompareConsumer(const Record& record) {
    // Nobody asks for an event, so nobody keeps a side of its delivery.
    if (record.method() == kSubscribeMethod) return;
    if (exchange_.asked.empty()) {
      if (all_.Keeps(asker_, FromTimestamp(record.ask_time())) &&
          !all_.IsUnansweredLeg(asker_, record)) {
        Add(Side::kConsumer, true,
            absl::StrCat("the gateway has recorded it; ", asker_,
                         " never asked"));
      }
      return;
    }
    for (const SideEntry& entry : exchange_.asked) {
      if (entry.method() != record.method()) {
        Add(Side::kGateway, false,
            absl::StrCat("it has recorded another method than ", asker_,
                         " called: ", record.method()));
      } else if (Differ(entry.request_digest(), record.request_digest())) {
        Add(Side::kGateway, false,
            absl::StrCat("it has recorded another request than ", asker_,
                         " sent"));
      }
    }
  }

  void CompareProvider(const Record& record) {
    if (record.method() == kDiscloseMethod ||
        record.method() == kSubscribeMethod ||
        record.provider() == kGatewayItself ||
        !all_.Keeps(record.provider(), FromTimestamp(record.ask_time()))) {
      return;
    }
    bool gave = false;
    for (const Provided& provided : exchange_.provided) {
      if (provided.provider != record.provider() ||
          provided.entry.method() != record.method()) {
        continue;
      }
      gave = true;
      if (provided.entry.answer_digest() == record.provided_digest()) return;
    }
    if (gave) {
      Add(Side::kGateway, false,
          absl::StrCat("it has recorded another answer than ",
                       record.provider(), " gave"));
    } else {
      Add(Side::kProvider, true,
          absl::StrCat("the gateway has recorded an answer of ",
                       record.provider(), ", which never gave one"));
    }
  }

  bool Has(Record::Kind kind) const {
    return std::any_of(
        exchange_.records.begin(), exchange_.records.end(),
        [kind](const Record& record) { return record.kind() == kind; });
  }

  // What the consumer was answered.
  void CompareAnswers() {
    for (const SideEntry& entry : exchange_.asked) {
      if (entry.kind() != SideEntry::ANSWERED) continue;
      if (entry.outcome() != 0) {
        if (entry.has_receipt() && exchange_.records.empty()) {
          Add(Side::kGateway, true,
              absl::StrCat("it has no record of a refusal of which ", asker_,
                           " holds a receipt"));
        }
        continue;
      }
      if (!Has(Record::EXCHANGE)) {
        Add(Side::kGateway, true,
            absl::StrCat("it has no record of an answer that ", asker_,
                         " got"));
        continue;
      }
      // What a disclosure tells is a code, of which the record has no digest.
      const bool same =
          entry.method() == kDiscloseMethod ||
          std::any_of(exchange_.records.begin(), exchange_.records.end(),
                      [&](const Record& record) {
                        return record.kind() == Record::EXCHANGE &&
                               !Differ(entry.answer_digest(),
                                       record.released_digest());
                      });
      if (!same) {
        Add(Side::kGateway, false,
            absl::StrCat("it has recorded another answer than ", asker_,
                         " got"));
      } else if (!entry.has_receipt() && entry.method() != kDiscloseMethod) {
        Add(Side::kGateway, false,
            absl::StrCat("it gave ", asker_, " an answer without a receipt"));
      }
    }
  }

  // Where a consumer keeps its side and did not get an answer.
  std::string Unheard() const {
    const bool heard = std::any_of(
        exchange_.asked.begin(), exchange_.asked.end(),
        [](const SideEntry& entry) {
          return entry.kind() == SideEntry::ANSWERED && entry.outcome() == 0;
        });
    if (exchange_.asked.empty() || heard) return "";
    return absl::StrCat("; ", asker_, " says that it never got it");
  }

  // The consumer was told that it gets nothing, and never anything else.
  bool GotErrorsAlone() const {
    bool told = false;
    for (const SideEntry& entry : exchange_.asked) {
      if (entry.kind() != SideEntry::ANSWERED) continue;
      if (entry.outcome() == 0) return false;
      told = true;
    }
    return told;
  }

  // What a provider has given.
  void CompareProvided() {
    for (const Provided& provided : exchange_.provided) {
      const bool known =
          std::any_of(exchange_.records.begin(), exchange_.records.end(),
                      [&](const Record& record) {
                        return record.provider() == provided.provider;
                      });
      if (!known && !strict_ && GotErrorsAlone()) {
        unreleased_ = true;
      } else if (!known) {
        Add(Side::kGateway, true,
            absl::StrCat("it has no record of an answer that ",
                         provided.provider, " gave", Unheard()));
      } else if (!Has(Record::EXCHANGE) && !Has(Record::REFUSAL)) {
        Add(Side::kGateway, true,
            absl::StrCat("it has the intent of a write and no outcome; ",
                         provided.provider, " answered"));
      }
    }
  }

  const Reconciliation& all_;
  const std::string& asker_;
  const std::string& id_;
  const Exchange& exchange_;
  const bool strict_;
  bool unreleased_ = false;
  bool lacks_records_ = true;
  absl::Time time_ = absl::InfiniteFuture();
  std::string method_;
  std::string provider_;
  std::vector<Difference> differences_;
};

ReconciliationReport Reconciliation::Compare(const ReconciliationPeriod& period,
                                             absl::string_view system) const {
  ReconciliationReport report;
  for (const auto& [key, exchange] : exchanges_) {
    Comparison comparison(*this, key, exchange, period.strict);
    if (comparison.time() < period.from || comparison.time() >= period.to ||
        !comparison.Concerns(system)) {
      continue;
    }
    std::vector<Difference> differences = comparison.Compare();
    if (!differences.empty() && comparison.LacksRecords() &&
        comparison.time() < expunged_before_ + kClocksApart) {
      ++report.expunged;
      continue;
    }
    if (!differences.empty() && comparison.time() >= period.settled) {
      ++report.under_way;
      continue;
    }
    ++report.exchanges;
    if (comparison.unreleased()) {
      ++report.unreleased;
    } else if (differences.empty()) {
      ++report.agreed;
    }
    if (comparison.one_sided()) ++report.one_sided;
    for (Difference& difference : differences)
      report.differences.push_back(std::move(difference));
  }
  std::sort(report.differences.begin(), report.differences.end(),
            [](const Difference& a, const Difference& b) {
              return std::tie(a.time, a.exchange_id, a.what) <
                     std::tie(b.time, b.exchange_id, b.what);
            });
  return report;
}

}  // namespace psm
