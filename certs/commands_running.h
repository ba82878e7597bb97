// The verbs of psm-pki that have to do with processes: those that wait for them
// and the one that stays.
#ifndef PSM_CERTS_COMMANDS_RUNNING_H_
#define PSM_CERTS_COMMANDS_RUNNING_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"

namespace psm::pki {

// RotateAll on the mesh of a run folder, its progress as lines on `out`.
absl::Status RotateRunning(const std::string& run, bool keep_root,
                           absl::Duration patience, const Clock& clock,
                           std::ostream& out);

// After a revocation that lists of `list_number` say: returns once the gateway,
// if it runs, has them in force and refuses whoever still shows the certificate
// of one of `systems`; where that is the gateway itself, once the others refuse
// it. DEADLINE_EXCEEDED after `patience`.
absl::Status AwaitRefusal(const std::string& run,
                          const std::vector<std::string>& systems,
                          std::uint64_t list_number, absl::Duration patience,
                          const Clock& clock, std::ostream& out);

// Renewal::Follow, logged, until SIGTERM or SIGINT.
absl::Status FollowRenewals(const std::string& run, const Clock& clock);

}  // namespace psm::pki

#endif  // PSM_CERTS_COMMANDS_RUNNING_H_
