// Payment runs in the system's own database: each household's entry and what
// became of it. Asks nobody.
#ifndef PSM_SERVICES_BENEFITS_RUN_STORE_H_
#define PSM_SERVICES_BENEFITS_RUN_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "soci/soci.h"

namespace psm {

// What became of a household in a run. The numbers are kept.
enum class EntryState {
  kPending = 0,
  kNotified = 1,
  kNotEligible = 2,
  kWithoutAccount = 3,
  kFailed = 4,
  kAlreadyPaid = 5,
  kObjected = 6,
  kAccountChanged = 7,
  kPaid = 8,
  kWithoutTaxRecord = 9,
};

struct RunEntry {
  std::string run_id;
  std::string subject;  // the head of the household
  EntryState state = EntryState::kPending;
  std::string application_id;  // where it was notified
};

struct PaymentRun {
  std::string run_id;
  std::string programme;
  absl::Time start_time;
  int objection_days = 0;
  absl::Time finish_time = absl::InfinitePast();  // past: some are pending
  bool paid = false;
  std::string file;

  bool finished() const { return finish_time != absl::InfinitePast(); }
  // From when on it may be paid. Only where it is finished.
  absl::Time PayAfter() const {
    return finish_time + absl::Hours(24) * objection_days;
  }
};

// All functions run inside the caller's transaction, in tables of
// ApplicationStore::Migrations(). SOCI's exceptions pass.
class RunStore {
 public:
  // The heads of all households, unless there are some.
  static bool HasHeads(soci::session& sql);
  static void AddHead(soci::session& sql, const std::string& subject);

  // A new run over all heads; gives how many.
  static int Insert(soci::session& sql, const PaymentRun& run);
  // NOT_FOUND RUN_UNKNOWN.
  static absl::StatusOr<PaymentRun> Find(soci::session& sql,
                                         const std::string& run_id);
  // Ids of runs that are not finished, oldest first.
  static std::vector<std::string> Unfinished(soci::session& sql);
  static void Finish(soci::session& sql, const std::string& run_id,
                     absl::Time now);
  static void NotePaid(soci::session& sql, const std::string& run_id,
                       const std::string& file, absl::Time now);

  // Entries of a run in a state, by subject, at most `limit`.
  static std::vector<RunEntry> Entries(soci::session& sql,
                                       const std::string& run_id,
                                       EntryState state, int limit);
  // All entries of a person that came with a notice, newest run first.
  static std::vector<RunEntry> NoticesOf(soci::session& sql,
                                         const std::string& subject);
  static std::optional<RunEntry> FindEntry(soci::session& sql,
                                           const std::string& run_id,
                                           const std::string& subject);
  static void SetEntry(soci::session& sql, const RunEntry& entry);

  static benefits::v1::GetPaymentRunResponse Count(soci::session& sql,
                                                   const std::string& run_id);
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_RUN_STORE_H_
