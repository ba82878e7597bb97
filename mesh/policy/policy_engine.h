// Decides whether an exchange may happen: agreements and legal basis in, a
// Permit out. Deny by default. Knows nothing of messages or transports.
#ifndef PSM_MESH_POLICY_POLICY_ENGINE_H_
#define PSM_MESH_POLICY_POLICY_ENGINE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"
#include "mesh/policy/agreement.h"
#include "mesh/policy/consent.h"

namespace psm {

// What somebody wants to do, as far as policy looks at it. Pointers may come
// from an older configuration: systems and methods are compared by name.
struct Question {
  const System* consumer = nullptr;  // required
  const MethodPlan* plan = nullptr;  // required
  // As the consumer wrote it. Transparent methods may leave it empty: then an
  // agreement for any affair will do.
  absl::string_view affair;
  const System* provider = nullptr;  // required
  AttributeMask wanted = 0;  // attributes of the plan; used for explanations
                             // only, the Permit carries what is granted
  // The consent token as presented, verified; null where none came.
  const Consent* consent = nullptr;
  // The representation token likewise: for this consumer, and the person asked
  // about.
  const Representation* representation = nullptr;
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
  // An agreement in force covers it. With `needs_consent` its basis is the
  // subject's consent, so each call must also carry a consent token.
  bool allowed = false;
  bool needs_consent = false;
  // The rule that refused, or the agreement that allows, in one English
  // sentence.
  std::string rule;
  // A configuration file (textproto) with an agreement that would allow it;
  // empty where it is allowed, and where no agreement could.
  std::string missing_agreement;
  // Agreements that differ in one thing, the closest first, at most ten:
  // "<agreement id>: <what differs>".
  std::vector<std::string> near;
};

// All agreements of one configuration. Immutable, thread-safe. Permits point
// into it: keep it (with its directory and contracts) until they are gone.
class PolicyEngine {
 public:
  // Checks every agreement against directory and contracts. INVALID_ARGUMENT,
  // reason CONFIGURATION_INVALID, with the place from the configuration's
  // origins, when: consumer, affair, method or attribute is unknown; a provider
  // does not provide the method's service, or nobody does; a basis is missing;
  // consent for a method that is not consentable; the affair lacks the purpose
  // that a method's legal limit demands (the statute is named); dates
  // malformed; a relying party acts on a statute; two grants in force at the
  // same time cover one (consumer, affair, method, provider, basis).
  static absl::StatusOr<std::shared_ptr<const PolicyEngine>> Create(
      const Configuration& configuration,
      std::shared_ptr<const Directory> directory,
      std::shared_ptr<const ContractSet> contracts);

  // Grants a permit for one exchange. One look-up, no allocation where the
  // basis is a statute. PERMISSION_DENIED NO_AGREEMENT (metadata consumer,
  // method, affair and rule; statute_ja and statute_en where a legal limit
  // refuses); PERMISSION_DENIED AGREEMENT_NOT_IN_FORCE (also agreement,
  // valid_from, valid_through); FAILED_PRECONDITION CONSENT_REQUIRED and
  // CONSENT_EXPIRED, PERMISSION_DENIED CONSENT_INVALID (other consumer, affair
  // or method, or none of the agreed attributes), all three with agreement.
  // Never names the provider: which one was chosen may say where a person
  // lives. FAILED_PRECONDITION REPRESENTATION_REQUIRED and PERMISSION_DENIED
  // REPRESENTATION_INVALID where the affair is a representative's and no token
  // came, or one as something else; or is not, and one came. Whether the
  // consent's person is the exchange's subject, and whether
  // the consent was withdrawn, the exchange checks: only it can decode codes,
  // only ConsentState knows withdrawals. Does not look at whether anything
  // exists at a provider. A statute-based agreement is preferred to a
  // consent-based one.
  absl::StatusOr<Permit> Authorise(const Question& question) const;

  // Whether any agreement of the consumer covers a method at all, whatever the
  // provider, and whether or not it needs a consent: asked before a provider is
  // chosen, so that routing tells nobody anything. NO_AGREEMENT and
  // AGREEMENT_NOT_IN_FORCE as Authorise, and for `representation` likewise.
  absl::Status MayCall(const System& consumer, const MethodPlan& plan,
                       absl::string_view affair, absl::Time now,
                       const Representation* representation = nullptr) const;

