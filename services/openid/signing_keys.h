// The keys that a provider signs id tokens with, and their rotation.
#ifndef PSM_SERVICES_OPENID_SIGNING_KEYS_H_
#define PSM_SERVICES_OPENID_SIGNING_KEYS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "nlohmann/json.hpp"
#include "services/openid/jws.h"

namespace psm::openid {

// How long a key signs. The next one is published from the middle of it on, so
// that a relying party which reads the keys now and then has it in time; the
// former one for as long as its successor signs, far beyond the life of what it
// signed.
inline constexpr absl::Duration kKeyPeriod = absl::Hours(24 * 30);

// Keys in one file, mode 0600, written durably before one of them is used.
// Whoever reads the file can sign in as anybody at every relying party.
// Rotates by itself when it is asked. Thread-safe.
class SigningKeys {
 public:
  // Reads the file, or makes it with one key. INVALID_ARGUMENT where it holds
  // anything else; FAILED_PRECONDITION where others may read it. `clock` must
  // outlive it.
  static absl::StatusOr<std::unique_ptr<SigningKeys>> Open(
      const std::string& file, JwsAlgorithm algorithm, const Clock* clock,
      absl::Duration period = kKeyPeriod);

  // The key that signs now. Errors are the file's: a key that is due and cannot
  // be kept is not used.
  absl::StatusOr<std::shared_ptr<const JwsKey>> Current() PSM_EXCLUDES(mu_);

  // What is published (RFC 7517, 5): the former key, the present one, the next.
  absl::StatusOr<nlohmann::json> PublicSet() PSM_EXCLUDES(mu_);

  // Whether one of the published keys made this token.
  bool Made(const UnverifiedJws& token) const PSM_EXCLUDES(mu_);

 private:
  struct Kept {
    std::shared_ptr<const JwsKey> key;
    absl::Time from;  // when it began, or begins at the earliest, to sign
  };
  SigningKeys(std::string file, JwsAlgorithm algorithm, const Clock* clock,
              absl::Duration period);
  absl::Status Read(absl::string_view text) PSM_EXCLUDES(mu_);
  absl::Status Advance() PSM_REQUIRES(mu_);
  absl::Status Replace(std::vector<Kept> keys) PSM_REQUIRES(mu_);
  const Kept* CurrentKept(const std::vector<Kept>& keys, absl::Time now) const;

  const std::string file_;
  const JwsAlgorithm algorithm_;
  const Clock* const clock_;
  const absl::Duration period_;
  mutable Mutex mu_;
  // By `from`, at most three; the last but those of the future signs.
  std::vector<Kept> keys_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_SIGNING_KEYS_H_
