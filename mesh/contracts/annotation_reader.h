// Reads the contract options of methods and fields from descriptors. Checks
// the form of each annotation by itself, not how annotations fit together.
#ifndef PSM_MESH_CONTRACTS_ANNOTATION_READER_H_
#define PSM_MESH_CONTRACTS_ANNOTATION_READER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "psm/annotations/v1/annotations.pb.h"

namespace psm {

enum class FieldRole {
  kNone,
  kSubject,
  kCorporation,
  kAttribute,
  kPlain,
  kPageToken
};

struct FieldAnnotation {
  FieldRole role = FieldRole::kNone;
  std::string attribute;  // for kAttribute
};

// The contract of a method; nullopt where the method has no annotation.
// INVALID_ARGUMENT, naming the method, for a dataset, legal limit or reason
// that is not as annotations.proto says.
absl::StatusOr<std::optional<annotations::v1::MethodContract>>
ReadMethodContract(const google::protobuf::MethodDescriptor& method);

// What a service says of all its methods; the default where it says nothing.
annotations::v1::ServiceContract ReadServiceContract(
    const google::protobuf::ServiceDescriptor& service);

// What a field's annotation says. INVALID_ARGUMENT, naming the field, where it
// says two things, or an attribute's name is not `[a-z][a-z0-9_]*`.
absl::StatusOr<FieldAnnotation> ReadFieldAnnotation(
    const google::protobuf::FieldDescriptor& field);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_ANNOTATION_READER_H_