  // An agreement in force that covers the method, whatever the provider, and
  // withholds its records from the person; null where there is none. For a call
  // that says too little for a permit, and whose refusal would betray the rest.
  const CompiledAgreement* FindWithholding(const System& consumer,
                                           const MethodPlan& plan,
                                           absl::string_view affair,
                                           absl::Time now) const;

  // Whether a permit given earlier, perhaps by an older engine, would be given
  // again now, on the same basis, with at least its attributes; the agreement
  // itself may have changed its id or version. PERMISSION_DENIED
  // AGREEMENT_NOT_IN_FORCE or FAILED_PRECONDITION CONSENT_EXPIRED where not.
  absl::Status Recheck(const Permit& permit, absl::Time now) const;

  // Whether an agreement in force gives the consumer any life events for the
  // affair. NO_AGREEMENT and AGREEMENT_NOT_IN_FORCE as Authorise.
  absl::Status MaySubscribe(const System& consumer, absl::string_view affair,
                            absl::Time now) const;

  // Whether an agreement in force lets the consumer read records, kPersons' or
  // kCorporations', for the affair. NO_AGREEMENT and AGREEMENT_NOT_IN_FORCE as
  // Authorise.
  absl::Status MayReadRecords(const System& consumer, absl::string_view whose,
                              absl::string_view affair, absl::Time now) const;

  // The agreement in force, on that basis, that gives the consumer such events
  // of `publisher`, the first by id; null where there is none. Whose consents
  // there are, the subscription knows. With `any_publisher`, only one
  // that names no publishers will do: what is delivered under it does not say
  // whose event it is.
  const CompiledAgreement* FindEvents(const System& consumer,
                                      absl::string_view affair,
                                      absl::string_view type,
                                      absl::string_view publisher,
                                      bool any_publisher, bool by_consent,
                                      absl::Time now) const;

  // The agreement in force under which persons may consent that the consumer is
  // told of events of all these types, whoever publishes them; null where there
  // is none.
  const CompiledAgreement* FindConsentableEvents(
      const System& consumer, absl::string_view affair,
      const std::vector<std::string>& types, absl::Time now) const;

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
  // Points into directory and contracts. `affair` is empty in the second entry
  // that each grant of a transparent method has.
  struct Key {
    absl::string_view consumer;
    absl::string_view affair;
    absl::string_view method;
    friend bool operator==(const Key& a, const Key& b) {
      return a.method == b.method && a.affair == b.affair &&
             a.consumer == b.consumer;
    }
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.consumer, key.affair, key.method);
    }
  };
  // A grant that could apply.
  struct Candidate {
    const CompiledAgreement* agreement;
    const CompiledGrant* grant;
    const std::vector<const System*>* providers;  // sorted by id; never empty

    // This directory's system of that id, or null where it is not covered.
    const System* FindProvider(absl::string_view id) const;
  };

  PolicyEngine() = default;

  absl::Status Add(const Configuration& configuration,
                   const config::v1::Agreement& agreement);
  absl::Status CheckOverlaps(const Configuration& configuration) const;
  // The candidates of a key; empty where there are none.
  const std::vector<Candidate>& CandidatesFor(const Key& key) const;
  // Whether an agreement of own_ lets the consumer use the method, and of
  // RecordsPlan() these attributes.
  absl::Status MayUse(const System& consumer, const MethodPlan& plan,
                      AttributeMask records, absl::string_view affair,
                      absl::Time now) const;
  // Agreements that differ from the question in one thing; see
  // Explanation::near.
  std::vector<std::string> NearTo(const Key& key, const System* provider,
                                  absl::Time now) const;
  // The configuration file that allows what is asked.
  std::string MissingAgreement(const System& consumer, const MethodPlan& plan,
                               absl::string_view affair, const System* provider,
                               absl::Time now) const;

  std::shared_ptr<const Directory> directory_;
  std::shared_ptr<const ContractSet> contracts_;
  std::vector<std::unique_ptr<CompiledAgreement>> agreements_;
  std::vector<const CompiledAgreement*> list_;
  absl::flat_hash_map<Key, std::vector<Candidate>> candidates_;
  // Of the gateway's own methods, EventsPlan() and RecordsPlan(): those that
  // grant them, each in the order of list_.
  absl::flat_hash_map<Key, std::vector<const CompiledAgreement*>> own_;
};

// The contract of life events, as records and refusals name it: no provider
// has it.
const MethodPlan& EventsPlan();

}  // namespace psm

#endif  // PSM_MESH_POLICY_POLICY_ENGINE_H_
