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
#include "psm/records/v1/receipt.pb.h"

namespace psm {

// Asks the gateway to prove each leaf of a receipt that `channel`'s system was
// given. Waits for the log to be published, at most `timeout`. Blocks. Errors
// as RecordsService/GetProofs; FAILED_PRECONDITION for a record that the
// gateway says was expunged.
absl::StatusOr<std::vector<records::v1::ReceiptProof>> FetchProofs(
    const std::shared_ptr<grpc::Channel>& channel,
    const records::v1::Receipt& receipt, absl::Duration timeout);

// One proof as JSON. Errors as WriteWholeFile's.
absl::Status WriteReceiptFile(const std::string& file,
                              const records::v1::ReceiptProof& proof);

// INVALID_ARGUMENT, which names the file, where it is no such JSON; else as
// ReadFile's.
absl::StatusOr<records::v1::ReceiptProof> ReadReceiptFile(
    const std::string& file);

// What a proof that holds shows, a line each.
std::vector<std::string> ReceiptLines(const records::v1::ReceiptProof& proof);

}  // namespace psm

#endif  // PSM_MESH_CLI_RECEIPT_FILE_H_
