// The key that signs a log, in a file of its own.
#ifndef PSM_MESH_RECORDS_LOG_KEY_H_
#define PSM_MESH_RECORDS_LOG_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/log_keys.h"
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

// What signs a log, and what of its keys is on the disk.
struct LogSigning {
  std::shared_ptr<const tlog::NoteSigner> signer;
  LogKeys keys;  // the signer's is the current one
  // That the log is to go on with; null: no rotation is under way.
  std::shared_ptr<const tlog::NoteSigner> next;
};

// The key in `file`, the keys in `file`.vkey, which is made where it is
// missing, and the next one in `file`.next, where there is one. Ends a rotation
// that a crash has cut off once its keys were there. Errors as ReadLogKey's;
// FAILED_PRECONDITION LOG_KEY_UNKNOWN where the key is not the one with which
// `file`.vkey ends. For the one process that signs.
absl::StatusOr<LogSigning> ReadLogSigning(const std::string& file,
                                          absl::string_view origin);

// Begins a rotation: makes the next key, in `file`.next, 0600. The gateway does
// the rest, at once or when it starts. ALREADY_EXISTS where one is under way.
absl::Status CreateNextLogKey(const std::string& file,
                              absl::string_view origin);
// Where CreateNextLogKey puts it.
std::string NextLogKeyFile(const std::string& file);
// That key; null where there is none. Errors as ReadLogKey's.
absl::StatusOr<std::shared_ptr<const tlog::NoteSigner>> ReadNextLogKey(
    const std::string& file, absl::string_view origin);

// Writes `keys` beside `file`.vkey, durably, so that PutLogKeysInForce need not
// write but only name. Errors as WriteWholeFile's.
absl::Status PrepareLogKeys(const std::string& file, const LogKeys& keys);

// Ends a rotation, when the log has it: first `keys` take the place of
// `file`.vkey, then the next key that of the old one, which is gone with it.
// May be called again after an error; a crash in between is made good by
// ReadLogSigning. The code of the errno.
absl::Status PutLogKeysInForce(const std::string& file, const LogKeys& keys);

// The keys in `file`, LogKeys::ToText. Errors as ReadFile's and
// LogKeys::FromText's; the message names the file.
absl::StatusOr<LogKeys> ReadLogKeys(const std::string& file);

// The first verifying key in `file`, a vkey as CreateLogKey writes it, for
// whoever has nothing else of the log. Errors as ReadFile's; INVALID_ARGUMENT
// where it is no vkey. The message names the file.
absl::StatusOr<tlog::VerifierKey> ReadLogVerifier(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_KEY_H_
