// What gbizid tells relying parties of persons goes through the mesh first.
#ifndef PSM_SERVICES_GBIZID_DISCLOSURES_H_
#define PSM_SERVICES_GBIZID_DISCLOSURES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/channel.h"

namespace psm::gbizid {

// What is about to be told to whom. Of the contract psm.gbizid.v1.ActingService
// gives the same to relying services that take tickets.
struct Disclosure {
  std::string audience;   // system id
  std::string affair;     // affair id
  std::string subject;    // gbizid's code
  std::string method;     // in whose contract the attribute is
  std::string attribute;  // "": the name alone
};

// DisclosureService of the mesh. Thread-safe.
class Disclosures {
 public:
  virtual ~Disclosures() = default;

  // Has the mesh authorise and record it; each is an exchange of its own.
  // Errors as the gateway gave them.
  virtual absl::Status Disclose(const Disclosure& disclosure) = 0;
};

// The same over gRPC.
class MeshDisclosures final : public Disclosures {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit MeshDisclosures(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::Status Disclose(const Disclosure& disclosure) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DISCLOSURES_H_
