// What identity asks of the gateway's own services, as interfaces, and the one
// implementation that calls them.
#ifndef PSM_SERVICES_IDENTITY_MESH_SERVICES_H_
#define PSM_SERVICES_IDENTITY_MESH_SERVICES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/record_pages.h"

namespace psm::identity {

// What is about to be told to whom.
struct Disclosure {
  std::string audience;  // system id
  std::string affair;    // affair id
  std::string subject;   // identity's code
  std::string method;
  std::vector<std::string> attributes;
  // Of a consent that is to be given: how long it shall hold. Else zero.
  absl::Duration duration = absl::ZeroDuration();
};

// DisclosureService of the mesh. Thread-safe.
class Disclosures {
 public:
  virtual ~Disclosures() = default;

  // Has the mesh authorise and record a disclosure that serves `call`, and
  // gives the audience's code of the person. Goes out under the exchange id of
  // `call` (ids are scoped to who asks), so that a retry makes no second
  // record. Errors as the gateway gave them.
  virtual absl::StatusOr<std::string> Disclose(
      const agency::CallContext& call, const Disclosure& disclosure) = 0;
};

// The same over gRPC, and RecordsService. Thread-safe.
class MeshServices final : public Disclosures, public agency::MeshRecordPages {
 public:
  // `gateway` gives the channel to the gateway; it is asked before each call,
  // on any thread.
  explicit MeshServices(std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : MeshRecordPages(gateway), gateway_(std::move(gateway)) {}

  absl::StatusOr<std::string> Disclose(const agency::CallContext& call,
                                       const Disclosure& disclosure) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_MESH_SERVICES_H_
