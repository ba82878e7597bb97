// A benefit for a whole municipality: looks at every household, tells those who
// are eligible, and pays who did not object. Knows no gRPC server.
#ifndef PSM_SERVICES_BENEFITS_PAYMENT_RUN_H_
#define PSM_SERVICES_BENEFITS_PAYMENT_RUN_H_

#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/account_registry.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/payment_files.h"
#include "services/benefits/run_store.h"
#include "services/programme_rules/programme.h"

namespace psm {

// Runs are worked off one after the other by a thread of its own: of 64
// households, eight are looked at side by side, and the accounts of those that
// are eligible are asked for over one stream. What was found is kept of each by
// itself: a run goes on where it stopped after a restart, and waits where the
// mesh says that it asks too much. Of a household that
// is not eligible nothing is kept, and its account is not asked for. WRITE
// methods are idempotent by the call's exchange id; errors as in
// benefits.proto. Thread-safe. All pointers must outlive the object.
class PaymentRuns {
 public:
  struct Parts {
    const ProgrammeSet* programmes;
    ApplicationDesk* desk;
    EvidenceSource* evidence;
    AccountRegistry* registry;
    agency::Database* database;
    PaymentFiles* payments;
    const Clock* clock;
    Random* random;
  };
  using Take = absl::FunctionRef<absl::Status(const std::string& subject)>;

  explicit PaymentRuns(const Parts& parts);
  ~PaymentRuns();  // finishes the households that are looked at, and no more
  PaymentRuns(const PaymentRuns&) = delete;
  PaymentRuns& operator=(const PaymentRuns&) = delete;

  // Enters the heads of households that `each` gives, all or none, unless there
  // are some. INVALID_ARGUMENT SEED_INVALID; ALREADY_EXISTS for one twice.
  absl::Status ImportHeadsOnce(absl::FunctionRef<absl::Status(Take)> each);

  absl::StatusOr<benefits::v1::StartPaymentRunResponse> Start(
      const agency::CallContext& call,
      const benefits::v1::StartPaymentRunRequest& request);
  absl::StatusOr<benefits::v1::GetPaymentRunResponse> Get(
      const benefits::v1::GetPaymentRunRequest& request);
  absl::StatusOr<benefits::v1::PayRunResponse> Pay(
      const agency::CallContext& call,
      const benefits::v1::PayRunRequest& request);
  absl::StatusOr<benefits::v1::ListNoticesResponse> Notices(
      const benefits::v1::ListNoticesRequest& request);
  absl::StatusOr<benefits::v1::ObjectToPaymentResponse> Object(
      const agency::CallContext& call,
      const benefits::v1::ObjectToPaymentRequest& request);

 private:
  struct Household;

  void Work() PSM_EXCLUDES(mu_);
  // Looks at some pending households. False where no run has any;
  // RESOURCE_EXHAUSTED QUOTA_EXCEEDED where the mesh would not answer about all
  // of them now; else an error of the database.
  absl::StatusOr<bool> WorkOnSome() PSM_EXCLUDES(mu_);
  // Each looked at, but for those that a stop leaves as they are.
  void CollectAll(const Inquiry& inquiry, const Programme& programme,
                  std::vector<Household>& households) PSM_EXCLUDES(mu_);
  void CollectIfEligible(const Inquiry& inquiry, const Programme& programme,
                         Household& household);
  // What becomes of a household of which something is missing.
  static void TakeMissing(const absl::Status& missing, Household& household);
  // Of those that are eligible, all over one stream.
  void AskForTheirAccounts(const Inquiry& inquiry, const Programme& programme,
                           std::vector<Household>& households);
  // `programme` is null only where nobody is notified.
  absl::Status Keep(const PaymentRun& run, const Programme* programme,
                    Household& household);
  bool Stopping() PSM_EXCLUDES(mu_);

  const Parts parts_;
  Mutex mu_;
  CondVar wake_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  bool work_ PSM_GUARDED_BY(mu_) = true;  // of the life before
  std::thread worker_;                    // the last member: uses all others
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAYMENT_RUN_H_
