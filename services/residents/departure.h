// What becomes of a household when members leave it, by moving or by death.
#ifndef PSM_SERVICES_RESIDENTS_DEPARTURE_H_
#define PSM_SERVICES_RESIDENTS_DEPARTURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/residents/register_facts.h"

namespace psm {

// Ends all that is so of the leavers, who are among `members`, those of the
// household on the entry's day. Where the head leaves and one stays, that one
// is head (住民基本台帳法施行令 art. 25 asks for no notice then).
// FAILED_PRECONDITION HEAD_NEEDED where several stay without a head;
// DATE_OUT_OF_ORDER.
absl::Status Depart(RegisterFacts& facts, const std::string& household,
                    const std::vector<RegisteredMember>& members,
                    const std::vector<RegisteredMember>& leavers,
                    const EntryMark& entry);

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_DEPARTURE_H_
