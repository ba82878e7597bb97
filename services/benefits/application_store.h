// Applications and decisions in the system's own database, and the schema of
// all of it. Knows no gRPC and asks nobody.
#ifndef PSM_SERVICES_BENEFITS_APPLICATION_STORE_H_
#define PSM_SERVICES_BENEFITS_APPLICATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/application.h"

namespace psm {

// An application as it was kept.
struct KeptApplication {
  long long number = 0;  // from 1, in the order of starting
  std::string application_id;
  std::string programme;
  std::string subject;
  std::string run_id;  // of the payment run that made it; "" for an applicant's
  std::string account_etag;  // "" where the account is none of the registry's
  absl::Time ask_time;       // when its evidence was asked for
  bool confirmed = false;
  bool withdrawn = false;
  int household_size = 0;
  std::vector<benefits::v1::FilledField> fields;  // `field` has its id alone
  // Absent while nothing is decided.
  std::optional<benefits::v1::ConfirmApplicationResponse> decision;
};

// All functions run inside the caller's transaction; SOCI's exceptions pass,
// for Database to catch. Thread-safe as sessions are: one thread each.
class ApplicationStore {
 public:
  static absl::Span<const agency::Migration> Migrations();

  // Keeps a new application, of a payment run or of nobody's ("").
  static void Insert(soci::session& sql, const std::string& application_id,
                     const Application& application, absl::Time now,
                     const std::string& run_id = "");

  // NOT_FOUND APPLICATION_UNKNOWN for an id that does not exist, or is not the
  // subject's: the two cannot be told apart.
  static absl::StatusOr<KeptApplication> Find(soci::session& sql,
                                              const std::string& application_id,
                                              const std::string& subject);

  // Whether a member of this application's household was granted the same
  // programme by another application.
  static bool HouseholdWasPaid(soci::session& sql,
                               const KeptApplication& application);
  static bool WasPaid(soci::session& sql, const std::string& programme,
                      const std::vector<std::string>& members);

  // That the applicant confirmed it; later times change nothing.
  static void Confirm(soci::session& sql, long long number, absl::Time now);

  // Puts a value and where it comes from ("" of a paper) in place of what a
  // field has.
  static void SetValue(soci::session& sql, long long number,
                       const std::string& field, int member,
                       const std::string& value, const std::string& provider);

  // That the account on the form is not the registry's any more.
  static void ForgetAccount(soci::session& sql, long long number);

  // Takes it back and erases all values. When it was withdrawn (seconds since
  // 1970): at the first time.
  static long long Withdraw(soci::session& sql, long long number,
                            absl::Time now);

  static void Decide(soci::session& sql, long long number,
                     const benefits::v1::ConfirmApplicationResponse& decision);

  // Keeps an objection to the decision.
  static void Object(soci::session& sql, long long number,
                     const std::string& text, absl::Time now);
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_APPLICATION_STORE_H_
