// Where the register gets a name for a person who is new to the mesh.
#ifndef PSM_SERVICES_RESIDENTS_ENROLMENT_H_
#define PSM_SERVICES_RESIDENTS_ENROLMENT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm {

// Thread-safe.
class Enrolment {
 public:
  virtual ~Enrolment() = default;

  // The new person's code at this agency; the same for a retry of `call`, which
  // is the one that this serves. UNAVAILABLE ENROLMENT_UNAVAILABLE, whatever
  // the cause.
  virtual absl::StatusOr<std::string> Enrol(
      const agency::CallContext& call) = 0;
};

// SubjectsService of the gateway.
class MeshEnrolment final : public Enrolment {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit MeshEnrolment(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<std::string> Enrol(const agency::CallContext& call) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_ENROLMENT_H_
