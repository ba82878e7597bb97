// Who lives with a protected person is found where that one is: the mesh is to
// protect them as well.
#ifndef PSM_SERVICES_RESIDENTS_HOUSEHOLD_PROTECTION_H_
#define PSM_SERVICES_RESIDENTS_HOUSEHOLD_PROTECTION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "mesh/base/mutex.h"
#include "services/residents/protection_flag.h"
#include "services/residents/protection_store.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class HouseholdProtection {
 public:
  HouseholdProtection(ProtectionStore* decisions, ProtectionFlag* flag)
      : decisions_(*decisions), flag_(*flag) {}

  // Has the mesh protect everybody who lives with a protected person on `today`
  // and is not protected with that one yet; after a decision, and after each
  // entry by which somebody may have joined a household. The mesh first, then
  // the register: whoever was told of an error repeats the call. Errors as
  // ProtectionFlag::Set and Database.
  absl::Status Extend(absl::CivilDay today) PSM_EXCLUDES(mu_);

  // After the end of a protection: of the person and those who were protected
  // with him, whoever nothing protects any more is so at the mesh. Errors as
  // Extend.
  absl::Status Lift(const std::string& subject) PSM_EXCLUDES(mu_);

 private:
  absl::Status Free(const std::string& subject) PSM_REQUIRES(mu_);

  ProtectionStore& decisions_;
  ProtectionFlag& flag_;
  // What is looked up here is still so when the mesh is told.
  Mutex mu_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_HOUSEHOLD_PROTECTION_H_
