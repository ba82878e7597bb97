// Reads configuration folders: textproto files merge into one Mesh, descriptor
// sets are collected. Checks form, not meaning.
#ifndef PSM_MESH_DIRECTORY_CONFIGURATION_H_
#define PSM_MESH_DIRECTORY_CONFIGURATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.pb.h"
#include "psm/config/v1/config.pb.h"

namespace psm {

struct Configuration {
  config::v1::Mesh mesh;
  std::vector<google::protobuf::FileDescriptorSet> descriptor_sets;
  // Where each element was defined: "agreement akatsuki-benefits-tax" ->
  // "services/benefits/config.textproto:14". For messages about meaning.
  std::vector<std::pair<std::string, std::string>> origins;
};

// Loads all `*.textproto` (psm.config.v1.Mesh) and `*.binpb`
// (FileDescriptorSet) under the folders, recursively, in sorted order.
// INVALID_ARGUMENT with `file:line: what` for text that does not parse and for
// an id that occurs twice (both places named); NOT_FOUND for a folder that is
// not there.
absl::StatusOr<Configuration> LoadConfiguration(
    absl::Span<const std::string> folders);

// A value that changes whenever a file of LoadConfiguration appears, disappears
// or changes (names, sizes, modification times, inode numbers).
std::string ConfigurationFingerprint(absl::Span<const std::string> folders);

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_CONFIGURATION_H_
