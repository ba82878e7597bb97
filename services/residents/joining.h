// Who may join a household: what its head has agreed to.
#ifndef PSM_SERVICES_RESIDENTS_JOINING_H_
#define PSM_SERVICES_RESIDENTS_JOINING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/register_book.h"
#include "services/residents/register_facts.h"

namespace psm {

// An agreement is good on its day and so many days after it.
inline constexpr int kDaysToJoin = 30;
inline constexpr int kMostJoiners = 20;

// Who joins, and as what; INVALID_ARGUMENT JOINERS_INVALID, KANA_INVALID,
// BIRTH_DATE_INVALID, RELATION_INVALID.
absl::Status CheckJoiners(const residents::v1::AgreeToJoinRequest& request);

// Keeps an agreement that was checked, of the head of a household, under an id
// of its own (a UUID).
void KeepAgreement(soci::session& sql, const std::string& id,
                   const std::string& household, absl::CivilDay last_date,
                   const residents::v1::AgreeToJoinRequest& request);

// Who gave an agreement; nullopt where there is none.
std::optional<std::string> HeadOfAgreement(soci::session& sql,
                                           const std::string& id);

// The household that all of `joiners` may join on `day`, each of them now with
// his relation to its head. FAILED_PRECONDITION JOIN_NOT_AGREED where there is
// no such agreement, it was used or is too old, who gave it is not the head on
// that day (and today), or it does not name all of them.
absl::StatusOr<std::string> JoinedHousehold(
    RegisterFacts& facts, const std::string& id, absl::CivilDay today,
    absl::CivilDay day, const std::vector<RegisteredMember*>& joiners);

// Who joins a household is served where all who live in it may be: Notice::Pass
// of who gave the agreement, which is there.
absl::Status PassJoined(RegisterFacts& facts, const Notice& notice,
                        const std::string& id);

// The agreement was used by an entry: it is good no more.
void UseAgreement(soci::session& sql, const std::string& id,
                  const EntryMark& entry);

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_JOINING_H_
