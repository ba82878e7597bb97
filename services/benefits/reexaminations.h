// Open applications whose evidence comes from a record that was corrected since
// (再審査): who is told of a correction, what waits, and asking again.
#ifndef PSM_SERVICES_BENEFITS_REEXAMINATIONS_H_
#define PSM_SERVICES_BENEFITS_REEXAMINATIONS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/agency/agency.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/base/clock.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/application_desk.h"
#include "services/programme_rules/programme.h"
#include "soci/soci.h"

namespace psm {

// How long what was heard is kept for applications that are on their way: far
// longer than questions to others may take.
inline constexpr absl::Duration kLongestAsking = absl::Hours(24);

// All functions run inside the caller's transaction; SOCI's exceptions pass.
class Reexaminations {
 public:
  // A record of the event's person was corrected: marks the open applications
  // of which the person is a member and that have evidence of the publisher, or
  // of anybody where that is not told. The same event again changes nothing.
  static void Hear(soci::session& sql, const agency::LifeEvent& event,
                   absl::Time now);

  // Events were missed: anybody's record may have been corrected by anybody.
  // Marks all open applications.
  static void HearOfAll(soci::session& sql, absl::Time now);

  // Marks an application that is just being kept, as those would have, for what
  // was heard since its evidence was asked for, at most kLongestAsking ago.
  static void MarkNew(soci::session& sql, long long number,
                      absl::Time ask_time);

  // FAILED_PRECONDITION REEXAMINATION_PENDING where the application is marked.
  static absl::Status CheckNone(soci::session& sql, long long number);

  // Takes all marks off that were there at `seen` or before.
  static void Close(soci::session& sql, long long number, absl::Time seen,
                    absl::Time now);
};

// For officers. Errors as in benefits.proto, and of the database. Thread-safe.
// All pointers must outlive the desk.
class ReexaminationDesk {
 public:
  struct Parts {
    const ProgrammeSet* programmes;
    ApplicationDesk* desk;
    agency::Database* database;
    const Clock* clock;
  };
  explicit ReexaminationDesk(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<benefits::v1::ListReexaminationsResponse> List();

  // Asks before the transaction. A correction that is heard of meanwhile leaves
  // its mark: the answers may be older.
  absl::StatusOr<benefits::v1::ReexamineApplicationResponse> Reexamine(
      const agency::CallContext& call,
      const benefits::v1::ReexamineApplicationRequest& request);

 private:
  const Parts parts_;
};

// Has the process hear of corrections. Errors of EventSubscription::Start.
absl::Status FollowCorrections(agency::Agency& agency,
                               agency::Database* database);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_REEXAMINATIONS_H_
