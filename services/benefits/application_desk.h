// Takes applications and decides them: asks for the evidence, fills the form,
// keeps it, decides by the programme's rule. Knows no gRPC server.
#ifndef PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_
#define PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "services/benefits/application.h"
#include "services/benefits/evidence_source.h"
#include "services/benefits/payment_files.h"
#include "services/benefits/programme.h"

namespace psm {

// All three methods are idempotent by the call's exchange id, and nothing is
// kept of one that fails. Answers carry everything: what the agreement does not
// grant, the service leaves out. Thread-safe; a method may wait for other
// agencies, up to ten seconds for each round. All pointers must outlive the
// desk.
class ApplicationDesk {
 public:
  struct Parts {
    std::string agency;  // the agency that runs the programmes: "akatsuki"
    const ProgrammeSet* programmes;
    EvidenceSource* evidence;
    agency::Database* database;
    PaymentFiles* payments;
    const Clock* clock;
    Random* random;
  };

  explicit ApplicationDesk(Parts parts) : parts_(std::move(parts)) {}

  // Errors as in benefits.proto.
  absl::StatusOr<benefits::v1::StartApplicationResponse> Start(
      const agency::CallContext& call,
      const benefits::v1::StartApplicationRequest& request);
  absl::StatusOr<benefits::v1::StartBusinessApplicationResponse> StartBusiness(
      const agency::CallContext& call,
      const benefits::v1::StartBusinessApplicationRequest& request);
  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> Confirm(
      const agency::CallContext& call,
      const benefits::v1::ConfirmApplicationRequest& request);

 private:
  absl::StatusOr<const Programme*> FindProgramme(const std::string& id,
                                                 bool for_business) const;
  absl::StatusOr<HouseholdEvidence> AskForHousehold(
      const agency::CallContext& call, const Programme& programme,
      const std::string& subject);
  // Everything that an application needs, from everybody who holds a part.
  absl::StatusOr<Application> CollectForHousehold(
      const agency::CallContext& call, const Programme& programme,
      const std::string& subject);
  absl::StatusOr<Application> CollectForBusiness(
      const agency::CallContext& call, const Programme& programme,
      const std::string& corporate_number);
  // Keeps an application and the answer about it in one transaction, or gives
  // the answer that a concurrent call of the same exchange has kept.
  absl::StatusOr<std::string> Keep(
      const char* method, const agency::CallContext& call,
      const Application& application,
      absl::FunctionRef<std::string(const std::string& id)> answer);
  // One answer per question, in order, or EVIDENCE_MISSING.
  absl::StatusOr<std::vector<std::vector<linkage::v1::Evidence>>>
  AskForEvidence(const agency::CallContext& call, const Programme& programme,
                 const std::vector<linkage::v1::RetrieveRequest>& requests);
  absl::StatusOr<benefits::v1::ConfirmApplicationResponse> Decide(
      soci::session& sql,
      const benefits::v1::ConfirmApplicationRequest& request, absl::Time now);

  const Parts parts_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_
