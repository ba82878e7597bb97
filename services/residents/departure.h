// What becomes of a household when members leave it, by moving, by death or for
// a household of their own.
#ifndef PSM_SERVICES_RESIDENTS_DEPARTURE_H_
#define PSM_SERVICES_RESIDENTS_DEPARTURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/register_facts.h"

namespace psm {

// The applicant and the others, who are named as on a form, in the order of
// `members`. FAILED_PRECONDITION DATE_OUT_OF_ORDER where the applicant is none
// of them; INVALID_ARGUMENT MOVER_UNKNOWN where one of the others is none, or
// is named twice.
absl::StatusOr<std::vector<RegisteredMember>> LeaversOf(
    const std::vector<RegisteredMember>& members, const std::string& applicant,
    const google::protobuf::RepeatedPtrField<residents::v1::Mover>& others);

// An entry dated back knows the members of its own day. Where the head is among
// the leavers: FAILED_PRECONDITION DATE_OUT_OF_ORDER if somebody is a member
// today who was none on `day`, and would be left without a head.
absl::Status CheckNobodyCameSince(RegisterFacts& facts,
                                  const std::string& household,
                                  const std::vector<RegisteredMember>& leavers,
                                  absl::CivilDay day, absl::CivilDay today);

// Where the head is among the leavers and one member stays, that one is head
// from the entry's day on. FAILED_PRECONDITION HEAD_NEEDED where several stay
// without a head; DATE_OUT_OF_ORDER.
absl::Status LeaveAHead(RegisterFacts& facts,
                        const std::vector<RegisteredMember>& members,
                        const std::vector<RegisteredMember>& leavers,
                        const EntryMark& entry);

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
