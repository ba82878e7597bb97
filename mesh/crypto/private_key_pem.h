// Private keys of any kind as PKCS#8 PEM, with and without a passphrase. For
// the key classes of this room.
#ifndef PSM_MESH_CRYPTO_PRIVATE_KEY_PEM_H_
#define PSM_MESH_CRYPTO_PRIVATE_KEY_PEM_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {

// INVALID_ARGUMENT that says why a private key does not open.
absl::Status PrivateKeyNotOpened(absl::string_view why);

// The first private key in `pem`; `passphrase` empty for an unencrypted one.
// PEM blocks of other kinds before it are skipped. INVALID_ARGUMENT where it
// does not open; also for a passphrase where the key has none, so that a key
// that lost its protection does not pass for protected. Never asks at the
// terminal. Which kind of key it is, the caller checks.
absl::StatusOr<OpenSslPtr<EVP_PKEY>> PrivateKeyFromPem(
    absl::string_view pem, const SecretBytes& passphrase);

// PKCS#8 PEM, encrypted (PBES2, RFC 8018; scrypt, RFC 7914, with N 16384, r 8,
// p 1; AES-256-CBC) where a passphrase is given.
SecretBytes PrivateKeyToPem(EVP_PKEY* key, const SecretBytes& passphrase);

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_PRIVATE_KEY_PEM_H_
