// Proto text of one method and its contract, for the tests of ContractSet.
#ifndef PSM_MESH_CONTRACTS_TESTING_METHOD_TEXT_H_
#define PSM_MESH_CONTRACTS_TESTING_METHOD_TEXT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "mesh/contracts/plan.h"

namespace psm {

inline absl::StatusOr<std::shared_ptr<const ContractSet>> Create(
    const google::protobuf::FileDescriptorSet& set) {
  return ContractSet::Create({&set, 1});
}

// A service with one method M, its contract, and the fields of its request and
// response; `types` are further messages.
inline std::string Method(const std::string& contract,
                          const std::string& request,
                          const std::string& response,
                          const std::string& types = "",
                          const std::string& stream = "") {
  return absl::StrCat("service S { rpc M(", stream, " Q) returns (R) { option ",
                      "(psm.annotations.v1.method) = {", contract,
                      "}; } } message Q {", request, "} message R {", response,
                      "}", types);
}

// Short for the options of a field.
inline std::string F(const std::string& annotation) {
  return absl::StrCat("[(psm.annotations.v1.field).", annotation, "];");
}

inline constexpr char kRead[] = "dataset: 'd' effect: READ ";
inline const std::string kSubjectField =
    "string subject = 1 " + F("subject = true");

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_TESTING_METHOD_TEXT_H_
