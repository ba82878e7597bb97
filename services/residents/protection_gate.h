// What every question and notice about a person passes before it is answered.
#ifndef PSM_SERVICES_RESIDENTS_PROTECTION_GATE_H_
#define PSM_SERVICES_RESIDENTS_PROTECTION_GATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "mesh/agency/call_context.h"
#include "psm/residents/v1/residents.pb.h"
#include "services/residents/protection_store.h"
#include "services/residents/resident_register.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class ProtectionGate {
 public:
  ProtectionGate(ResidentRegister* residents, ProtectionStore* decisions)
      : residents_(*residents), decisions_(*decisions) {}

  // Whether an answer that shows this household may leave. As
  // ProtectionStore::Check of all its members.
  absl::Status PassAnswer(const agency::CallContext& call,
                          const residents::v1::GetHouseholdResponse& household,
                          absl::CivilDay today);

  // Whether `call` may be served about a person at all: as
  // ProtectionStore::Check of all who live with him today, or of him alone
  // where he does not live here.
  absl::Status PassPerson(const agency::CallContext& call,
                          const std::string& subject, absl::CivilDay today);
  // The same within a transaction of the caller's.
  absl::Status PassPerson(RegisterFacts& facts, const agency::CallContext& call,
                          const std::string& subject,
                          absl::CivilDay today) const;

 private:
  ResidentRegister& residents_;
  ProtectionStore& decisions_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_PROTECTION_GATE_H_
