// Who taxes a person after a move: the municipality of the year's 1 January
// (地方税法 art. 318). Knows no gRPC.
#ifndef PSM_SERVICES_TAX_COMPETENCE_H_
#define PSM_SERVICES_TAX_COMPETENCE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/event_subscription.h"
#include "psm/tax/v1/assessments.pb.h"
#include "soci/soci.h"

namespace psm {

// For EventSubscription, in its transaction: a register says that a person has
// moved in. Kept of who moves into the town of `agency_id`, and of who is
// assessed here; the last move counts. Nothing is kept of a protected person,
// whose event names no register: the clerk who assesses asks this town's.
absl::Status HearOfMove(soci::session& sql, const agency::LifeEvent& event,
                        absl::string_view agency_id);

// As it follows from the last move; nullopt where none was kept.
std::optional<tax::v1::Competence> CompetenceOf(soci::session& sql,
                                                const std::string& subject);

}  // namespace psm

#endif  // PSM_SERVICES_TAX_COMPETENCE_H_
