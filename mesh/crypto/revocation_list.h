// Reads revocation lists. For .cc files that look into them; whether a list is
// to be believed is for who knows its issuer.
#ifndef PSM_MESH_CRYPTO_REVOCATION_LIST_H_
#define PSM_MESH_CRYPTO_REVOCATION_LIST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {

// All lists of a text, PEM, in its order. INVALID_ARGUMENT where one does not
// parse or there is none. No signature is verified.
absl::StatusOr<std::vector<OpenSslPtr<X509_CRL>>> ParseRevocationLists(
    absl::string_view pem);

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_REVOCATION_LIST_H_
