#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/policy/consent.h"
#include "mesh/policy/consent_token.h"

// What security rests on: `young_` and `old_` hold a token only if its
// signature was verified with a key that is in keys_ now. Remember is called
// under the lock after looking that up again (the key may have gone while the
// signature was being verified without the lock), and TakeKeys forgets the
// tokens of what it removes under the same lock.

namespace psm {
namespace {

absl::Status Stale(absl::string_view what) {
  return MakeError(absl::StatusCode::kUnavailable, "CONSENT_STATE_STALE",
                   Party::kGateway,
                   absl::StrCat(what, "; try again once identity answers"));
}

}  // namespace

void ConsentState::Update(const consent::v1::GetFeedResponse& feed,
                          absl::Duration asked_at) {
  bool new_gap = false;
  {
    MutexLock lock(mu_);
    if (asked_at >= keys_asked_at_) {
      TakeKeys(feed);
      keys_asked_at_ = asked_at;
    }
    bool gap = false;
    for (const consent::v1::Withdrawal& withdrawal : feed.withdrawals()) {
      withdrawn_.insert(withdrawal.consent_id());
      if (withdrawal.sequence() == sequence_ + 1) {
        sequence_ = withdrawal.sequence();
      } else if (withdrawal.sequence() > sequence_) {
        gap = true;
      }
    }
    if (!gap && !feed.more() && asked_at > asked_at_) asked_at_ = asked_at;
    new_gap = gap && !gap_;
    gap_ = gap;
  }
  if (new_gap)
    LogWarning("consent_feed_gap",
               {{"action",
                 "withdrawals are missing; consents will be refused "
                 "as stale until identity gives them"}});
}

void ConsentState::TakeKeys(const consent::v1::GetFeedResponse& feed) {
  // The feed comes several times a second and hardly ever changes.
  std::string image;
  for (const consent::v1::Key& key : feed.keys())
    absl::StrAppend(&image, key.kid().size(), ":", key.kid(),
                    key.public_key().size(), ":", key.public_key());
  if (image == keys_image_) return;
  keys_image_ = std::move(image);
  absl::flat_hash_map<std::string, IssuerKey> keys;
  for (const consent::v1::Key& from : feed.keys()) {
    if (keys.contains(from.kid())) {
      LogWarning("consent_key_skipped",
                 {{"kid", from.kid()}, {"cause", "its kid occurs twice"}});
      continue;
    }
    // A key that stays keeps its object, and with it what it has verified.
    if (auto known = keys_.find(from.kid());
        known != keys_.end() && known->second.der == from.public_key()) {
      keys.emplace(from.kid(), known->second);
      continue;
    }
    auto key = VerifyingKey::FromDer(from.public_key());
    if (!key.ok()) {
      LogWarning("consent_key_skipped",
                 {{"kid", from.kid()},
                  {"cause", std::string(key.status().message())}});
      continue;
    }
    keys.emplace(from.kid(), IssuerKey{from.public_key(), *std::move(key)});
  }
  keys_ = std::move(keys);
  absl::flat_hash_set<const VerifyingKey*> current;
  for (const auto& [kid, issuer_key] : keys_)
    current.insert(issuer_key.key.get());
  const auto is_gone = [&current](const auto& entry) {
    return !current.contains(entry.second.key.get());
  };
  absl::erase_if(young_, is_gone);
  absl::erase_if(old_, is_gone);
}

std::uint64_t ConsentState::sequence() const {
  MutexLock lock(mu_);
  return sequence_;
}

template <typename Claims>
absl::StatusOr<std::shared_ptr<const Claims>> ConsentState::VerifyAs(
    const TokenForm& form, absl::StatusOr<Claims> (*read)(absl::string_view),
    std::shared_ptr<const Claims> Verified::* slot, absl::string_view token,
    absl::Time now) {
  if (token.size() > kMaxTokenSize)
    return TokenInvalid(form, "is longer than 8192 bytes");
  std::string digest = Sha256(token);
  {
    MutexLock lock(mu_);
    if (keys_asked_at_ == -absl::InfiniteDuration())
      return Stale("identity's keys are not known yet");
    // A token of another form is remembered with another slot: here it is taken
    // apart, and refused for its typ.
    std::shared_ptr<const Claims> claims;
    if (auto found = young_.find(digest); found != young_.end()) {
      claims = found->second.*slot;
    } else if (auto older = old_.find(digest); older != old_.end()) {
      claims = older->second.*slot;
      Verified verified = std::move(older->second);
      old_.erase(older);
      Remember(digest, std::move(verified));
    }
    if (claims != nullptr) {
      PSM_RETURN_IF_ERROR(
          CheckTokenTimes(form, claims->issue_time, claims->expire_time, now));
      return claims;
    }
  }

  PSM_ASSIGN_OR_RETURN(UnverifiedToken parts, SplitToken(form, token));
  std::shared_ptr<const VerifyingKey> key;
  {
    MutexLock lock(mu_);
    if (auto found = keys_.find(parts.kid); found != keys_.end())
      key = found->second.key;
  }
  if (key == nullptr)
    return TokenInvalid(form, "names a key that is not identity's");
  // Without the lock: this is what takes time.
  if (!key->VerifyRaw(parts.signed_part, parts.signature))
    return TokenInvalid(form, "has a signature that does not verify");
  PSM_ASSIGN_OR_RETURN(Claims read_claims, read(parts.payload));
  PSM_RETURN_IF_ERROR(CheckTokenTimes(form, read_claims.issue_time,
                                      read_claims.expire_time, now));
  auto claims = std::make_shared<const Claims>(std::move(read_claims));
  MutexLock lock(mu_);
  auto found = keys_.find(parts.kid);
  if (found == keys_.end() || found->second.key != key)
    return TokenInvalid(form, "names a key that is not identity's");
  Verified verified;
  verified.*slot = claims;
  verified.key = std::move(key);
  Remember(std::move(digest), std::move(verified));
  return claims;
}

absl::StatusOr<std::shared_ptr<const Consent>> ConsentState::Verify(
    absl::string_view token, absl::Time now) {
  return VerifyAs<Consent>(kConsentForm, &ReadConsentClaims, &Verified::consent,
                           token, now);
}

absl::StatusOr<std::shared_ptr<const Representation>>
ConsentState::VerifyRepresentation(absl::string_view token, absl::Time now) {
  return VerifyAs<Representation>(kRepresentationForm,
                                  &ReadRepresentationClaims,
                                  &Verified::representation, token, now);
}

void ConsentState::Remember(std::string digest, Verified verified) {
  if (young_.size() >= cache_size_) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.insert_or_assign(std::move(digest), std::move(verified));
}

absl::Status ConsentState::CheckInForce(absl::string_view consent_id,
                                        absl::Duration monotonic_now) const {
  MutexLock lock(mu_);
  if (withdrawn_.contains(consent_id))
    return MakeError(absl::StatusCode::kFailedPrecondition, "CONSENT_WITHDRAWN",
                     Party::kConsumer,
                     "the person has withdrawn the consent; ask for a new one "
                     "or do without");
  return CheckFresh(monotonic_now,
                    "what is known of withdrawn consents is too old");
}

absl::Status ConsentState::CheckInForce(const Representation& representation,
                                        absl::Time now,
                                        absl::Duration monotonic_now) const {
  PSM_RETURN_IF_ERROR(CheckTokenTimes(kRepresentationForm,
                                      representation.issue_time,
                                      representation.expire_time, now));
  MutexLock lock(mu_);
  if (withdrawn_.contains(representation.id))
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "REPRESENTATION_ENDED",
        Party::kConsumer,
        "the representation has ended; the person has to ask himself, or "
        "whoever represents him now");
  return CheckFresh(monotonic_now,
                    "what is known of ended representations is too old");
}

absl::Status ConsentState::CheckFresh(absl::Duration monotonic_now,
                                      absl::string_view what) const {
  if (asked_at_ == -absl::InfiniteDuration() ||
      monotonic_now - asked_at_ > max_age_)
    return Stale(what);
  return absl::OkStatus();
}

}  // namespace psm
