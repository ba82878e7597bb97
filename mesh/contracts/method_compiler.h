// Turns one annotated method into its plan, or says why not.
#ifndef PSM_MESH_CONTRACTS_METHOD_COMPILER_H_
#define PSM_MESH_CONTRACTS_METHOD_COMPILER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "mesh/contracts/message_plan.h"
#include "mesh/contracts/plan.h"
#include "psm/annotations/v1/annotations.pb.h"

namespace psm {

// Compiles a method by its contract. The message plans it points to are added
// to `plans`. INVALID_ARGUMENT, naming the method and the field: see
// ContractSet::Create.
absl::StatusOr<std::unique_ptr<const MethodPlan>> CompileMethod(
    const google::protobuf::MethodDescriptor& method,
    const annotations::v1::MethodContract& contract,
    std::vector<std::unique_ptr<const MessagePlan>>& plans);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_METHOD_COMPILER_H_
