// Digests are over the bytes of the wire, because the record's are: a message
// that was parsed and serialised anew is another text of the same value where
// the provider wrote fields in another order, or fields that this program does
// not know. So the call is made on bytes, not through the typed stub.
#include "mesh/agency/kept_call.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/recorded_methods.h"
#include "psm/annotations/v1/annotations.pb.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm::agency {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using records::v1::SideEntry;

constexpr absl::string_view kRetrieve =
    "psm.linkage.v1.LinkageService/Retrieve";
constexpr absl::string_view kEnrol = "psm.subjects.v1.SubjectsService/Enrol";
constexpr absl::string_view kPublish = "psm.events.v1.EventsService/Publish";
constexpr absl::string_view kSetProtection =
    "psm.holdings.v1.HoldingsService/SetProtection";

// What keeps a channel alive, and its ledger beside it. It is the channel's
// deleter, so that a std::shared_ptr<grpc::Channel>, which is all that passes
// through a service's hands, still leads to the ledger (std::get_deleter).
struct LedgerDeleter {
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<SideLedger> ledger;
  void operator()(grpc::Channel*) { channel.reset(); }
};

// Its values, one behind the other as they came: a receipt comes in two.
std::string TrailerOf(const grpc::ClientContext& context, const char* key) {
  std::string joined;
  auto [value, end] = context.GetServerTrailingMetadata().equal_range(key);
  for (; value != end; ++value) {
    joined.append(value->second.data(), value->second.size());
  }
  return joined;
}

// A receipt that does not parse is kept as none: nothing can be proved of it.
void SetReceipt(const std::string& bytes, SideEntry& entry) {
  if (bytes.empty()) return;
  if (!entry.mutable_receipt()->ParseFromString(bytes) ||
      entry.receipt().leaves().empty()) {
    entry.clear_receipt();
  }
}

void SetOutcome(const absl::Status& status, SideEntry& entry) {
  entry.set_outcome(static_cast<int>(status.code()));
  if (!status.ok()) entry.set_reason(ReasonOf(status));
}

void SayWithoutReceipt(const SideEntry& entry) {
  LogError("answered_without_receipt",
           {{"method", entry.method()}, {"exchange_id", entry.exchange_id()}});
}

// The legs of a linkage, whose requests the gateway has made.
void AddLegs(const linkage::v1::RetrieveResponse& response,
             std::vector<SideEntry>& entries) {
  for (const linkage::v1::Evidence& evidence : response.evidence()) {
    SideEntry& entry = entries.emplace_back();
    entry.set_kind(SideEntry::ANSWERED);
    entry.set_exchange_id(evidence.exchange_id());
    entry.set_method(evidence.method());
    if (evidence.has_status()) {
      SetOutcome(
          FromRpcStatus(static_cast<absl::StatusCode>(evidence.status().code()),
                        "", evidence.status().SerializeAsString()),
          entry);
    } else {
      entry.set_answer_digest(Sha256(evidence.message()));
    }
    SetReceipt(evidence.receipt(), entry);
    if (!evidence.has_status() && !entry.has_receipt())
      SayWithoutReceipt(entry);
  }
}

SideEntry LinkageEntry(SideEntry::Kind kind, const std::string& exchange_id,
                       const linkage::v1::RetrieveRequest& question) {
  SideEntry entry;
  entry.set_kind(kind);
  entry.set_exchange_id(exchange_id);
  entry.set_method(std::string(kRetrieve));
  entry.set_request_digest(Sha256(question.SerializeAsString()));
  return entry;
}

}  // namespace

std::shared_ptr<grpc::Channel> WithLedger(
    std::shared_ptr<grpc::Channel> channel,
    std::shared_ptr<SideLedger> ledger) {
  if (ledger == nullptr) return channel;
  grpc::Channel* const raw = channel.get();
  return std::shared_ptr<grpc::Channel>(
      raw, LedgerDeleter{std::move(channel), std::move(ledger)});
}

SideLedger* LedgerOf(const std::shared_ptr<grpc::Channel>& channel) {
  const auto* deleter = std::get_deleter<LedgerDeleter>(channel);
  return deleter == nullptr ? nullptr : deleter->ledger.get();
}

bool IsRecordedOwnMethod(absl::string_view name) {
  return name == kRetrieve || name == kDiscloseMethod || name == kEnrol ||
         name == kPublish || name == kSetProtection;
}

