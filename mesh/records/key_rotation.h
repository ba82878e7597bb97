// How a log changes its key: the key before signs, in a record of the log, the
// name of the next. Knows no files.
#ifndef PSM_MESH_RECORDS_KEY_ROTATION_H_
#define PSM_MESH_RECORDS_KEY_ROTATION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/records/tlog/note_key.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// What a rotation says: the trees of up to `index` + 1 records, the last of
// which is the rotation's own, are signed by the key before, larger ones by
// `next`.
struct KeyRotation {
  std::uint64_t index = 0;
  tlog::VerifierKey next;
};

// The statement, a signed note (FORMAT.md) by both keys: the old one names its
// successor, the new one shows that it is held by who asks for it.
// INVALID_ARGUMENT where they are the same key or of different names.
absl::StatusOr<std::string> SignRotation(std::uint64_t index,
                                         const tlog::NoteSigner& old_key,
                                         const tlog::NoteSigner& next);

// What `note` says. PERMISSION_DENIED where `old_key`, or the key that is
// named, has not signed it; INVALID_ARGUMENT for whatever SignRotation does
// not make.
absl::StatusOr<KeyRotation> OpenRotation(absl::string_view note,
                                         const tlog::VerifierKey& old_key);

// The record that puts the statement into the log.
records::v1::Record RotationRecord(const std::string& note, absl::Time now);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_KEY_ROTATION_H_
