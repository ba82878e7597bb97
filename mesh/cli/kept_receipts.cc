#include "mesh/cli/kept_receipts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/receipt.h"
#include "mesh/records/reconciliation.h"
#include "mesh/records/side_ledger.h"

namespace psm {
namespace {

using records::v1::SideEntry;

// Of a receipt with one leaf: the tree it names and the place in the log.
using LeafKey = std::pair<std::uint64_t, std::uint64_t>;

LeafKey KeyOf(const records::v1::Receipt& receipt) {
  return {receipt.tree_size(), receipt.leaves(0).index()};
}

class Reader {
 public:
  Reader(const std::string& system, const LogKeys& log)
      : system_(system), log_(log) {}

  void Take(const SideEntry& entry) {
    switch (entry.kind()) {
      case SideEntry::ANSWERED:
        ++kept_.answered;
        if (entry.has_receipt()) TakeReceipt(entry);
        return;
      case SideEntry::PROVED:
      case SideEntry::DISPROVED:
        TakeVerdict(entry);
        return;
      default:
        return;
    }
  }
  KeptReceipts Finish() { return std::move(kept_); }

  std::uint64_t* not_whole() { return &kept_.not_whole; }

 private:
  void TakeReceipt(const SideEntry& entry) {
    for (int i = 0; i < RecordsOf(entry.receipt()); ++i) {
      KeptReceipts::Leaf one;
      one.entry = entry;
      *one.entry.mutable_receipt() = OnlyLeaf(entry.receipt(), i);
      // A retry gets the same receipt again.
      const auto [place, added] =
          places_.emplace(KeyOf(one.entry.receipt()), kept_.leaves.size());
      if (added) kept_.leaves.push_back(std::move(one));
    }
  }

  // What is proved of an exchange whose own entry is no longer there (the
  // oldest file of a ledger goes) says nothing here.
  void TakeVerdict(const SideEntry& entry) {
    if (entry.proof().receipt().leaves_size() != 1) return;
    const auto place = places_.find(KeyOf(entry.proof().receipt()));
    if (place == places_.end()) return;
    KeptReceipts::Leaf& leaf = kept_.leaves[place->second];
    if (entry.kind() == SideEntry::DISPROVED) {
      if (!leaf.proved) leaf.finding = entry.finding();
      return;
    }
    leaf.finding = FindingOf(leaf.entry, entry.proof(), system_, log_);
    leaf.proved = leaf.finding.empty();
  }

  const std::string& system_;
  const LogKeys& log_;
  KeptReceipts kept_;
  std::map<LeafKey, std::size_t> places_;
};

}  // namespace

absl::StatusOr<KeptReceipts> ReadKeptReceipts(const std::string& folder,
                                              const std::string& system,
                                              const LogKeys& log) {
  Reader reader(system, log);
  PSM_RETURN_IF_ERROR(ReadSide(
                          folder, {},
                          [&](const SideEntry& entry, const SidePosition&) {
                            reader.Take(entry);
                            return true;
                          },
                          reader.not_whole())
                          .status());
  return reader.Finish();
}

absl::StatusOr<std::vector<std::string>> SystemsWithLedger(
    const std::string& ledgers) {
  namespace fs = std::filesystem;
  std::vector<std::string> systems;
  std::error_code error;
  for (fs::directory_iterator agency(ledgers, error), end;
       !error && agency != end; agency.increment(error)) {
    for (fs::directory_iterator system(agency->path(), error);
         !error && system != end; system.increment(error)) {
      systems.push_back(absl::StrCat(agency->path().filename().string(), "/",
                                     system->path().filename().string()));
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot read ", ledgers));
  }
  std::sort(systems.begin(), systems.end());
  return systems;
}

}  // namespace psm
