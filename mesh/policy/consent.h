// Consent tokens (JWS ES256, typ psm-consent+jwt) and what is known of their
// issuer's keys and withdrawals, by which representation tokens are judged too.
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
#include "mesh/policy/representation.h"
#include "mesh/policy/token_form.h"
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

// How long a consent to a method that changes something may hold: later it
// could undo what the person has chosen since.
inline constexpr absl::Duration kLongestWriteConsent = absl::Hours(1);

inline constexpr std::size_t kMaxConsentTokenSize = kMaxTokenSize;

// How many verified tokens are remembered at least; at most twice as many.
inline constexpr std::size_t kConsentCacheSize = 8192;

// Whether it is written as a method is, "package.Service/Method", of such
// characters and such a length as a token may have.
bool IsMethodName(absl::string_view text);

// Makes a token. For identity. Times are cut to whole seconds. INVALID_ARGUMENT
// where Verify would refuse the form of what is signed: ids and names of
// another form, no attribute or more than 64, more than 365 days, a token of
// more than kMaxConsentTokenSize. Publish a key in the feed before signing with
// it.
absl::StatusOr<std::string> SignConsent(const Consent& consent,
                                        const SigningKey& key,
                                        absl::string_view kid);

// What the gateway knows about the issuer: keys, withdrawals, and how old that
// knowledge is. Trusts identity's answers, and nothing that a caller sends.
// Thread-safe; shared by all workers.
class ConsentState {
 public:
  // Knowledge older than `max_age` is no knowledge.
  explicit ConsentState(absl::Duration max_age,
                        std::size_t cache_size = kConsentCacheSize)
      : max_age_(max_age), cache_size_(cache_size) {}

  // Takes an answer of ConsentFeedService. `asked_at`: monotonic time just
  // before the question was sent. Keys that do not parse are skipped and
  // logged; keys replace the earlier set, unless this answer is to an older
  // question than that set's; tokens of a key that is gone, or now another,
  // must be verified anew. Withdrawals bind at once and for good. Where a
  // sequence number is missing between what was known and this answer, its
  // withdrawals bind but knowledge does not become fresher: the next question
  // asks for the gap again. Nor does an answer that says that there is more
  // make it fresher.
  void Update(const consent::v1::GetFeedResponse& feed, absl::Duration asked_at)
      PSM_EXCLUDES(mu_);

  // The sequence to ask after.
  std::uint64_t sequence() const PSM_EXCLUDES(mu_);

  // Verifies a token: exactly three parts of base64url, alg ES256 and nothing
  // else, typ psm-consent+jwt, kid of a known key, no other header member,
  // signature, iss, aud, every claim present once and of the right type, no
  // other claim, at most 365 days. PERMISSION_DENIED CONSENT_INVALID for all of
  // these (one text for each cause); FAILED_PRECONDITION CONSENT_EXPIRED where
  // exp has passed or iat lies more than a minute ahead; UNAVAILABLE
  // CONSENT_STATE_STALE before the first Update. Signature verification is
  // cached by the token's SHA-256, under the current keys, bounded. Says
  // nothing of withdrawal or freshness: ask CheckInForce in every call.
  absl::StatusOr<std::shared_ptr<const Consent>> Verify(absl::string_view token,
                                                        absl::Time now)
      PSM_EXCLUDES(mu_);

  // The same of a representation token: typ psm-representation+jwt, its claims,
  // at most 15 minutes; REPRESENTATION_INVALID and REPRESENTATION_EXPIRED in
  // place of CONSENT_INVALID and CONSENT_EXPIRED.
  absl::StatusOr<std::shared_ptr<const Representation>> VerifyRepresentation(
      absl::string_view token, absl::Time now) PSM_EXCLUDES(mu_);

  // Whether a consent holds. FAILED_PRECONDITION CONSENT_WITHDRAWN; UNAVAILABLE
  // CONSENT_STATE_STALE where knowledge is older than max_age.
  absl::Status CheckInForce(absl::string_view consent_id,
                            absl::Duration monotonic_now) const
      PSM_EXCLUDES(mu_);

  // Whether a verified representation still holds: its end is in the feed of
  // withdrawals, by its id. FAILED_PRECONDITION REPRESENTATION_EXPIRED and
  // REPRESENTATION_ENDED; UNAVAILABLE CONSENT_STATE_STALE.
  absl::Status CheckInForce(const Representation& representation,
                            absl::Time now, absl::Duration monotonic_now) const
      PSM_EXCLUDES(mu_);

 private:
  struct IssuerKey {
    std::string der;
    std::shared_ptr<const VerifyingKey> key;
  };
  // Just one of the first two.
  struct Verified {
    std::shared_ptr<const Consent> consent;
    std::shared_ptr<const Representation> representation;
    std::shared_ptr<const VerifyingKey> key;  // one of keys_
  };
  using VerifiedMap = absl::flat_hash_map<std::string, Verified>;

  // Verifies a token of one form, by `read` for its claims, which `slot` of
  // Verified holds.
  template <typename Claims>
  absl::StatusOr<std::shared_ptr<const Claims>> VerifyAs(
      const TokenForm& form,
      absl::StatusOr<Claims> (*read)(absl::string_view payload),
      std::shared_ptr<const Claims> Verified::* slot, absl::string_view token,
      absl::Time now) PSM_EXCLUDES(mu_);
  absl::Status CheckFresh(absl::Duration monotonic_now,
                          absl::string_view what) const PSM_REQUIRES(mu_);
  void TakeKeys(const consent::v1::GetFeedResponse& feed) PSM_REQUIRES(mu_);
  void Remember(std::string digest, Verified verified) PSM_REQUIRES(mu_);

  const absl::Duration max_age_;
  const std::size_t cache_size_;
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, IssuerKey> keys_
      PSM_GUARDED_BY(mu_);                      // by kid
  std::string keys_image_ PSM_GUARDED_BY(mu_);  // of the feed they came from
  absl::flat_hash_set<std::string> withdrawn_ PSM_GUARDED_BY(mu_);
  std::uint64_t sequence_ PSM_GUARDED_BY(mu_) = 0;
  bool gap_ PSM_GUARDED_BY(mu_) = false;  // the last answer had one
  // Of the newest question whose answer was complete, and of the newest whose
  // keys were taken.
  absl::Duration asked_at_ PSM_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  absl::Duration keys_asked_at_ PSM_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  // By token digest. Holds tokens of keys_ alone. Two generations: when
  // `young_` is full it becomes `old_`, and what was old is forgotten; what is
  // asked for again moves to the young.
  VerifiedMap young_ PSM_GUARDED_BY(mu_);
  VerifiedMap old_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm

#endif  // PSM_MESH_POLICY_CONSENT_H_
