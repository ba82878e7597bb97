// The steps of an exchange. Each takes the value that the step before returned
// and cannot be called without it, so that none can be left out or moved.
#ifndef PSM_MESH_EXCHANGE_STEPS_H_
#define PSM_MESH_EXCHANGE_STEPS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/exchange/draft.h"

namespace psm {

// A peer that is a system of the mesh with a certificate in force.
class Caller {
 public:
  const System& system() const { return *system_; }

 private:
  friend absl::StatusOr<Caller> Authenticate(Environment&, const Ask&,
                                             const PolicyEngine&);
  explicit Caller(const System& system) : system_(&system) {}
  const System* system_;
};

// A caller that has not used up its allowance, and the contract of what it
// calls.
class Contracted {
 public:
  const System& consumer() const { return *consumer_; }
  const MethodPlan& plan() const { return *plan_; }

 private:
  friend absl::StatusOr<Contracted> ResolveContract(const Ask&,
                                                    const PolicyEngine&, Caller,
                                                    Draft&);
  Contracted(const System& consumer, const MethodPlan& plan)
      : consumer_(&consumer), plan_(&plan) {}
  const System* consumer_;
  const MethodPlan* plan_;
};

// Whom it is about.
class Identified {
 public:
  const System& consumer() const { return contracted_.consumer(); }
  const MethodPlan& plan() const { return contracted_.plan(); }
  const std::optional<PersonNumber>& person() const { return person_; }
  const Consent* consent() const { return consent_.get(); }
  // That somebody acts for the person; null where nobody does.
  const Representation* representation() const { return representation_.get(); }
  bool subject_in_message() const { return subject_in_message_; }

 private:
  friend absl::StatusOr<Identified> IdentifySubjects(Environment&, const Ask&,
                                                     Contracted, Draft&);
  explicit Identified(Contracted contracted) : contracted_(contracted) {}
  Contracted contracted_;
  std::optional<PersonNumber>
      person_;  // from the request, or from the consent token
  std::shared_ptr<const Consent> consent_;  // verified; null where none came
  std::shared_ptr<const Representation> representation_;  // likewise
  bool subject_in_message_ = false;
};

// It may happen.
class Authorised {
 public:
  const Identified& identified() const { return identified_; }
  const Permit& permit() const { return permit_; }
  // Attributes of the answer that are withheld because the person is protected.
  AttributeMask hidden() const { return hidden_; }

 private:
  friend absl::StatusOr<Authorised> Authorise(Environment&, const Ask&,
                                              const PolicyEngine&, Identified,
                                              Draft&);
  Authorised(Identified identified, Permit permit, AttributeMask hidden)
      : identified_(std::move(identified)),
        permit_(std::move(permit)),
        hidden_(hidden) {}
  Identified identified_;
  Permit permit_;
  AttributeMask hidden_;
};

// The request in the provider's terms.
struct Encoded {
  Authorised authorised;
  ProviderRequest request;
};

// What the provider answered, in its terms.
struct Provided {
  Authorised authorised;
  std::string message;
};

// The answer in the consumer's terms, with nothing beyond the agreement.
struct Minimised {
  Authorised authorised;
  std::string message;
};

// An answer that may still be released.
class Rechecked {
 public:
  const Authorised& authorised() const { return minimised_.authorised; }
  std::string TakeMessage() { return std::move(minimised_.message); }

 private:
  friend absl::StatusOr<Rechecked> Recheck(Environment&, const Ask&, Minimised);
  explicit Rechecked(Minimised minimised) : minimised_(std::move(minimised)) {}
  Minimised minimised_;
};

// An answer whose record is durable: the only thing that can be released.
class Durable {
 public:
  std::string TakeMessage() { return std::move(message_); }
  const Recorded& recorded() const { return recorded_; }

