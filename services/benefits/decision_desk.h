// Decides applications: what the applicant confirmed, held against the
// programme's rules. Asks nobody but the account registry, whether the account
// of the preview is still the one.
#ifndef PSM_SERVICES_BENEFITS_DECISION_DESK_H_
#define PSM_SERVICES_BENEFITS_DECISION_DESK_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/account_registry.h"
#include "services/benefits/application_store.h"
#include "services/benefits/payment_files.h"
#include "services/programme_rules/programme.h"

namespace psm {

// The decision on an application that is complete: by the programme's rules,
// and whether the household was paid before. Grants nothing by itself.
benefits::v1::ConfirmApplicationResponse DecisionOn(
    const Programme& programme, const KeptApplication& application,
    bool was_paid, absl::Time now);

// Decides, and where it is granted adds the payment, into `file`: one
// transaction's work. INVALID_ARGUMENT where the account on a form takes no
// transfer.
absl::StatusOr<benefits::v1::ConfirmApplicationResponse> DecideAndPay(
    soci::session& sql, const Programme& programme,
    const KeptApplication& application, const std::string& file,
    absl::Time now);

// All methods are idempotent by the call's exchange id; errors as in
// benefits.proto. Thread-safe. All pointers must outlive the desk.
class DecisionDesk {
 public:
  DecisionDesk(const ProgrammeSet* programmes, AccountRegistry* registry,
               agency::Database* database, PaymentFiles* payments,
               const Clock* clock)
      : programmes_(*programmes),
        registry_(*registry),
        database_(*database),
        payments_(*payments),
        clock_(*clock) {}

  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> Confirm(
      const agency::CallContext& call,
      const benefits::v1::ConfirmApplicationRequest& request);
  absl::StatusOr<benefits::v1::WithdrawApplicationResponse> Withdraw(
      const agency::CallContext& call,
      const benefits::v1::WithdrawApplicationRequest& request);
  absl::StatusOr<benefits::v1::EnterPaperResponse> EnterPaper(
      const agency::CallContext& call,
      const benefits::v1::EnterPaperRequest& request);
  absl::StatusOr<benefits::v1::ObjectToDecisionResponse> Object(
      const agency::CallContext& call,
      const benefits::v1::ObjectToDecisionRequest& request);

 private:
  // The application and its programme, for a step before the decision.
  struct Open {
    KeptApplication application;
    const Programme* programme;
  };
  absl::StatusOr<Open> FindOpen(soci::session& sql, const std::string& id,
                                const std::string& subject) const;
  // Before the transaction of a step that may pay. FAILED_PRECONDITION
  // ACCOUNT_CHANGED where the registry's account on the form is another since
  // it was asked for, is gone or waits; UNAVAILABLE ACCOUNTS_UNAVAILABLE. OK
  // where `method` has answered the call, or nothing can be paid by it; else
  // errors of FindOpen.
  absl::Status CheckAccount(const agency::CallContext& call, const char* method,
                            const std::string& id, const std::string& subject);
  // Decides, or says which papers are waited for.
  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> DecideIfComplete(
      soci::session& sql, const Open& open, absl::Time now) const;
  // After the commit, and again at every retry: the file follows the database.
  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> WithFile(
      benefits::v1::ConfirmApplicationResponse decision);

  const ProgrammeSet& programmes_;
  AccountRegistry& registry_;
  agency::Database& database_;
  PaymentFiles& payments_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_DECISION_DESK_H_
