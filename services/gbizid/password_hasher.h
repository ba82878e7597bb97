// Passwords as they are kept: Argon2id with a salt each, and a key that is not
// in the database. Knows no accounts.
#ifndef PSM_SERVICES_GBIZID_PASSWORD_HASHER_H_
#define PSM_SERVICES_GBIZID_PASSWORD_HASHER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/base/mutex.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/digest.h"
#include "services/gbizid/argon2id.h"

namespace psm::gbizid {

// Each computation takes the memory of `cost`, so only a few run at once and
// the others wait: a flood of sign-ins costs time and no memory. Thread-safe.
// `random` must outlive it.
class PasswordHasher {
 public:
  // `pepper` goes into every tag: without it nobody who has the database can
  // try passwords. `at_once` is at least 1.
  PasswordHasher(SecretBytes pepper, Random* random, Argon2Cost cost = {},
                 int at_once = 2);

  // What to keep of a password: "$argon2id$v=19$m=65536,t=3,p=4$salt$tag" (the
  // form of the reference implementation), with a new salt. Blocks.
  std::string Hash(absl::string_view password) PSM_EXCLUDES(mu_);

  // Whether `kept` was made of `password` with this pepper, at whatever cost
  // it names; false, too, where it is not of that form. Blocks.
  bool Verify(absl::string_view password, absl::string_view kept)
      PSM_EXCLUDES(mu_);

  // Was made of no password, and costs as much to look at as one of Hash: for
  // accounts that do not exist.
  const std::string& decoy() const { return decoy_; }

 private:
  std::string Tag(const Argon2Cost& cost, absl::string_view password,
                  absl::string_view salt) PSM_EXCLUDES(mu_);

  const SecretBytes pepper_;
  Random& random_;
  const Argon2Cost cost_;
  const std::string decoy_;
  Mutex mu_;
  CondVar room_made_;
  int room_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PASSWORD_HASHER_H_
