// What systems have asked persons to consent to, and what became of it. Knows
// no tokens' contents, no gRPC.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_REQUESTS_H_
#define PSM_SERVICES_IDENTITY_CONSENT_REQUESTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "services/identity/consent_issuer.h"

namespace psm::identity {

inline constexpr absl::Duration kRequestLifetime = absl::Hours(24 * 7);
inline constexpr int kMostPending = 8;  // of one system to one person

// The numbers are kept in the database.
enum class RequestState { kPending = 1, kGranted = 2, kDeclined = 3 };

// Who asks at the provider. Empty: a system of the mesh asks, in its own name.
struct AskingClient {
  std::string id;         // of the client; two may have one audience
  std::string reference;  // the client's own name of its request
};

struct StoredRequest {
  std::string id;
  AskingClient client;
  ConsentTerms terms;
  std::string purpose;
  absl::Time request_time;
  absl::Time expire_time;  // exclusive; when it ends unanswered
  RequestState state = RequestState::kPending;
  std::vector<std::string> granted;  // attributes
  std::string token;                 // of what was granted; for the consumer
};

// Thread-safe. `database` must outlive it. What takes a session works within
// the caller's transaction. Errors are the database's, but for those named.
class ConsentRequests {
 public:
  explicit ConsentRequests(agency::Database* database) : database_(database) {}

  // Adds a request that is pending. What a client asked before of the same
  // person, under the same reference and in the same words, is that request,
  // whatever became of it; in other words, ALREADY_EXISTS. RESOURCE_EXHAUSTED
  // TOO_MANY_REQUESTS where kMostPending of the consumer's wait for the person
  // at `now`. Returns the request that stands.
  static absl::StatusOr<StoredRequest> Insert(soci::session& sql,
                                              const StoredRequest& request,
                                              absl::Time now);

  // A request about the person; nullopt where there is none, also where it is
  // about another.
  absl::StatusOr<std::optional<StoredRequest>> Find(absl::string_view id,
                                                    absl::string_view subject);

  // Those that wait for the person's answer at `now`, oldest first.
  absl::StatusOr<std::vector<StoredRequest>> Pending(absl::string_view subject,
                                                     absl::Time now);

  // Answers a request that waits at `now`; `granted` empty: declined.
  // FAILED_PRECONDITION REQUEST_ANSWERED where it does not wait: of two answers
  // at once, one is first.
  static absl::Status Answer(soci::session& sql, absl::string_view id,
                             const std::vector<std::string>& granted,
                             absl::string_view token, absl::Time now);

 private:
  agency::Database* const database_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_REQUESTS_H_
