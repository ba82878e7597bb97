// Who is under protection (DV等支援措置), by whose decision, and which desks
// may see them. Knows no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_PROTECTION_STORE_H_
#define PSM_SERVICES_RESIDENTS_PROTECTION_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/protection.pb.h"
#include "services/residents/register_book.h"
#include "soci/soci.h"

namespace psm {

// Who is protected for living with somebody who is.
struct Companion {
  std::string subject;
  std::string because_of;
};

// Each method that writes is one of ProtectionService, whose proto says what it
// refuses; errors also as Database::Once. Whoever may write to the database can
// lift a protection in this register, but not in the mesh. Thread-safe.
// `database` must outlive it.
class ProtectionStore {
 public:
  // For the municipality that is agency `agency_id`.
  ProtectionStore(agency::Database* database, std::string agency_id)
      : database_(*database), agency_id_(std::move(agency_id)) {}

  // Whether `call` may be answered about a person, where `subjects` are that
  // person and all whom the answer names. One who is protected protects the
  // household. NOT_FOUND NOT_A_RESIDENT, as if nobody were here, where another
  // agency asks; FAILED_PRECONDITION NO_AUTOMATIC_ANSWER where a desk of this
  // municipality asks that no officer has allowed for the affair; else as
  // Database::Read.
  absl::Status Check(const agency::CallContext& call,
                     absl::Span<const std::string> subjects,
                     absl::CivilDay today);
  // The same within a transaction of the caller's.
  absl::Status Check(soci::session& sql, const agency::CallContext& call,
                     absl::Span<const std::string> subjects,
                     absl::CivilDay today) const;

  // What Protect refuses, before the mesh is told.
  absl::Status CheckProtect(const Notice& notice,
                            const residents::v1::ProtectRequest& request);
  absl::StatusOr<residents::v1::ProtectResponse> Protect(
      const Notice& notice, const residents::v1::ProtectRequest& request);
  // Ends it for those, too, who were protected with the person. Whoever left
  // the one that he was protected with stays so until it is ended for himself.
  absl::StatusOr<residents::v1::EndProtectionResponse> End(
      const Notice& notice, const residents::v1::EndProtectionRequest& request);
  absl::StatusOr<residents::v1::AllowDeskResponse> AllowDesk(
      const Notice& notice, const residents::v1::AllowDeskRequest& request);

  // Whoever lives with a protected person on `today` and is not kept as
  // protected with that one. Errors as Database::Read.
  absl::StatusOr<std::vector<Companion>> NewCompanions(absl::CivilDay today);
  // Keeps that one is; false, and nothing is kept, where the other is protected
  // no more. Errors as Database::Write.
  absl::StatusOr<bool> Keep(const Companion& companion);
  // Of a person and all who ever were protected with him, those whom nothing
  // protects now. Errors as Database::Read.
  absl::StatusOr<std::vector<std::string>> FreedWith(
      const std::string& subject);

  // Oldest first; `as_of_time` is left to the caller.
  absl::StatusOr<residents::v1::ListProtectionDecisionsResponse> DecisionsOn(
      absl::string_view subject);

 private:
  agency::Database& database_;
  const std::string agency_id_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_PROTECTION_STORE_H_
