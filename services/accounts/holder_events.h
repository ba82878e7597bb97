// What life events mean for the accounts of those whom they concern. Knows no
// streams.
#ifndef PSM_SERVICES_ACCOUNTS_HOLDER_EVENTS_H_
#define PSM_SERVICES_ACCOUNTS_HOLDER_EVENTS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/agency/event_subscription.h"
#include "soci/soci.h"

namespace psm {

// For EventSubscription, in its transaction: another name has the account wait
// for ConfirmAccount or another registration, also where the kana stays the
// same, which nobody is asked; a death has it wait for ever; a move is noted,
// and changes nothing else. OK and nothing for any other event.
absl::Status TakeHoldersEvent(soci::session& sql,
                              const agency::LifeEvent& event, absl::Time now);

// Where events were missed anybody's name may have changed. Paying into an
// account that is no longer the person's cannot be undone, so all wait for
// confirmation, and whoever was given one hears of it.
absl::Status HoldAllForMissedEvents(soci::session& sql, absl::Time now);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_HOLDER_EVENTS_H_
