#include "services/accounts/holder_events.h"

#include "services/accounts/account_register.h"
#include "services/accounts/account_rows.h"

namespace psm {

using accounts::v1::Registration;

absl::Status TakeHoldersEvent(soci::session& sql,
                              const agency::LifeEvent& event, absl::Time now) {
  if (event.type == "name_changed") {
    AccountRegister::Hold(sql, event.subject, Registration::NAME_CHANGED,
                          event.publish_time, now);
  } else if (event.type == "died") {
    AccountRegister::Hold(sql, event.subject, Registration::HOLDER_DIED,
                          event.publish_time, now);
  }
  if (event.type == "moved_in")
    NoteMove(sql, event.subject, event.effective_date, event.publish_time);
  return absl::OkStatus();
}

absl::Status HoldAllForMissedEvents(soci::session& sql, absl::Time now) {
  HoldAll(sql, Registration::NAME_CHANGED, now);
  return absl::OkStatus();
}

}  // namespace psm
