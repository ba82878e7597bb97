// What the mesh does for protected persons (DV等支援措置): whoever looks for
// one learns from it neither an address nor a municipality. Decides nothing
// about who is protected.
//
// The rule: a municipality's systems answer nobody outside of it about a
// protected person, whichever municipality it is and whether it knows him or
// not, so that nobody finds out by asking one after another. Attributes that
// say where he lives are withheld by everybody else, too.
#ifndef PSM_MESH_EXCHANGE_PROTECTION_H_
#define PSM_MESH_EXCHANGE_PROTECTION_H_

#include "absl/status/status.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "mesh/exchange/environment.h"

namespace psm {

// False where the gateway has no holdings.
bool IsProtected(const Environment& env, const PersonNumber& person);

// Whether `provider` would say, by answering at all, where a person lives, to
// somebody who need not know: a municipality, to another agency.
bool Locates(const System& provider, const System& consumer);

// The attributes of the method that `consumer` does not get of this person.
AttributeMask HiddenOf(const Environment& env, const PersonNumber& person,
                       const MethodPlan& plan, const System& consumer,
                       const System& provider);

// FAILED_PRECONDITION NO_AUTOMATIC_ANSWER; the same whoever was asked.
absl::Status NoAutomaticAnswer();

// OK, or NO_AUTOMATIC_ANSWER where the person is protected and `provider`
// locates.
absl::Status CheckMayAnswer(const Environment& env, const PersonNumber& person,
                            const System& consumer, const System& provider);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_PROTECTION_H_
