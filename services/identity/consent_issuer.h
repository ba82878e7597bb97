// Makes a consent of what a person agrees to: checked, authorised and recorded
// by the mesh, signed. Stores nothing.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_ISSUER_H_
#define PSM_SERVICES_IDENTITY_CONSENT_ISSUER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "services/identity/card_holders.h"
#include "services/identity/consent_key.h"
#include "services/identity/consent_store.h"
#include "services/identity/mesh_services.h"
#include "soci/soci.h"

namespace psm::identity {

inline constexpr absl::Duration kDefaultConsent = absl::Hours(24 * 30);
inline constexpr absl::Duration kLongestConsent = absl::Hours(24 * 365);

// Who may learn what of whom, for what, for how long.
struct ConsentTerms {
  std::string subject;   // identity's code
  std::string consumer;  // system id
  std::string affair;
  std::string method;
  std::vector<std::string> attributes;
  absl::Duration duration = kDefaultConsent;  // whole seconds
};

// FAILED_PRECONDITION CONSENT_NOT_POSSIBLE, and why.
absl::Status ConsentNotPossible(absl::string_view why);

// Attribute names, sorted and without doubles; empty where one is malformed or
// there are none or more than 32.
std::vector<std::string> AttributesOf(
    const google::protobuf::RepeatedPtrField<std::string>& names);

// How long a consent shall hold: `wanted`, or kDefaultConsent where `given` is
// false. Zero for what is not whole seconds, at most kLongestConsent.
absl::Duration DurationOf(bool given, const google::protobuf::Duration& wanted);

// ConsentNotPossible for terms that no consent can have, whoever agrees.
absl::Status CheckTerms(const ConsentTerms& terms);

// Within the transaction that stores a consent: NOT_FOUND PERSON_UNKNOWN where
// the person holds no card or has died since it was issued.
absl::Status CheckAlive(soci::session& sql, const std::string& subject);

struct IssuedConsent {
  StoredConsent stored;  // to be written with the answer
  std::string token;     // for the consumer
};

// Thread-safe. What it is given must outlive it.
class ConsentIssuer {
 public:
  struct Parts {
    CardHolders* holders;
    const ConsentKey* key;
    Disclosures* disclosures;
    const Clock* clock;
    Random* random;
  };
  explicit ConsentIssuer(const Parts& parts) : parts_(parts) {}

  // Makes the consent and its token, after the mesh has authorised and recorded
  // the disclosure, which serves `call`. `terms` must have passed CheckTerms.
  // NOT_FOUND PERSON_UNKNOWN, also of a person who has died; ConsentNotPossible
  // where the consumer has no agreement for this, and where it would hold too
  // long for what changes something; FAILED_PRECONDITION
  // NO_AUTOMATIC_ANSWER where it would show where a protected person lives;
  // DISCLOSURE_UNAVAILABLE and DISCLOSURE_FAILED, which no contract lists, for
  // the rest.
  absl::StatusOr<IssuedConsent> Issue(const agency::CallContext& call,
                                      const ConsentTerms& terms);

 private:
  const Parts parts_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_ISSUER_H_
