// Descriptor sets from proto text, by running protoc, for the tests.
#ifndef PSM_MESH_CONTRACTS_TESTING_CONTRACT_TEXT_H_
#define PSM_MESH_CONTRACTS_TESTING_CONTRACT_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.pb.h"

namespace psm {

// Compiles files (name, text) with all that they import. Comments are kept.
// Ends the program, saying why, where protoc does not accept a text.
google::protobuf::FileDescriptorSet CompileText(
    const std::vector<std::pair<std::string, std::string>>& files);

// One file "t.proto" of package t; imports of annotations, Any and Struct are
// put in front where they are needed.
google::protobuf::FileDescriptorSet CompileText(const std::string& body);

// A descriptor set from a file. Ends the program where it cannot be read.
google::protobuf::FileDescriptorSet ReadDescriptorSet(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_TESTING_CONTRACT_TEXT_H_
