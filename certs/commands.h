// The verbs of psm-pki.
#ifndef PSM_CERTS_COMMANDS_H_
#define PSM_CERTS_COMMANDS_H_

#include <ostream>

#include "mesh/base/clock.h"

namespace psm::pki {

// Runs one command line. Results go to `out`, one sentence about what went
// wrong to `error`. Returns the exit code: 0; 64 for a command line that does
// not parse; 1 for anything else.
int RunCommand(int argc, const char* const* argv, const Clock& clock,
               std::ostream& out, std::ostream& error);

}  // namespace psm::pki

#endif  // PSM_CERTS_COMMANDS_H_
