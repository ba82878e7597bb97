// For a service's unit tests: calls as the gateway would make them. Never
// linked into a program.
#ifndef PSM_MESH_AGENCY_TEST_CALL_H_
#define PSM_MESH_AGENCY_TEST_CALL_H_

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "grpcpp/server_context.h"
#include "grpcpp/test/server_context_test_spouse.h"
#include "mesh/agency/call_context.h"

namespace psm::agency {

// The context of one call by `consumer`: hand context() to a method of the
// service object itself. Thread-compatible.
//
//   FakeCall call("akatsuki/benefits", "benefit-tax-exempt", {"account"});
//   grpc::Status status = service.GetAccount(call.context(), &request,
//   &answer);
class FakeCall {
 public:
  FakeCall(
      const std::string& consumer, const std::string& affair,
      const std::vector<std::string>& attributes,
      const std::string& exchange_id = "00000000-0000-4000-8000-000000000001",
      const std::string& consent_id = "")
      : spouse_(&context_) {
    spouse_.AddClientMetadata("psm-consumer", consumer);
    spouse_.AddClientMetadata("psm-affair", affair);
    spouse_.AddClientMetadata("psm-attributes", absl::StrJoin(attributes, ","));
    spouse_.AddClientMetadata("psm-exchange-id", exchange_id);
    if (!consent_id.empty())
      spouse_.AddClientMetadata("psm-consent-id", consent_id);
  }

  grpc::ServerContext* context() { return &context_; }

  // What the service will make of it.
  CallContext call() const { return CallContext::From(context_); }

 private:
  grpc::ServerContext context_;
  grpc::testing::ServerContextTestSpouse spouse_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_TEST_CALL_H_
