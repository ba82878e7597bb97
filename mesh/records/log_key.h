// The key that signs a log, in a file of its own.
#ifndef PSM_MESH_RECORDS_LOG_KEY_H_
#define PSM_MESH_RECORDS_LOG_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/note_key.h"

namespace psm {

// The log of a mesh with one gateway.
inline constexpr absl::string_view kMainLog = "main";

// The origin of a log, which is also the name of its key: "psm.test/log/main".
std::string LogOrigin(absl::string_view log);

// Makes a new key in `file` (PKCS#8 PEM, 0600), and in `file`.vkey, 0644, what
// verifies its signatures: a vkey (C2SP signed-note) under `origin`, for
// whoever audits the log. Never replaces a key: ALREADY_EXISTS. Other errors as
// CreateWholeFile's.
absl::Status CreateLogKey(const std::string& file, absl::string_view origin);

// The key in `file`. Errors as ReadPrivateFile's; INVALID_ARGUMENT where it is
// no Ed25519 key. The message names the file.
absl::StatusOr<std::shared_ptr<const tlog::NoteSigner>> ReadLogKey(
    const std::string& file, absl::string_view origin);

// The verifying key in `file`, a vkey as CreateLogKey writes it, for whoever
// has nothing else of the log. Errors as ReadFile's; INVALID_ARGUMENT where it
// is no vkey. The message names the file.
absl::StatusOr<tlog::VerifierKey> ReadLogVerifier(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_KEY_H_
