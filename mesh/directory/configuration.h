// Reads configuration folders: textproto files merge into one Mesh, descriptor
// sets are collected. Checks form, not meaning.
#ifndef PSM_MESH_DIRECTORY_CONFIGURATION_H_
#define PSM_MESH_DIRECTORY_CONFIGURATION_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

// No file of a configuration is larger; one that is, is refused unread.
inline constexpr std::size_t kMaxConfigurationFileSize = 64 << 20;  // bytes

// Loads all `*.textproto` (psm.config.v1.Mesh) and `*.binpb`
// (FileDescriptorSet) under the folders, recursively, in sorted order; a file
// that two folders reach is read once. Names that begin with a dot are editors'
// and are passed over. All or nothing: INVALID_ARGUMENT, reason
// CONFIGURATION_INVALID, with `file:line:column: what` for text that does not
// parse, `file:line: what` for what is not UTF-8, an element without an id and
// an id that occurs twice (both places named), `file: what` for a descriptor
// set that does not parse, a file that cannot be read, a folder without such
// files; NOT_FOUND, reason CONFIGURATION_NOT_FOUND, for one that is not there.
absl::StatusOr<Configuration> LoadConfiguration(
    absl::Span<const std::string> folders);

// A value that changes whenever a file of LoadConfiguration appears, disappears
// or changes (names, sizes, times of modification and change, inode numbers).
// Asks for metadata only: cheap enough to be asked every second. Take it before
// loading, so that a change in between is seen the next time.
std::string ConfigurationFingerprint(absl::Span<const std::string> folders);

// Where an element was defined ("file:line"), or the element itself where that
// is not known (a configuration made in memory).
std::string PlaceOf(const Configuration& configuration,
                    absl::string_view element);

// What is wrong with an element: INVALID_ARGUMENT, reason
// CONFIGURATION_INVALID, message "file:line: element: what", metadata `place`
// and `element`.
absl::Status ConfigurationError(const Configuration& configuration,
                                absl::string_view element,
                                absl::string_view what);

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_CONFIGURATION_H_
