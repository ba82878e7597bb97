// The personas: the few households and the business whose stories the demo and
// the scenarios tell.
#ifndef PSM_SERVICES_GENERATOR_PERSONAS_H_
#define PSM_SERVICES_GENERATOR_PERSONAS_H_

#include "services/generator/world.h"

namespace psm {

inline constexpr int kPersonaResidents = 11;
inline constexpr int kPersonaBusinesses = 1;

// Puts the personas into an empty world whose `today` and `fiscal_year` are
// set. Numbers and card serials are left to the caller. The same for every
// seed.
void AddPersonas(World& world);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_PERSONAS_H_
