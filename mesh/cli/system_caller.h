// Calls through the gateway as one system, the way any client would. Knows no
// agency.
#ifndef PSM_MESH_CLI_SYSTEM_CALLER_H_
#define PSM_MESH_CLI_SYSTEM_CALLER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/agency/gateway_channel.h"
#include "mesh/agency/kept_call.h"
#include "mesh/base/clock.h"

namespace psm {

// What goes beside a request.
struct CallOptions {
  std::string affair = "";
  std::string provider = "";
  std::string consent = "";
  std::string representation = "";
  std::string exchange_id = "";
  absl::Duration timeout = absl::Seconds(10);
  // Further metadata, as it stands: keys and values that gRPC takes.
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

// How one call went.
struct CallReport {
  absl::Status status;  // with the detail that the gateway gave
  absl::Duration took;
  std::string exchange_id;  // as the gateway names it; empty where it did not
};

template <typename Response>
struct Reply : CallReport {
  Response message;  // empty unless the status is OK
  const Response* operator->() const { return &message; }
};

// Thread-safe.
class SystemCaller {
 public:
  // With the certificate of `system` in the run folder. Finds the gateway by
  // its endpoint file at every call, so it may restart on another port. Keeps
  // the system's side of what it asks in the run folder, where that can be
  // written.
  // `clock` says whether the gateway's certificate is valid; it must outlive
  // the caller.
  SystemCaller(const std::string& run, const std::string& system,
               const Clock& clock);

  // One unary call, blocking: `method` is a member of a service's stub. The
  // system's ledger keeps it, as agency::Call does.
  template <typename Stub, typename Request, typename Response>
  CallReport Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                               const Request&, Response*),
                  const CallOptions& options, const Request& request,
                  Response* response) {
    std::unique_ptr<grpc::ClientContext> context = Context(options);
    const std::shared_ptr<grpc::Channel> channel = Channel();
    const auto* recorded = agency::RecordedMethodOf(*Request::descriptor(),
                                                    *Response::descriptor());
    const absl::Duration started = clock_.Monotonic();
    grpc::Status status;
    if (recorded != nullptr && agency::LedgerOf(channel) != nullptr) {
      status =
          agency::CallKept(channel, context.get(), agency::NameOf(*recorded),
                           options.exchange_id, request, response);
    } else {
      Stub stub(channel);
      status = (stub.*method)(context.get(), request, response);
    }
    return Report(status, *context, started);
  }
  template <typename Stub, typename Request, typename Response>
  Reply<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                    const Request&, Response*),
                       const CallOptions& options, const Request& request) {
    Reply<Response> reply;
    static_cast<CallReport&>(reply) =
        Call(method, options, request, &reply.message);
    return reply;
  }

  // The parts, for calls that are not unary, or are cancelled half-way.
  std::shared_ptr<grpc::Channel> Channel() { return channel_.Get(); }
  std::unique_ptr<grpc::ClientContext> Context(
      const CallOptions& options) const;

 private:
  CallReport Report(const grpc::Status& status,
                    const grpc::ClientContext& context,
                    absl::Duration started) const;

  const Clock& clock_;
  agency::GatewayChannel channel_;
};

}  // namespace psm

#endif  // PSM_MESH_CLI_SYSTEM_CALLER_H_
