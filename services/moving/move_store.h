// The moves of which notice was given, by the desk's own codes. Knows no gRPC.
#ifndef PSM_SERVICES_MOVING_MOVE_STORE_H_
#define PSM_SERVICES_MOVING_MOVE_STORE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/moving/v1/moving.pb.h"

namespace psm::moving {

// Keeps who moves where and when, and no name: what the certificate says passes
// through. Errors as Database. Thread-safe. `database` must outlive it.
class MoveStore {
 public:
  static absl::Span<const agency::Migration> Migrations();

  explicit MoveStore(agency::Database* database) : database_(*database) {}

  // The answer that this exchange got before, if it did.
  absl::StatusOr<std::optional<v1::StartMoveResponse>> Started(
      const agency::CallContext& call);
  // Once per exchange; gives `response`, or the first one again.
  // `notice_exchange_id`: by which the municipality left got the notice.
  absl::StatusOr<v1::StartMoveResponse> Keep(
      const agency::CallContext& call, const v1::StartMoveRequest& request,
      const v1::StartMoveResponse& response,
      const std::string& notice_exchange_id, absl::Time now);
  // A move as the desk keeps it.
  struct KeptMove {
    std::string move_date, origin, destination;
    std::string applicant;           // "" of moves that were kept before it was
    std::string notice_exchange_id;  // "" too
    bool withdrawn = false;
  };
  // nullopt where there is none, or the person is none of those who move.
  absl::StatusOr<std::optional<KeptMove>> Find(const std::string& move_id,
                                               const std::string& subject);
  // The move is off since `now`, if it is not since earlier.
  absl::Status Withdraw(const std::string& move_id, absl::Time now);
  // Newest first; `as_of_time` is left to the caller.
  absl::StatusOr<v1::ListMovesResponse> MovesOf(absl::string_view subject);

 private:
  agency::Database& database_;
};

}  // namespace psm::moving

#endif  // PSM_SERVICES_MOVING_MOVE_STORE_H_
