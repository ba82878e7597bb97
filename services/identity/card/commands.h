// The verbs of psm-cards.
#ifndef PSM_SERVICES_IDENTITY_CARD_COMMANDS_H_
#define PSM_SERVICES_IDENTITY_CARD_COMMANDS_H_

#include <ostream>

#include "mesh/base/clock.h"

namespace psm::card {

// Runs one command line. Without a verb, `--run RUN`: a card for every persona.
// Else: `show`, `sign`, `verify`, `request`, `install` (card/README.md).
// Results go to `out`, one sentence about what went wrong to `error`. Returns
// the exit code: 0; 64 for a command line or a file that is not what it should
// be; 1 for anything else, a wrong PIN and a signature that does not hold among
// it.
int RunCommand(int argc, const char* const* argv, const Clock& clock,
               std::ostream& out, std::ostream& error);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_COMMANDS_H_
