#include "services/residents/household_protection.h"

#include <vector>

#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm {

absl::Status HouseholdProtection::Extend(absl::CivilDay today) {
  MutexLock lock(mu_);
  PSM_ASSIGN_OR_RETURN(const std::vector<Companion> found,
                       decisions_.NewCompanions(today));
  for (const Companion& companion : found) {
    PSM_RETURN_IF_ERROR(
        flag_.Set(companion.subject, true, NewUuid(SystemRandom())));
    PSM_ASSIGN_OR_RETURN(const bool kept, decisions_.Keep(companion));
    // The protection has ended meanwhile.
    if (!kept) PSM_RETURN_IF_ERROR(Free(companion.subject));
  }
  return absl::OkStatus();
}

absl::Status HouseholdProtection::Lift(const std::string& subject) {
  MutexLock lock(mu_);
  return Free(subject);
}

absl::Status HouseholdProtection::Free(const std::string& subject) {
  PSM_ASSIGN_OR_RETURN(const std::vector<std::string> free,
                       decisions_.FreedWith(subject));
  for (const std::string& person : free)
    PSM_RETURN_IF_ERROR(flag_.Set(person, false, NewUuid(SystemRandom())));
  return absl::OkStatus();
}

}  // namespace psm
