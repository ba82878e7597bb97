// What a consumer holds of the records of its exchanges, and how anybody tells
// that it is true.
#ifndef PSM_MESH_RECORDS_RECEIPT_H_
#define PSM_MESH_RECORDS_RECEIPT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/record_log.h"
#include "psm/records/v1/receipt.pb.h"
#include "psm/records/v1/record.pb.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {

// Most bytes of a serialised receipt: as base64 in a trailer it leaves room for
// a status in the 8 KiB that gRPC clients take.
inline constexpr std::size_t kMaxReceiptBytes = 1000;

// Whether a part is opened to the consumer of an exchange.
constexpr bool IsOpenedToConsumer(LeafPart part) {
  return part == LeafPart::kExchange || part == LeafPart::kConsumer;
}

// A psm.records.v1.Receipt, serialised, in two pieces: a message's parts may be
// serialised one by one, as what follows in the bytes is merged into it
// (protobuf.dev/programming-guides/encoding).
struct SerialisedReceipt {
  // Which tree is signed. The same for all exchanges of a commit, so that a
  // connection's header compression says it once for all of them.
  std::string tree;
  std::string leaves;

  bool empty() const { return leaves.empty(); }
  std::string Joined() const { return tree + leaves; }
};

// Most records that a receipt is believed to be of: more persons than a message
// can name.
inline constexpr int kMaxReceiptRecords = 200'000;

// Most records that GetProofs proves at a time.
inline constexpr int kMaxProofs = 100;

// For the records of one Append and for their consumer. Records that would make
// it larger than kMaxReceiptBytes are counted, not listed; ShownProof gives
// their leaves.
SerialisedReceipt MakeReceipt(const Recorded& recorded);

// How many records `receipt` is of, with those that it leaves out; at most
// kMaxReceiptRecords.
int RecordsOf(const records::v1::Receipt& receipt);

// The receipt for one of its records, number `record` of RecordsOf. Of one that
// is left out it has the index and nothing else.
records::v1::Receipt OnlyLeaf(const records::v1::Receipt& receipt, int record);

// Whether OnlyLeaf has the index and nothing else.
bool IsLeftOut(const records::v1::Receipt& only);

// What GetProofs is to be asked for a receipt of OnlyLeaf.
records::v1::GetProofsRequest::Item QuestionFor(
    const records::v1::Receipt& only);

// Whether receipts are given of such records: of what was asked for, by who is
// the consumer. Of a disclosure another agency has asked, of a life event
// nobody, and floods of refusals are counted.
bool HasReceipt(const records::v1::Record& record);

// What `proved` shows to its consumer, who asked for it by `item`. With a leaf
// only where HasReceipt.
records::v1::GetProofsResponse::Proof ShownProof(
    const records::v1::GetProofsRequest::Item& item,
    const ProvedRecord& proved);

// What `shown` makes of a receipt of OnlyLeaf.
records::v1::ReceiptProof ProofOf(
    const records::v1::Receipt& only,
    const records::v1::GetProofsResponse::Proof& shown);

// The parts of `record` that are opened to its consumer, and nothing else.
records::v1::Record OpenedToConsumer(const records::v1::Record& record);

// OK where `log` signed a tree that has the record, with its key of that time.
// PERMISSION_DENIED where the signature does not hold or is another log's;
// INVALID_ARGUMENT, which says what is wrong, for everything else: a record
// with other values than were recorded or with fields that were not opened, a
// proof that leads elsewhere, other sizes. Any input is safe.
absl::Status VerifyReceiptProof(const records::v1::ReceiptProof& proof,
                                const LogKeys& log);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECEIPT_H_