bool IsRecorded(const MethodDescriptor& method) {
  const google::protobuf::MethodOptions& options = method.options();
  if (options.HasExtension(annotations::v1::method))
    return !options.GetExtension(annotations::v1::method).transparent();
  return IsRecordedOwnMethod(NameOf(method));
}

const MethodDescriptor* RecordedMethodOf(const Descriptor& request,
                                         const Descriptor& response) {
  const FileDescriptor& file = *request.file();
  const MethodDescriptor* found = nullptr;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const MethodDescriptor& method = *file.service(i)->method(j);
      if (method.input_type() != &request || method.output_type() != &response)
        continue;
      if (found != nullptr) {
        LogWarning(
            "call_not_kept",
            {{"methods", absl::StrCat(NameOf(*found), " and ", NameOf(method))},
             {"because", "they take and give the same messages"}});
        return nullptr;
      }
      found = &method;
    }
  }
  return found != nullptr && IsRecorded(*found) ? found : nullptr;
}

std::string NameOf(const MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                 grpc::ClientContext* context, const std::string& method,
                 const std::string& request) {
  grpc::Slice slice(request);
  grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  RawReply reply;
  auto call =
      stub.PrepareUnaryCall(context, absl::StrCat("/", method), sent, &queue);
  call->StartCall();
  call->Finish(&received, &reply.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  std::vector<grpc::Slice> slices;
  if (reply.status.ok() && received.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices)
      reply.message.append(reinterpret_cast<const char*>(part.begin()),
                           part.size());
  }
  reply.exchange_id = TrailerOf(*context, "psm-exchange-id");
  reply.receipt = TrailerOf(*context, "psm-receipt-bin");
  return reply;
}

RawReply CallKept(const std::shared_ptr<grpc::Channel>& channel,
                  grpc::ClientContext* context, const std::string& method,
                  const std::string& exchange_id, const std::string& request) {
  SideLedger* const ledger = LedgerOf(channel);
  if (ledger == nullptr) return CallRaw(channel, context, method, request);
  SideEntry asked;
  asked.set_kind(SideEntry::ASKED);
  asked.set_exchange_id(exchange_id);
  asked.set_method(method);
  asked.set_request_digest(Sha256(request));
  if (!exchange_id.empty()) ledger->KeepOrSay({asked});

  RawReply reply = CallRaw(channel, context, method, request);

  std::vector<SideEntry> entries;
  SideEntry& answered = entries.emplace_back(std::move(asked));
  answered.set_kind(SideEntry::ANSWERED);
  if (!reply.exchange_id.empty()) answered.set_exchange_id(reply.exchange_id);
  SetOutcome(FromGrpc(reply.status), answered);
  if (reply.status.ok()) answered.set_answer_digest(Sha256(reply.message));
  SetReceipt(reply.receipt, answered);
  if (method == kRetrieve) {
    linkage::v1::RetrieveResponse response;
    if (response.ParseFromString(reply.message)) AddLegs(response, entries);
    // The record of a disclosure is its audience's: the discloser has no
    // receipt of it.
  } else if (reply.status.ok() && method != kDiscloseMethod &&
             !entries.front().has_receipt()) {
    SayWithoutReceipt(entries.front());
  }
  ledger->KeepOrSay(entries);
  return reply;
}

void KeepAsked(SideLedger& ledger, const std::string& exchange_id,
               const linkage::v1::RetrieveRequest& question) {
  ledger.KeepOrSay({LinkageEntry(SideEntry::ASKED, exchange_id, question)});
}

void KeepAnswered(SideLedger& ledger, const std::string& exchange_id,
                  const linkage::v1::RetrieveRequest& question,
                  const absl::StatusOr<linkage::v1::RetrieveResponse>& answer) {
  std::vector<SideEntry> entries = {
      LinkageEntry(SideEntry::ANSWERED, exchange_id, question)};
  SetOutcome(answer.status(), entries.front());
  if (answer.ok()) AddLegs(*answer, entries);
  ledger.KeepOrSay(entries);
}

grpc::Status CallKept(const std::shared_ptr<grpc::Channel>& channel,
                      grpc::ClientContext* context, const std::string& method,
                      const std::string& exchange_id,
                      const google::protobuf::MessageLite& request,
                      google::protobuf::MessageLite* response) {
  RawReply reply = CallKept(channel, context, method, exchange_id,
                            request.SerializeAsString());
  if (reply.status.ok() && !response->ParseFromString(reply.message))
    return {grpc::StatusCode::INTERNAL, "the answer does not parse"};
  return std::move(reply.status);
}

}  // namespace psm::agency
