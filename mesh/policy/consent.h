// Consent tokens (JWS ES256, typ psm-consent+jwt) and what is known of their
// issuer's keys and withdrawals.
#ifndef PSM_MESH_POLICY_CONSENT_H_
#define PSM_MESH_POLICY_CONSENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/signing_key.h"
#include "psm/consent/v1/consent_feed.pb.h"

namespace psm {

// What a consent token says. Claims: iss, aud, sub, jti, iat, exp, and
// psm_consumer, psm_affair, psm_method, psm_attributes.
struct Consent {
  std::string id;        // jti
  std::string subject;   // sub: the person by the consumer's own code (or
                         // relying-party sub)
  std::string consumer;  // system id
  std::string affair;
  std::string method;  // "psm.identity.v1.BasicItemsService/GetBasicItems"
  std::vector<std::string> attributes;
  absl::Time issue_time;
  absl::Time expire_time;  // exclusive
};

inline constexpr char kConsentIssuer[] =
    "spiffe://psm.test/agency/identity/system/identity";
inline constexpr char kConsentAudience[] = "psm-mesh";
inline constexpr std::size_t kMaxConsentTokenSize = 8192;  // bytes

// Makes a token. For identity.
absl::StatusOr<std::string> SignConsent(const Consent& consent,
                                        const SigningKey& key,
                                        absl::string_view kid);

// What the gateway knows about the issuer: keys, withdrawals, and how old that
// knowledge is. Thread-safe; shared by all workers.
class ConsentState {
 public:
  // Knowledge older than `max_age` is no knowledge.
  explicit ConsentState(absl::Duration max_age) : max_age_(max_age) {}

  // Takes an answer of ConsentFeedService. `asked_at`: monotonic time just
  // before the question was sent. Keys that do not parse are skipped and
  // logged; keys replace the earlier set.
  void Update(const consent::v1::GetFeedResponse& feed, absl::Duration asked_at)
      PSM_EXCLUDES(mu_);

  // The sequence to ask after.
  std::uint64_t sequence() const PSM_EXCLUDES(mu_);

  // Verifies a token: alg ES256 and nothing else, typ psm-consent+jwt, kid of a
  // known key, no jku/jwk/x5u/crit, signature, iss, aud, every claim present
  // and of the right type. PERMISSION_DENIED CONSENT_INVALID for all of these
  // (one text for each cause); FAILED_PRECONDITION CONSENT_EXPIRED where exp
  // has passed or iat lies more than a minute ahead. Signature verification is
  // cached by the token's SHA-256, under the current keys, bounded.
  absl::StatusOr<std::shared_ptr<const Consent>> Verify(absl::string_view token,
                                                        absl::Time now)
      PSM_EXCLUDES(mu_);

  // Whether a consent holds. FAILED_PRECONDITION CONSENT_WITHDRAWN; UNAVAILABLE
  // CONSENT_STATE_STALE where knowledge is older than max_age.
  absl::Status CheckInForce(absl::string_view consent_id,
                            absl::Duration monotonic_now) const
      PSM_EXCLUDES(mu_);

 private:
  const absl::Duration max_age_;
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<const VerifyingKey>> keys_
      PSM_GUARDED_BY(mu_);
  absl::flat_hash_set<std::string> withdrawn_ PSM_GUARDED_BY(mu_);
  std::uint64_t sequence_ PSM_GUARDED_BY(mu_) = 0;
  absl::Duration asked_at_ PSM_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  absl::flat_hash_map<std::string, std::shared_ptr<const Consent>> verified_
      PSM_GUARDED_BY(mu_);  // by token digest
};

}  // namespace psm

#endif  // PSM_MESH_POLICY_CONSENT_H_
