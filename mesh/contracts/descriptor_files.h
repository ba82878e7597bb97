// Joins descriptor sets into one pool.
#ifndef PSM_MESH_CONTRACTS_DESCRIPTOR_FILES_H_
#define PSM_MESH_CONTRACTS_DESCRIPTOR_FILES_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace psm {

struct DescriptorFiles {
  std::unique_ptr<google::protobuf::DescriptorPool> pool;
  // Every file, each after those it imports. Owned by the pool.
  std::vector<const google::protobuf::FileDescriptor*> files;
};

// Builds all files of all sets. A file that several sets hold is taken once.
// INVALID_ARGUMENT, naming the file, when: two sets hold different files of one
// name (comments may differ, and the files of google/protobuf, which come with
// the compiler); an import is missing, or files import each other; two files
// define one name; a file is not valid.
absl::StatusOr<DescriptorFiles> JoinDescriptorSets(
    absl::Span<const google::protobuf::FileDescriptorSet> sets);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_DESCRIPTOR_FILES_H_
