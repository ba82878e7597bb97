// The key of a witness, in a file of its own: made at its first start.
#ifndef PSM_MESH_RECORDS_WITNESS_KEY_H_
#define PSM_MESH_RECORDS_WITNESS_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/note_key.h"

namespace psm {

// The key in `file` (PKCS#8 PEM, 0600), under `name`. Where there is no such
// file it is made, and its folder (0700); in `file`.vkey, 0644, stands what
// verifies its cosignatures. Errors as ReadPrivateFile's and CreateWholeFile's;
// INVALID_ARGUMENT for a file that is no Ed25519 key, or a name that is none;
// FAILED_PRECONDITION where the key was made under another name. The message
// names the file.
absl::StatusOr<tlog::Cosigner> OpenWitnessKey(const std::string& file,
                                              absl::string_view name);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_WITNESS_KEY_H_
