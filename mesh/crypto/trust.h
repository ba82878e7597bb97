// Whom to trust: root certificates and revocation lists, read together and
// asked together. Knows X.509, not sockets and not who may do what.
#ifndef PSM_MESH_CRYPTO_TRUST_H_
#define PSM_MESH_CRYPTO_TRUST_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/crypto/certificate.h"

typedef struct x509_store_st X509_STORE;

namespace psm {

// Which end of a connection the certificate's owner is: decides which extended
// key usage it must have.
enum class PeerRole { kClient, kServer };

// One reading of trust.pem and crl.pem. Fails closed: without a fresh list of
// every issuer in a chain nothing verifies. Immutable, thread-safe.
class Trust {
 public:
  // `trust_pem`: root certificates. `crl_pem`: the revocation lists of every
  // issuer below them (RFC 5280, 5), concatenated. INVALID_ARGUMENT where
  // either holds nothing or something that does not parse.
  static absl::StatusOr<std::shared_ptr<const Trust>> Create(
      absl::string_view trust_pem, absl::string_view crl_pem);

  // The same roots while there is no list to be believed: Verify gives
  // REVOCATION_STATE_STALE for every chain, and no handshake succeeds.
  // INVALID_ARGUMENT where `trust_pem` holds no certificate.
  static absl::StatusOr<std::shared_ptr<const Trust>> CreateWithoutLists(
      absl::string_view trust_pem);
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  // Verifies a chain, leaf first, as a peer showed it: signatures up to a root,
  // times at `now`, key usage for `role`, no certificate on a list. For the
  // handshake, and again for a live connection after a reload. UNAUTHENTICATED
  // with reason CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED (also one that is not
  // valid yet) or CERTIFICATE_NOT_TRUSTED; UNAVAILABLE with reason
  // REVOCATION_STATE_STALE where a list is missing or out of date. Costs some
  // 0.5 ms.
  absl::Status Verify(absl::Span<const Certificate> chain, PeerRole role,
                      absl::Time now) const;

  // For SSL_CTX_set1_verify_cert_store: roots, lists and the flags that make
  // OpenSSL check the list of every issuer, at the machine's time. Not to be
  // freed or changed.
  X509_STORE* store() const { return store_; }

 private:
  explicit Trust(X509_STORE* store) : store_(store) {}
  X509_STORE* const store_;  // owned
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_TRUST_H_
