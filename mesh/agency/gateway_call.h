// One unary call that an agency makes through the gateway, made again where
// that does no harm: a gateway or a provider that restarts is not noticed.
#ifndef PSM_MESH_AGENCY_GATEWAY_CALL_H_
#define PSM_MESH_AGENCY_GATEWAY_CALL_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/kept_call.h"
#include "mesh/agency/retry.h"

namespace psm::agency {

// What goes beside a request.
struct CallTerms {
  const CallContext* parent =
      nullptr;  // the call that this one serves, or none
  std::string affair = "";
  std::string provider = "";  // psm-provider; empty: the only one there is
  std::string consent = "";   // psm-consent, where the legal basis is consent
  // psm-representation, where somebody acts for the person; from ActFor.
  std::string representation = "";
  // A UUID, the same for all attempts, so that they make one record. What is
  // none is not sent: then one is chosen here.
  std::string exchange_id = "";
  // For all attempts together; the parent's deadline binds where it is sooner.
  absl::Duration timeout = absl::Seconds(10);
};

// Makes attempts, each with a context of its own and all under the exchange id
// that they are given, until one ends with anything
// but UNAVAILABLE or the time is over (retry.h). Just one where `repeat` is
// kUnsafe, or kKeyed and `terms` chooses no exchange id: whoever does not know
// the id could not find out what became of a write. Blocks. The status of the
// last attempt, with the reason that the other side gave.
absl::Status CallUntilAnswered(
    Repeat repeat, const CallTerms& terms,
    absl::FunctionRef<grpc::Status(grpc::ClientContext*,
                                   const std::string& exchange_id)>
        attempt);

// One unary call: `method` is a member of a service's stub, `gateway` gives the
// channel for each attempt (Agency::gateway). `response` is meant only where
// the result is OK. Where the mesh records calls of the method, the system
// keeps its own side of each attempt (kept_call.h).
//
//   absl::Status status = Call([&] { return agency.gateway(); },
//                              &TaxService::Stub::GetTaxStatus,
//                              {.parent = &call, .affair = "benefit"},
//                              request, &response);
template <typename Stub, typename Request, typename Response>
absl::Status Call(absl::FunctionRef<std::shared_ptr<grpc::Channel>()> gateway,
                  grpc::Status (Stub::*method)(grpc::ClientContext*,
                                               const Request&, Response*),
                  const CallTerms& terms, const Request& request,
                  Response* response) {
  const google::protobuf::MethodDescriptor* const recorded =
      RecordedMethodOf(*Request::descriptor(), *Response::descriptor());
  return CallUntilAnswered(
      RepeatOf(*Request::descriptor(), *Response::descriptor()), terms,
      [&](grpc::ClientContext* context, const std::string& exchange_id) {
        response->Clear();
        const std::shared_ptr<grpc::Channel> channel = gateway();
        if (recorded != nullptr && LedgerOf(channel) != nullptr) {
          return CallKept(channel, context, NameOf(*recorded), exchange_id,
                          request, response);
        }
        Stub stub(channel);
        return (stub.*method)(context, request, response);
      });
}

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_GATEWAY_CALL_H_
