// Receipts that a developer keeps: fetched, written to a file, shown.
#ifndef PSM_MESH_CLI_RECEIPT_FILE_H_
#define PSM_MESH_CLI_RECEIPT_FILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "mesh/records/log_keys.h"
#include "psm/records/v1/receipt.pb.h"

namespace psm {

// Asks the gateway to prove each record of a receipt that `channel`'s system
// was given, in the order of their indexes, those that it leaves out as well.
// Waits for the log to be published, at most `timeout`. Blocks. Errors as
// RecordsService/GetProofs; FAILED_PRECONDITION for a record that the gateway
// says was expunged.
absl::StatusOr<std::vector<records::v1::ReceiptProof>> FetchProofs(
    const std::shared_ptr<grpc::Channel>& channel,
    const records::v1::Receipt& receipt, absl::Duration timeout);

// All proofs of one receipt as JSON: of one record a ReceiptProof, of several
// ReceiptProofs. Errors as WriteWholeFile's.
absl::Status WriteReceiptFile(
    const std::string& file,
    const std::vector<records::v1::ReceiptProof>& proofs);

// Either of them; at least one proof. INVALID_ARGUMENT, which names the file,
// where it is no such JSON; else as ReadFile's.
absl::StatusOr<records::v1::ReceiptProofs> ReadReceiptFile(
    const std::string& file);

// That each of them holds under the log's key, that they are different records
// of one exchange, and that none of its records is missing. PERMISSION_DENIED
// where another key signed; FAILED_PRECONDITION, which says what to do, where
// some are missing; DATA_LOSS for the rest.
absl::Status VerifyReceiptProofs(const records::v1::ReceiptProofs& receipt,
                                 const LogKeys& keys);

// What proofs that hold show, a line each.
std::vector<std::string> ReceiptLines(
    const records::v1::ReceiptProofs& receipt);

}  // namespace psm

#endif  // PSM_MESH_CLI_RECEIPT_FILE_H_
