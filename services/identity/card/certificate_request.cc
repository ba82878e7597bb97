#include "services/identity/card/certificate_request.h"

#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::card {
namespace {

struct RequestDeleter {
  void operator()(X509_REQ* p) const { X509_REQ_free(p); }
};
using RequestPtr = std::unique_ptr<X509_REQ, RequestDeleter>;

absl::Status NotARequest() {
  TakeOpenSslReason();
  return absl::InvalidArgumentError(
      "not a certificate request of a P-256 key, signed with that key");
}

}  // namespace

std::string MakeCertificateRequest(const SigningKey& key) {
  const RequestPtr request(X509_REQ_new());
  CheckOpenSsl(
      request != nullptr &&
          X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
          X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
          X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0,
      "a certificate request");
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  CheckOpenSsl(size > 0, "i2d_X509_REQ");
  std::string bytes(reinterpret_cast<const char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

absl::StatusOr<std::shared_ptr<const VerifyingKey>> KeyOfRequest(
    absl::string_view der) {
  if (der.size() > kMaxRequestSize) return NotARequest();
  const unsigned char* at = Bytes(der);
  const RequestPtr request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != Bytes(der) + der.size()) return NotARequest();
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr) return NotARequest();
  unsigned char* key_der = nullptr;
  const int size = i2d_PUBKEY(key, &key_der);
  if (size <= 0) return NotARequest();
  const std::string bytes(reinterpret_cast<const char*>(key_der),
                          static_cast<std::size_t>(size));
  OPENSSL_free(key_der);
  absl::StatusOr<std::shared_ptr<const VerifyingKey>> known =
      VerifyingKey::FromDer(bytes);
  if (!known.ok() || X509_REQ_verify(request.get(), key) != 1)
    return NotARequest();
  return known;
}

}  // namespace psm::card
