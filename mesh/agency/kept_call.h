// A unary call whose bytes are seen, so that the system that makes it keeps its
// own side of the exchange: what it asked, what it got, the receipt.
#ifndef PSM_MESH_AGENCY_KEPT_CALL_H_
#define PSM_MESH_AGENCY_KEPT_CALL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message_lite.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/records/side_ledger.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm::agency {

// The same channel, which carries the ledger of the system that it calls as:
// whoever has the channel keeps its exchanges, without a word about it. A null
// `ledger` changes nothing.
std::shared_ptr<grpc::Channel> WithLedger(
    std::shared_ptr<grpc::Channel> channel, std::shared_ptr<SideLedger> ledger);
// Null where `channel` carries none. As long as the channel.
SideLedger* LedgerOf(const std::shared_ptr<grpc::Channel>& channel);

// Whether the mesh records calls of a method, given as its path or name:
// contracts that are not transparent, and the gateway's own services that say
// who learnt what.
bool IsRecorded(const google::protobuf::MethodDescriptor& method);
bool IsRecordedOwnMethod(absl::string_view name);

// The method that takes and gives these messages, among the services of the
// request's file, where the mesh records its calls; null where it does not,
// where there is none, or several, which nobody can tell apart.
const google::protobuf::MethodDescriptor* RecordedMethodOf(
    const google::protobuf::Descriptor& request,
    const google::protobuf::Descriptor& response);

// "psm.tax.v1.TaxService/GetTaxStatus"
std::string NameOf(const google::protobuf::MethodDescriptor& method);

// What came back.
struct RawReply {
  grpc::Status status;
  std::string message;      // empty unless the status is OK
  std::string exchange_id;  // as the gateway names it; empty where it did not
  std::string receipt;      // psm-receipt-bin; empty where there was none
};

// One unary call of "package.Service/Method" with a serialised request, which
// keeps nothing. Blocks.
RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                 grpc::ClientContext* context, const std::string& method,
                 const std::string& request);

// The same, of a method that is recorded. Keeps in the channel's ledger, where
// it carries one, that it asks, if it has chosen an exchange id, and what came
// back, legs of a linkage each for itself. Says in the log, as
// `answered_without_receipt`, where the gateway released an answer and gave no
// receipt.
RawReply CallKept(const std::shared_ptr<grpc::Channel>& channel,
                  grpc::ClientContext* context, const std::string& method,
                  const std::string& exchange_id, const std::string& request);

// What is kept of a question of a batch: as if it had been asked alone.
void KeepAsked(SideLedger& ledger, const std::string& exchange_id,
               const linkage::v1::RetrieveRequest& question);
void KeepAnswered(SideLedger& ledger, const std::string& exchange_id,
                  const linkage::v1::RetrieveRequest& question,
                  const absl::StatusOr<linkage::v1::RetrieveResponse>& answer);

// CallKept, typed: `response` is meant only where the status is OK; INTERNAL
// where the answer does not parse.
grpc::Status CallKept(const std::shared_ptr<grpc::Channel>& channel,
                      grpc::ClientContext* context, const std::string& method,
                      const std::string& exchange_id,
                      const google::protobuf::MessageLite& request,
                      google::protobuf::MessageLite* response);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_KEPT_CALL_H_
