// The real definition files, for tests. Never linked into a program.
#ifndef PSM_SERVICES_PROGRAMME_RULES_TEST_PROGRAMMES_H_
#define PSM_SERVICES_PROGRAMME_RULES_TEST_PROGRAMMES_H_

#include "services/programme_rules/programme.h"

namespace psm {

inline const ProgrammeSet& TestProgrammes() {
  static const auto* const set =
      new ProgrammeSet(ProgrammeSet::Load(PSM_PROGRAMMES_FOLDER).value());
  return *set;
}

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMME_RULES_TEST_PROGRAMMES_H_
