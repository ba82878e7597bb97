// Turns surveyed message types into plans.
#ifndef PSM_MESH_CONTRACTS_MESSAGE_COMPILER_H_
#define PSM_MESH_CONTRACTS_MESSAGE_COMPILER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "mesh/contracts/contract_survey.h"
#include "mesh/contracts/message_plan.h"

namespace psm {

// Compiles the types of one method; a type that is met twice under the same
// cover has one plan. Thread-compatible.
class MessageCompiler {
 public:
  // `attributes` are the method's, sorted: their places are the bits. Plans are
  // added to `plans`. Both must outlive the compiler.
  MessageCompiler(const std::vector<std::string>& attributes,
                  std::vector<std::unique_ptr<const MessagePlan>>& plans)
      : attributes_(attributes), plans_(plans) {}

  // The plan of a type that SurveyMessage has accepted. Errors only where it
  // has not.
  absl::StatusOr<const MessagePlan*> Compile(
      const google::protobuf::Descriptor& type, const Cover& cover = {});

 private:
  absl::StatusOr<FieldPlan> CompileField(
      const google::protobuf::FieldDescriptor& field, const Cover& cover);
  AttributeMask BitOf(const std::string& attribute) const;

  const std::vector<std::string>& attributes_;
  std::vector<std::unique_ptr<const MessagePlan>>& plans_;
  std::map<std::pair<const google::protobuf::Descriptor*, Cover>,
           const MessagePlan*>
      compiled_;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_MESSAGE_COMPILER_H_
