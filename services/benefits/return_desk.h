// What comes back from the bank: reads the file of returns, opens payments
// again, and pays them into another account.
#ifndef PSM_SERVICES_BENEFITS_RETURN_DESK_H_
#define PSM_SERVICES_BENEFITS_RETURN_DESK_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/account_registry.h"
#include "services/benefits/evidence_source.h"
#include "services/benefits/payment_files.h"
#include "services/benefits/payment_store.h"
#include "services/programme_rules/programme.h"

namespace psm {

// Both methods are idempotent by the call's exchange id; errors as in
// benefits.proto. Thread-safe. All pointers must outlive the desk.
class ReturnDesk {
 public:
  struct Parts {
    const ProgrammeSet* programmes;
    EvidenceSource* evidence;
    AccountRegistry* registry;
    agency::Database* database;
    PaymentFiles* payments;
    const Clock* clock;
  };

  explicit ReturnDesk(const Parts& parts) : parts_(parts) {}

  // The whole file or nothing of it. The registry is told after the commit, and
  // what it could not be told of, with the next file or the same one again.
  absl::StatusOr<benefits::v1::TakeReturnFileResponse> Take(
      const agency::CallContext& call,
      const benefits::v1::TakeReturnFileRequest& request);

  absl::StatusOr<benefits::v1::RetryPaymentResponse> Retry(
      const agency::CallContext& call,
      const benefits::v1::RetryPaymentRequest& request);

 private:
  // How many are still to be told.
  absl::StatusOr<int> TellRegistry(const agency::CallContext& call);

  const Parts parts_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_RETURN_DESK_H_
