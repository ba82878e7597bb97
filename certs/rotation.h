// New authorities for a mesh that runs, and every certificate under them, in an
// order in which no call fails. Asks the processes whether they have followed,
// and goes on when they have.
#ifndef PSM_CERTS_ROTATION_H_
#define PSM_CERTS_ROTATION_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/running_mesh.h"
#include "mesh/base/clock.h"

namespace psm::pki {

struct RotationOptions {
  std::string run;
  bool keep_root = false;                       // a new intermediate only
  absl::Duration patience = absl::Seconds(60);  // for each thing waited for
};

// One line of progress, without line feed.
using Say = absl::FunctionRef<void(absl::string_view line)>;

// The whole rotation, from new authorities to the end of the old ones; what was
// begun and interrupted, by a crash as well, is taken up where it stands, so
// that it can be repeated until it succeeds. Returns when nothing under an
// older authority is shown, accepted or in use. Where nothing runs it waits for
// nothing. Systems whose certificate is revoked are left as they are.
//
// DEADLINE_EXCEEDED, naming who, where a process does not follow or still has
// an older certificate in use: old and new are trusted then, so all goes on.
// FAILED_PRECONDITION where the gateway's certificate is revoked; else
// MeshAuthority's errors.
//
// The authorities' folder is locked for moments only: revocations get through.
absl::Status RotateAll(const RotationOptions& options, const Clock& clock,
                       RunningMesh& mesh, Say say);

// Waits until the gateway, if it runs, has revocation lists of `list_number` in
// force. DEADLINE_EXCEEDED after `patience`, with what the gateway says.
absl::Status AwaitLists(std::uint64_t list_number, absl::Duration patience,
                        const Clock& clock, RunningMesh& mesh);

}  // namespace psm::pki

#endif  // PSM_CERTS_ROTATION_H_
