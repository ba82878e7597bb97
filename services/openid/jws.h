// JSON Web Signatures in compact form (RFC 7515, 3.1), ES256 and RS256 (RFC
// 7518, 3.1), and the public keys that verify them (RFC 7517). Knows no claims.
#ifndef PSM_SERVICES_OPENID_JWS_H_
#define PSM_SERVICES_OPENID_JWS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/signing_key.h"
#include "nlohmann/json.hpp"

namespace psm::openid {

enum class JwsAlgorithm { kEs256, kRs256 };

// "ES256", "RS256".
const char* NameOf(JwsAlgorithm algorithm);

// base64url without padding (RFC 4648, 5); and back, nullopt for any text that
// Base64Url does not make, so that bytes have exactly one text.
std::string Base64Url(absl::string_view bytes);
std::optional<std::string> FromBase64Url(absl::string_view text);

// A private key that signs. Immutable, thread-safe.
class JwsKey {
 public:
  // A new key: P-256, or RSA of 2048 bits with exponent 65537.
  static absl::StatusOr<std::shared_ptr<const JwsKey>> Generate(
      JwsAlgorithm algorithm);
  // PKCS#8 PEM, unencrypted. INVALID_ARGUMENT for anything else, a key of the
  // other kind, and RSA under 2048 bits.
  static absl::StatusOr<std::shared_ptr<const JwsKey>> FromPem(
      absl::string_view pem, JwsAlgorithm algorithm);
  ~JwsKey();
  JwsKey(const JwsKey&) = delete;
  JwsKey& operator=(const JwsKey&) = delete;

  SecretBytes ToPem() const;
  JwsAlgorithm algorithm() const { return algorithm_; }
  // The thumbprint of the public key (RFC 7638): the same for the same key.
  const std::string& kid() const { return kid_; }
  // The public half, with `use`, `alg` and `kid`.
  const nlohmann::json& public_jwk() const { return public_jwk_; }

  // The compact form; the header is `alg`, `kid` and `typ`.
  std::string Sign(absl::string_view typ, const nlohmann::json& claims) const;
  // Whether `signature` is this key's of `message`.
  bool Verify(absl::string_view message, absl::string_view signature) const;

 private:
  struct Key;
  JwsKey(JwsAlgorithm algorithm, std::unique_ptr<const Key> key);
  const JwsAlgorithm algorithm_;
  const std::unique_ptr<const Key> key_;
  nlohmann::json public_jwk_;
  std::string kid_;
};

// A token taken apart. Nothing in it may be believed before its signature is
// verified; `kid` only says which key to try.
struct UnverifiedJws {
  std::string alg;
  std::string typ;  // "" where absent
  std::string kid;  // "" where absent
  std::string signed_part;
  std::string signature;  // decoded
  nlohmann::json claims;  // an object
};

// nullopt for more than `max_size` bytes, anything but three parts of canonical
// base64url, a header or payload that is no JSON object, `alg`, `typ` or `kid`
// that is no string, no `alg`, and any `crit` (RFC 7515, 4.1.11) or `b64`.
// Keys that come in the header (`jwk`, `jku`, `x5c`, `x5u`) are nullopt, too:
// no honest party of ours sends one, and nobody shall be led to use it.
std::optional<UnverifiedJws> SplitJws(absl::string_view token,
                                      std::size_t max_size);

// The ES256 key of a JWK. INVALID_ARGUMENT for another kind, curve, `use` or
// `alg`, for coordinates that are no point of the curve, and for a private key
// (`d`), which its owner must not hand out.
absl::StatusOr<std::shared_ptr<const VerifyingKey>> Es256KeyOf(
    const nlohmann::json& jwk);

// The public key as a JWK, without `kid`.
nlohmann::json JwkOf(const VerifyingKey& key);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_JWS_H_
