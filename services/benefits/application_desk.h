// Takes applications: asks for the evidence, fills the form, keeps it. What it
// gives is the preview; DecisionDesk uses it. Knows no gRPC server.
#ifndef PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_
#define PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_

#include <set>
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
#include "services/programme_rules/programme.h"

namespace psm {

// Start is idempotent by the call's exchange id, and nothing is kept of one
// that fails. Answers carry everything: what the agreement does not grant, the
// service leaves out. Thread-safe; a method may wait for other agencies, up to
// ten seconds for each round. All pointers must outlive the desk.
class ApplicationDesk {
 public:
  struct Parts {
    std::string agency;  // the agency that runs the programmes: "akatsuki"
    const ProgrammeSet* programmes;
    EvidenceSource* evidence;
    agency::Database* database;
    const Clock* clock;
    Random* random;
  };

  explicit ApplicationDesk(Parts parts) : parts_(std::move(parts)) {}

  // Errors as in benefits.proto.
  absl::StatusOr<benefits::v1::StartApplicationResponse> Start(
      const agency::CallContext& call,
      const benefits::v1::StartApplicationRequest& request);

  // Everything that an application of a household needs, from everybody who
  // holds a part but those of `refused`. EVIDENCE_MISSING (which stands in the
  // log, too), NOT_A_RESIDENT, NOT_HEAD_OF_HOUSEHOLD.
  absl::StatusOr<Application> CollectForHousehold(
      const Inquiry& inquiry, const Programme& programme,
      const std::string& subject, const std::set<std::string>& refused = {});

 private:
  absl::StatusOr<HouseholdEvidence> AskForHousehold(const Inquiry& inquiry,
                                                    const Programme& programme,
                                                    const std::string& subject);
  absl::StatusOr<Application> Collect(const Inquiry& inquiry,
                                      const Programme& programme,
                                      const std::string& subject,
                                      const std::set<std::string>& refused);
  // Keeps an application and the answer about it in one transaction, or gives
  // the answer that a concurrent call of the same exchange has kept.
  absl::StatusOr<std::string> Keep(
      const char* method, const agency::CallContext& call,
      const Application& application,
      absl::FunctionRef<std::string(const std::string& id)> answer);
  // One answer per question, in order, or EVIDENCE_MISSING.
  absl::StatusOr<std::vector<std::vector<linkage::v1::Evidence>>>
  AskForEvidence(const Inquiry& inquiry, const Programme& programme,
                 const std::vector<HouseholdQuestion>& questions);

  const Parts parts_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_APPLICATION_DESK_H_
