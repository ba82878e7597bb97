// Calls through the gateway as one system, the way any client would.
#ifndef PSM_SERVICES_STORY_CALLER_H_
#define PSM_SERVICES_STORY_CALLER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/agency/call_context.h"

namespace psm::story {

// What goes beside a request.
struct CallOptions {
  std::string affair;
  std::string provider = "";
  std::string consent = "";
};

// How one call went.
struct CallReport {
  absl::Status status;
  absl::Duration took;
  std::string exchange_id;
};

// Thread-safe.
class Caller {
 public:
  // With the certificate of `system` in the run folder.
  Caller(const std::string& run, const std::string& system);

  // One unary call: `method` is a member of `Service`'s stub.
  template <typename Service, typename Request, typename Response>
  CallReport Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                        const Request&,
                                                        Response*),
                  const CallOptions& options, const Request& request,
                  Response* response) {
    std::unique_ptr<grpc::ClientContext> context = Context(options);
    std::unique_ptr<typename Service::Stub> stub = Service::NewStub(channel_);
    const absl::Duration started = Monotonic();
    grpc::Status status =
        (stub.get()->*method)(context.get(), request, response);
    return Report(status, *context, started);
  }

 private:
  std::unique_ptr<grpc::ClientContext> Context(
      const CallOptions& options) const;
  absl::Duration Monotonic() const;
  CallReport Report(const grpc::Status& status,
                    const grpc::ClientContext& context,
                    absl::Duration started) const;

  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_CALLER_H_
