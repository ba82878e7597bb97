// What the gateway tells a provider about a call, and how a provider's own
// calls go out. The only place where gRPC and absl statuses meet.
#ifndef PSM_MESH_AGENCY_CALL_CONTEXT_H_
#define PSM_MESH_AGENCY_CALL_CONTEXT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server_context.h"

namespace psm::agency {

// From the metadata that the gateway sets; a provider may rely on it, since
// only the gateway can connect.
struct CallContext {
  std::string consumer;     // system id: `psm-consumer`
  std::string affair;       // affair id; empty for transparent methods
  std::string exchange_id;  // UUID; empty for transparent methods
  // Names the consent that the exchange rests on, to this agency alone:
  // `psm-consent-id`. Empty where the basis is a statute. A write that a
  // consent is good for once keeps it in the same transaction.
  std::string consent_id;
  // That the agreement grants, sorted: `psm-attributes`, separated by commas.
  std::vector<std::string> attributes;
  std::string traceparent;  // W3C Trace Context; may be empty
  // On the machine's clock, as gRPC counts; infinite where there is none.
  absl::Time deadline = absl::InfiniteFuture();

  // What is missing in the metadata is empty.
  static CallContext From(const grpc::ServerContext& context);

  // Whether the agreement grants `attribute`: what it does not, a provider
  // leaves out of its answer.
  bool Grants(absl::string_view attribute) const;
};

// A refusal by this agency: an error whose party is the provider. `reason` is
// one of the method's contract (the gateway passes no other on); `message`
// never names a person.
absl::Status Refusal(absl::StatusCode code, absl::string_view reason,
                     absl::string_view message);

// With grpc-status-details-bin where the status has a detail.
grpc::Status ToGrpc(const absl::Status& status);
// The reverse: ReasonOf() of the result is the reason the other side gave.
absl::Status FromGrpc(const grpc::Status& status);

// The context of a call that this system makes through the gateway: affair,
// deadline (the parent's, or after `timeout` where that is sooner), trace
// context. `parent` is the call that this one serves; it may be null. An affair
// that is not printable ASCII is left out, and the gateway refuses the call.
std::unique_ptr<grpc::ClientContext> Outgoing(
    const CallContext* parent, absl::string_view affair,
    absl::Duration timeout = absl::Seconds(10));

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_CALL_CONTEXT_H_
