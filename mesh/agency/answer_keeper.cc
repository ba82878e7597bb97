#include "mesh/agency/answer_keeper.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "grpcpp/support/byte_buffer.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;
using records::v1::SideEntry;

std::string DigestOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  if (slices.size() == 1) {
    return Sha256(absl::string_view(
        reinterpret_cast<const char*>(slices[0].begin()), slices[0].size()));
  }
  std::string bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return Sha256(bytes);
}

// One call. gRPC asks it on the call's own thread, one hook after the other.
class AnswerKeeper : public Interceptor {
 public:
  AnswerKeeper(SideLedger& ledger, absl::string_view path) : ledger_(ledger) {
    entry_.set_kind(SideEntry::PROVIDED);
    entry_.set_method(std::string(path.substr(path.empty() ? 0 : 1)));
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      const auto* metadata = methods->GetRecvInitialMetadata();
      entry_.set_exchange_id(Value(*metadata, "psm-exchange-id"));
      entry_.set_consumer(Value(*metadata, "psm-consumer"));
    }
    if (!entry_.exchange_id().empty()) {
      if (methods->QueryInterceptionHookPoint(
              InterceptionHookPoints::PRE_SEND_MESSAGE)) {
        if (const grpc::ByteBuffer* sent = methods->GetSerializedSendMessage())
          entry_.set_answer_digest(DigestOf(*sent));
      }
      if (methods->QueryInterceptionHookPoint(
              InterceptionHookPoints::PRE_SEND_STATUS)) {
        const absl::Status status = FromGrpc(methods->GetSendStatus());
        entry_.set_outcome(static_cast<int>(status.code()));
        if (!status.ok()) entry_.set_reason(ReasonOf(status));
        ledger_.KeepOrSay({entry_});
      }
    }
    methods->Proceed();
  }

 private:
  static std::string Value(
      const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
      const char* key) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) return "";
    return std::string(found->second.data(), found->second.size());
  }

  SideLedger& ledger_;
  SideEntry entry_;
};

class Factory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(SideLedger& ledger) : ledger_(ledger) {}
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    if (info->type() != ServerRpcInfo::Type::UNARY) return nullptr;
    return new AnswerKeeper(ledger_, info->method());
  }

 private:
  SideLedger& ledger_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
KeepAnswersIn(SideLedger& ledger) {
  return std::make_unique<Factory>(ledger);
}

}  // namespace psm::agency