 private:
  friend Task<absl::StatusOr<Durable>> RecordDurably(Environment&, Rechecked&,
                                                     Draft&);
  Durable(std::string message, Recorded recorded)
      : message_(std::move(message)), recorded_(std::move(recorded)) {}
  std::string message_;
  Recorded recorded_;
};

// Errors of Peer::CheckCertificate; PERMISSION_DENIED UNKNOWN_SYSTEM.
absl::StatusOr<Caller> Authenticate(Environment& env, const Ask& ask,
                                    const PolicyEngine& policy);

// RESOURCE_EXHAUSTED QUOTA_EXCEEDED (metadata retry_after_ms) for a caller that
// sent too many codes that are not its own: nobody enumerates.
absl::Status Admit(Environment& env, const Caller& caller);

// Takes one of the tokens that Admit looks at: somebody sent a code that is not
// its agency's own.
void CountForeignCode(Environment& env, const System& consumer);

// UNIMPLEMENTED UNKNOWN_METHOD; INVALID_ARGUMENT AFFAIR_REQUIRED.
absl::StatusOr<Contracted> ResolveContract(const Ask& ask,
                                           const PolicyEngine& policy,
                                           Caller caller, Draft& draft);

// UNIMPLEMENTED UNKNOWN_METHOD: a transparent method where an exchange is due,
// or the other way round. The configuration changed while the call came in.
absl::Status NotOfThisForm(const MethodPlan& plan);

// Errors of FindNamed, SubjectScope::Decode, ConsentState::Verify and
// VerifyRepresentation;
// INVALID_ARGUMENT CORPORATE_NUMBER_MALFORMED;
// INVALID_ARGUMENT SUBJECT_NOT_ACCEPTED for a relying party that fills a
// subject field; PERMISSION_DENIED CONSENT_INVALID where the consent is another
// person's, and REPRESENTATION_INVALID where the representation is another
// consumer's, or lets nobody act for the person.
absl::StatusOr<Identified> IdentifySubjects(Environment& env, const Ask& ask,
                                            Contracted contracted,
                                            Draft& draft);

// Errors of PolicyEngine; INVALID_ARGUMENT PROVIDER_REQUIRED and
// PROVIDER_UNKNOWN, UNAVAILABLE PROVIDER_UNAVAILABLE where nobody provides the
// service; INVALID_ARGUMENT SUBJECT_REQUIRED; FAILED_PRECONDITION
// NO_AUTOMATIC_ANSWER (protection.h), CONSENT_WITHDRAWN and
// REPRESENTATION_ENDED; UNAVAILABLE CONSENT_STATE_STALE; RESOURCE_EXHAUSTED
// QUOTA_EXCEEDED.
absl::StatusOr<Authorised> Authorise(Environment& env, const Ask& ask,
                                     const PolicyEngine& policy,
                                     Identified identified, Draft& draft);

// Translates the subject for the provider and drops what the agreement does not
// grant.
absl::StatusOr<Encoded> EncodeForProvider(Environment& env, const Ask& ask,
                                          Authorised authorised, Draft& draft);

// Calls the provider. Its own refusals come back with a reason of its contract,
// or PROVIDER_ERROR, and with the contract's words: nothing else that a
// provider writes into a status is passed on.
Task<absl::StatusOr<Provided>> Invoke(Environment& env, const Ask& ask,
                                      Encoded& encoded, Draft& draft);

// Translates the subjects for the consumer, drops attributes beyond the permit
// and what was wanted. INTERNAL PROVIDER_ANSWER_MALFORMED.
absl::StatusOr<Minimised> Minimise(Environment& env, const Ask& ask,
                                   Provided provided, Draft& draft);

// The agreement, the consent, the representation and the certificate as they
// are now, not as they were when it began; errors as theirs.
absl::StatusOr<Rechecked> Recheck(Environment& env, const Ask& ask,
                                  Minimised minimised);

// The same without the answer: once more, after the record.
absl::Status CheckInForce(Environment& env, const Ask& ask,
                          const Authorised& authorised);

// UNAVAILABLE RECORD_NOT_DURABLE. A retry that got the same answer is already
// recorded.
Task<absl::StatusOr<Durable>> RecordDurably(Environment& env,
                                            Rechecked& rechecked, Draft& draft);

// For a WRITE, before the provider is asked. UNAVAILABLE RECORD_NOT_DURABLE.
Task<absl::Status> RecordIntent(Environment& env, Draft& draft);

// ALREADY_EXISTS EXCHANGE_ID_REUSED where the consumer used this exchange id
// for another request within 24 h.
absl::Status CheckExchangeId(Environment& env, const Ask& ask, Draft& draft);

// The provider that the consumer named, the only one there is, or of several
// the one that holds the person, if any, as HoldingRegister knows it
// (MethodPlan::one_holder); errors as Authorise. That nobody holds the person
// and that several do is the same error: who asks learns where nobody lives. To
// be asked only after PolicyEngine::MayCall, so that routing tells nobody
// anything.
absl::StatusOr<const System*> ChooseProvider(
    const Ask& ask, const PolicyEngine& policy, const MethodPlan& plan,
    const HoldingRegister* holdings, const std::optional<PersonNumber>& person);

// How a provider's agency hears of the consent that an exchange rests on: 32
// hexadecimal digits, the same in every exchange by that consent. No two
// agencies hear the same, else they could put together under it what they hold
// of one person.
std::string ConsentIdFor(absl::string_view agency,
                         absl::string_view consent_id);

// A provider's refusal in the contract's words. Text, metadata and unlisted
// reasons of the provider stay behind: they could carry anything. CANCELLED,
// which is the caller's to say, becomes UNAVAILABLE PROVIDER_UNAVAILABLE.
absl::Status InContractWords(const absl::Status& refusal,
                             const MethodPlan& plan, const System& provider);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_STEPS_H_
