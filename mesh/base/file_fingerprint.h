// Whether files have changed, by what stat tells of them.
#ifndef PSM_MESH_BASE_FILE_FINGERPRINT_H_
#define PSM_MESH_BASE_FILE_FINGERPRINT_H_

#include <string>

#include "absl/types/span.h"

namespace psm {

// A value that is another one whenever one of the files has appeared, gone or
// been written (name, device, inode number, size, times of modification and
// change). Reads no contents: cheap enough to be asked several times a second.
// Take it before reading the files, so that a change in between is seen the
// next time.
std::string FingerprintOf(absl::Span<const std::string> files);

}  // namespace psm

#endif  // PSM_MESH_BASE_FILE_FINGERPRINT_H_
