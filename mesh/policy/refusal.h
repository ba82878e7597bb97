// What a refusal says: the one place that words policy's errors. Knows no
// agreements but those it is handed.
#ifndef PSM_MESH_POLICY_REFUSAL_H_
#define PSM_MESH_POLICY_REFUSAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "mesh/policy/agreement.h"

namespace psm {

// Why no agreement whatever could allow something.
struct Impediment {
  std::string rule;     // one sentence; empty where there is no impediment
  std::string remedy;   // what would pass instead
  bool by_law = false;  // the method's legal limit
};

// Looks for an impediment: an affair that is none (`affair` is the caller's
// text; empty is well for a transparent method), a legal limit whose purpose
// the affair does not serve, a relying party at a method that is not
// consentable. An affair that is well-formed but unknown serves no purpose.
Impediment FindImpediment(const System& consumer, const MethodPlan& plan,
                          absl::string_view affair, const Directory& directory);

// Of two agreements that are not in force, the one that is likelier to be
// meant: the next to begin, else the last that ended. `a` may be null.
const CompiledAgreement* LikelierMeant(const CompiledAgreement* a,
                                       const CompiledAgreement* b,
                                       absl::Time now);

// "no agreement gives CONSUMER METHOD for affair AFFAIR", and, with
// `other_provider`, that one does with other providers. Never names a provider.
std::string NoAgreementRule(const System& consumer, const MethodPlan& plan,
                            absl::string_view affair, bool other_provider);
// "agreement A ended on ..." or "... begins on ...".
std::string NotInForceRule(const CompiledAgreement& agreement, absl::Time now);

// PERMISSION_DENIED NO_AGREEMENT.
absl::Status NoAgreement(const System& consumer, const MethodPlan& plan,
                         absl::string_view affair, bool other_provider,
                         const Directory& directory);
// PERMISSION_DENIED AGREEMENT_NOT_IN_FORCE.
absl::Status NotInForce(const CompiledAgreement& agreement,
                        const MethodPlan& plan, absl::Time now);
// FAILED_PRECONDITION CONSENT_REQUIRED.
absl::Status ConsentRequired(const CompiledAgreement& agreement,
                             const MethodPlan& plan);
// FAILED_PRECONDITION REPRESENTATION_REQUIRED.
absl::Status RepresentationRequired(const CompiledAgreement& agreement,
                                    const MethodPlan& plan);
// FAILED_PRECONDITION CONSENT_EXPIRED.
absl::Status ConsentExpired(const CompiledAgreement& agreement,
                            const MethodPlan& plan);
// FAILED_PRECONDITION CONSENT_TOO_LONG.
absl::Status ConsentTooLong(const CompiledAgreement& agreement,
                            const MethodPlan& plan);
// PERMISSION_DENIED CONSENT_INVALID: the consent is for another `what`.
absl::Status ConsentForOther(const CompiledAgreement& agreement,
                             const MethodPlan& plan, absl::string_view what);

}  // namespace psm

#endif  // PSM_MESH_POLICY_REFUSAL_H_
