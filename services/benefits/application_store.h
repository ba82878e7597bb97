// Applications and decisions in the system's own database. Knows no gRPC and
// asks nobody.
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
  std::string programme;
  std::vector<benefits::v1::FilledField> fields;  // `field` has its id alone
  // Absent while nothing is decided.
  std::optional<benefits::v1::ConfirmApplicationResponse> decision;
};

// One granted payment.
struct GrantedPayment {
  long long number = 0;  // of the application
  std::string programme;
  std::vector<benefits::v1::FilledField> fields;
  std::int64_t amount_yen = 0;
};

// All functions with a session run inside the caller's transaction. Thread-safe
// as sessions are: one thread each.
class ApplicationStore {
 public:
  static absl::Span<const agency::Migration> Migrations();

  // Keeps a new application. SOCI's exceptions pass, for Database to catch.
  static void Insert(soci::session& sql, const std::string& application_id,
                     const Application& application, absl::Time now);

  // NOT_FOUND APPLICATION_UNKNOWN for an id that does not exist, or is not the
  // subject's: the two cannot be told apart.
  static absl::StatusOr<KeptApplication> Find(soci::session& sql,
                                              const std::string& application_id,
                                              const std::string& subject);

  // Whether a member of this application's household was granted the same
  // programme by another application.
  static bool HouseholdWasPaid(soci::session& sql,
                               const KeptApplication& application);

  static void Decide(soci::session& sql, long long number,
                     const benefits::v1::ConfirmApplicationResponse& decision);

  // The payments that belong into a payment file, by application number.
  static std::vector<GrantedPayment> PaymentsOf(soci::session& sql,
                                                const std::string& file);

  // The names of all payment files, sorted.
  static std::vector<std::string> PaymentFiles(soci::session& sql);
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_APPLICATION_STORE_H_
