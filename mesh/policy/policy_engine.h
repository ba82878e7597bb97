// Decides whether an exchange may happen: agreements and legal basis in, a
// Permit out. Deny by default. Knows nothing of messages or transports.
#ifndef PSM_MESH_POLICY_POLICY_ENGINE_H_
#define PSM_MESH_POLICY_POLICY_ENGINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "mesh/policy/consent.h"

namespace psm {

struct CompiledGrant {
  const MethodPlan* plan = nullptr;
  AttributeMask attributes = 0;
  std::vector<const System*> providers;  // empty: any
};

struct CompiledAgreement {
  std::string id;
  std::uint32_t version = 0;
  const System* consumer = nullptr;
  const Affair* affair = nullptr;
  bool by_consent = false;
  Text statute;  // where not by consent
  std::vector<CompiledGrant> grants;
  absl::Time start_time;  // inclusive
  absl::Time end_time;    // exclusive; infinite future where open
  std::uint32_t max_calls_per_second = 0;
};

// What somebody wants to do, as far as policy looks at it.
struct Question {
  const System* consumer = nullptr;
  const MethodPlan* plan = nullptr;
  absl::string_view affair;
  const System* provider = nullptr;
  AttributeMask wanted = 0;  // attributes of the plan; used for explanations
                             // only, the Permit carries what is granted
  // The consent token as presented, verified; null where none came.
  const Consent* consent = nullptr;
  absl::Time now;
};

// Leave to make one exchange. Only PolicyEngine makes one. Move-only.
class Permit {
 public:
  Permit(Permit&&) = default;
  Permit& operator=(Permit&&) = default;

  const CompiledAgreement& agreement() const { return *agreement_; }
  const MethodPlan& plan() const { return *plan_; }
  const System& provider() const { return *provider_; }
  AttributeMask attributes() const {
    return attributes_;
  }  // granted, already narrowed by the consent
  const std::string& consent_id() const {
    return consent_id_;
  }  // empty: by statute

 private:
  friend class PolicyEngine;
  Permit() = default;
  const CompiledAgreement* agreement_ = nullptr;
  const MethodPlan* plan_ = nullptr;
  const System* provider_ = nullptr;
  AttributeMask attributes_ = 0;
  std::string consent_id_;
  absl::Time consent_expire_time_;
};

// Why a question is answered as it is, for developers: `psm check --why`.
struct Explanation {
  bool allowed = false;
  std::string rule;  // the rule that refused, in one English sentence; or the
                     // agreement that allows
  std::string missing_agreement;  // textproto of an agreement that would allow
                                  // it; empty where no agreement could
  std::vector<std::string>
      near;  // ids of agreements that almost fit, with what differs
};

// All agreements of one configuration. Immutable, thread-safe. Permits point
// into it: keep it (with its directory and contracts) until they are gone.
class PolicyEngine {
 public:
  // Checks every agreement against directory and contracts. INVALID_ARGUMENT,
  // with the place from the configuration's origins, when: consumer, affair,
  // method or attribute is unknown; a provider does not provide the method's
  // service; a basis is missing; consent for a method that is not consentable;
  // the affair lacks the purpose that a method's legal limit demands (the
  // statute is named); dates malformed; a relying party acts on a statute; two
  // agreements in force at the same time cover one (consumer, affair, method,
  // provider, basis).
  static absl::StatusOr<std::shared_ptr<const PolicyEngine>> Create(
      const Configuration& configuration,
      std::shared_ptr<const Directory> directory,
      std::shared_ptr<const ContractSet> contracts);

  // Grants a permit for one exchange. PERMISSION_DENIED: NO_AGREEMENT
  // (metadata: rule, and statute where a legal limit refuses),
  // AGREEMENT_NOT_IN_FORCE; FAILED_PRECONDITION: CONSENT_REQUIRED,
  // CONSENT_EXPIRED; PERMISSION_DENIED: CONSENT_INVALID (other consumer,
  // affair, method). Whether the consent's person is the exchange's subject,
  // and whether the consent was withdrawn, the exchange checks: only it can
  // decode codes, only ConsentState knows withdrawals. Does not look at whether
  // anything exists at a provider. A statute-based agreement is preferred to a
  // consent-based one.
  absl::StatusOr<Permit> Authorise(const Question& question) const;

  // Whether any agreement of the consumer covers a method at all, whatever the
  // provider: asked before a provider is chosen, so that routing tells nobody
  // anything. Errors as Authorise.
  absl::Status MayCall(const System& consumer, const MethodPlan& plan,
                       absl::string_view affair, absl::Time now) const;

  // Whether a permit given earlier, perhaps by an older engine, would be given
  // again now with at least its attributes. PERMISSION_DENIED
  // AGREEMENT_NOT_IN_FORCE or FAILED_PRECONDITION CONSENT_EXPIRED where not.
  absl::Status Recheck(const Permit& permit, absl::Time now) const;

  // Answers as Authorise does, with words. `provider` may be null: any.
  Explanation Explain(const System& consumer, const MethodPlan& plan,
                      absl::string_view affair, const System* provider,
                      absl::Time now) const;

  const std::vector<const CompiledAgreement*>& agreements() const {
    return list_;
  }  // sorted by id
  const Directory& directory() const { return *directory_; }
  const ContractSet& contracts() const { return *contracts_; }

 private:
  PolicyEngine() = default;

  std::shared_ptr<const Directory> directory_;
  std::shared_ptr<const ContractSet> contracts_;
  std::vector<std::unique_ptr<CompiledAgreement>> agreements_;
  std::vector<const CompiledAgreement*> list_;
  // "consumer\naffair\nmethod" -> the grants that could apply.
  struct Candidate {
    const CompiledAgreement* agreement;
    const CompiledGrant* grant;
  };
  absl::flat_hash_map<std::string, std::vector<Candidate>> candidates_;
};

}  // namespace psm

#endif  // PSM_MESH_POLICY_POLICY_ENGINE_H_
