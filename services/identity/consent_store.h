// What identity remembers of consents: given, and withdrawn. Knows no tokens,
// no gRPC.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_STORE_H_
#define PSM_SERVICES_IDENTITY_CONSENT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"

namespace psm::identity {

// A consent as its giver knows it; the token is not kept here.
struct StoredConsent {
  std::string id;
  std::string subject;   // identity's own code
  std::string consumer;  // system id
  std::string affair;
  std::string method;
  std::vector<std::string> attributes;
  absl::Time grant_time;
  absl::Time expire_time;                   // exclusive
  std::optional<absl::Time> withdraw_time;  // nullopt: never withdrawn
};

struct StoredWithdrawal {
  std::string consent_id;
  std::uint64_t sequence = 0;  // from 1, without gaps
};

// The truth about withdrawals: the gateway follows it. Thread-safe. `database`
// must outlive it.
class ConsentStore {
 public:
  explicit ConsentStore(agency::Database* database) : database_(database) {}

  // Adds a consent within the caller's transaction. `withdraw_time` is not
  // looked at.
  static void Insert(soci::session& sql, const StoredConsent& consent);

  // The person's consents, newest first.
  absl::StatusOr<std::vector<StoredConsent>> List(absl::string_view subject);

  // Withdraws a consent of the person and gives the time: `now`, or that of the
  // first withdrawal. Durable when it returns. NOT_FOUND CONSENT_UNKNOWN where
  // the person gave no such consent, whether or not another person did.
  absl::StatusOr<absl::Time> Withdraw(absl::string_view subject,
                                      absl::string_view consent_id,
                                      absl::Time now);

  // Withdraws, within the caller's transaction, all of a person's consents that
  // are not withdrawn yet: the person has died.
  static void WithdrawAll(soci::session& sql, const std::string& subject,
                          absl::Time now);

  // At most `limit` withdrawals after a sequence, oldest first, without a gap.
  // FAILED_PRECONDITION FEED_BEHIND where there never was such a sequence: this
  // database is older than what the asker knows.
  absl::StatusOr<std::vector<StoredWithdrawal>> WithdrawalsAfter(
      std::uint64_t sequence, int limit = 1000);

  // The sequence of the newest withdrawal; 0 where there is none.
  absl::StatusOr<std::uint64_t> LastSequence();

 private:
  agency::Database* const database_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_STORE_H_
