// Who may act for whom, as what, until when. Knows no gRPC.
#ifndef PSM_SERVICES_IDENTITY_REPRESENTATIONS_H_
#define PSM_SERVICES_IDENTITY_REPRESENTATIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"

namespace psm::identity {

// The numbers are kept in the database, and are those of the proto.
enum class RepresentativeKind { kParent = 1, kGuardian = 2 };

inline constexpr int kAdultAge = 18;  // Civil Code, art. 4
inline constexpr absl::Duration kLongestGuardianship = absl::Hours(24 * 1826);

struct StoredRepresentation {
  std::string id;
  std::string subject;         // who is represented; identity's code
  std::string representative;  // identity's code
  RepresentativeKind kind = RepresentativeKind::kParent;
  absl::Time start_time;
  absl::Time expire_time;  // exclusive
  bool ended = false;      // before that
};

// Thread-safe. What it is given must outlive it. What takes a session works
// within the caller's transaction.
class Representations {
 public:
  Representations(agency::Database* database, const Clock* clock)
      : database_(database), clock_(clock) {}

  // The end of a representation between two card holders that begins now:
  // `wanted`, or where that is absent or later the latest possible one.
  // NOT_FOUND PERSON_UNKNOWN; FAILED_PRECONDITION REPRESENTATION_NOT_POSSIBLE
  // for oneself, by a minor or somebody who has died, for an adult child, or an
  // end that has passed. Fills in `representative` by the card.
  absl::Status Complete(soci::session& sql, absl::string_view card_serial,
                        std::optional<absl::Time> wanted,
                        StoredRepresentation& representation) const;

  // The one that is in force between the two of `representation` in the same
  // kind; nullopt where there is none. There is never a second one.
  std::optional<StoredRepresentation> Standing(
      soci::session& sql, const StoredRepresentation& representation) const;

  static void Insert(soci::session& sql,
                     const StoredRepresentation& representation);

  // Ends a person's representation and gives the time: now, or that of the
  // first end. The gateway hears of it as it does of withdrawals, so that its
  // tokens are worth nothing any more. NOT_FOUND
  // REPRESENTATION_UNKNOWN where the person is not represented so.
  absl::StatusOr<absl::Time> End(soci::session& sql, absl::string_view subject,
                                 absl::string_view id) const;

  // Ends all in which the person represents or is represented: the person has
  // died (Civil Code, art. 111).
  static void EndAllOf(soci::session& sql, const std::string& person,
                       absl::Time now);

  // Those of a representative that are in force, in their order.
  absl::StatusOr<std::vector<StoredRepresentation>> Of(
      absl::string_view representative);

  // One of a representative's that is in force. NOT_FOUND
  // REPRESENTATION_UNKNOWN.
  absl::StatusOr<StoredRepresentation> InForce(soci::session& sql,
                                               absl::string_view representative,
                                               absl::string_view id) const;

  // By its id, also one that has ended; nullopt where there never was one.
  absl::StatusOr<std::optional<StoredRepresentation>> Find(
      absl::string_view id);

 private:
  agency::Database* const database_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_REPRESENTATIONS_H_
