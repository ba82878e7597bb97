// The key that consent tokens are signed with.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_KEY_H_
#define PSM_SERVICES_IDENTITY_CONSENT_KEY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/crypto/signing_key.h"

namespace psm::identity {

// Whoever has it can make consents that the gateway believes. Immutable,
// thread-safe.
class ConsentKey {
 public:
  // Reads the key in `file` (PKCS#8 PEM, 0600), or makes one where there is no
  // file. Errors name the file.
  static absl::StatusOr<std::unique_ptr<ConsentKey>> OpenOrCreate(
      const std::string& file);

  const SigningKey& key() const { return *key_; }
  // SubjectPublicKeyInfo, DER; and the first 16 hexadecimal digits of its
  // SHA-256, the `kid` of tokens.
  const std::string& public_der() const { return public_der_; }
  const std::string& kid() const { return kid_; }

 private:
  explicit ConsentKey(std::unique_ptr<SigningKey> key);
  const std::unique_ptr<SigningKey> key_;
  const std::string public_der_;
  const std::string kid_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_KEY_H_
