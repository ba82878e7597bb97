// The receipts in a system's ledger, and what they prove. Asks no process.
#ifndef PSM_MESH_CLI_KEPT_RECEIPTS_H_
#define PSM_MESH_CLI_KEPT_RECEIPTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/records/log_keys.h"
#include "psm/records/v1/side.pb.h"

namespace psm {

struct KeptReceipts {
  // One record of one receipt.
  struct Leaf {
    records::v1::SideEntry entry;  // of the exchange; one leaf in its receipt
    bool proved = false;
    std::string finding;    // why not, where something is wrong
    bool expunged = false;  // before its proof was asked for: nothing is wrong
  };

  std::vector<Leaf> leaves;     // in the order of the ledger, each once
  std::uint64_t answered = 0;   // exchanges that were answered, refusals too
  std::uint64_t not_whole = 0;  // lines that a crash or the disk has torn
};

// Reads the ledger of `system` in `folder`, and verifies each proof in it,
// under the log's public key and against what the ledger says was asked and
// answered. Errors as ReadSide's.
absl::StatusOr<KeptReceipts> ReadKeptReceipts(const std::string& folder,
                                              const std::string& system,
                                              const LogKeys& log);

// Systems that keep a ledger below `ledgers`, sorted. Errors of the operating
// system.
absl::StatusOr<std::vector<std::string>> SystemsWithLedger(
    const std::string& ledgers);

}  // namespace psm

#endif  // PSM_MESH_CLI_KEPT_RECEIPTS_H_
