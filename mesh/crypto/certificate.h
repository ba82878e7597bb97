// A parsed X.509 certificate: names, times, serial, key. Reads; does not decide
// whom to trust (trust.h does).
#ifndef PSM_MESH_CRYPTO_CERTIFICATE_H_
#define PSM_MESH_CRYPTO_CERTIFICATE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/signing_key.h"

typedef struct x509_st X509;

namespace psm {

// Cheap to copy. Immutable, thread-safe.
class Certificate {
 public:
  // INVALID_ARGUMENT for bytes that are not exactly one certificate, for a key
  // that is not P-256 and for a serial that is not positive.
  static absl::StatusOr<Certificate> FromDer(absl::string_view der);
  // One that OpenSSL holds (SSL_get0_peer_certificate); takes a reference of
  // its own. Errors as FromDer.
  static absl::StatusOr<Certificate> FromX509(const X509* certificate);
  // All certificates of a PEM text, in order; blocks of other kinds (a key) are
  // skipped. INVALID_ARGUMENT where there is none or one is damaged.
  static absl::StatusOr<std::vector<Certificate>> ChainFromPem(
      absl::string_view pem);

  // The one URI among the subject's alternative names: the SPIFFE id (X509-SVID
  // 2). INVALID_ARGUMENT where there is none or more than one, where the
  // extension occurs twice, and where the URI holds anything but printable
  // ASCII (so no NUL). Other kinds of name may stand beside it.
  absl::StatusOr<std::string> UriName() const;

  // The subject's common name; "" where there is not exactly one or it holds a
  // NUL. For people: never decide anything by it.
  std::string CommonName() const;

  // Lower-case hexadecimal, two digits a byte, without leading zero bytes.
  const std::string& serial() const { return serial_; }

  // Both inclusive, whole seconds (RFC 5280, 4.1.2.5).
  absl::Time not_before() const { return not_before_; }
  absl::Time not_after() const { return not_after_; }
  bool ValidAt(absl::Time time) const {
    return not_before_ <= time && time < not_after_ + absl::Seconds(1);
  }

  const std::shared_ptr<const VerifyingKey>& key() const { return key_; }

  std::string ToDer() const;
  std::string ToPem() const;

  X509* get() const { return certificate_.get(); }  // not to be freed, changed

 private:
  Certificate() = default;
  std::shared_ptr<X509> certificate_;
  std::string serial_;
  absl::Time not_before_;
  absl::Time not_after_;
  std::shared_ptr<const VerifyingKey> key_;
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_CERTIFICATE_H_
