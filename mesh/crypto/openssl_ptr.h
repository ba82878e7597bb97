// Ownership of OpenSSL's objects, and what to do when OpenSSL fails. For .cc
// files; headers name OpenSSL's types by forward declaration.
#ifndef PSM_MESH_CRYPTO_OPENSSL_PTR_H_
#define PSM_MESH_CRYPTO_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm {

struct OpenSslDeleter {
  // Integers and times of ASN.1 are this type too.
  void operator()(ASN1_STRING* p) const { ASN1_STRING_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
  void operator()(EVP_CIPHER* p) const { EVP_CIPHER_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
  void operator()(EVP_KDF* p) const { EVP_KDF_free(p); }
  void operator()(EVP_KDF_CTX* p) const { EVP_KDF_CTX_free(p); }
  void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
  void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
  void operator()(EVP_MD* p) const { EVP_MD_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(PKCS8_PRIV_KEY_INFO* p) const { PKCS8_PRIV_KEY_INFO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_CRL* p) const { X509_CRL_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(X509_NAME* p) const { X509_NAME_free(p); }
  void operator()(X509_REVOKED* p) const { X509_REVOKED_free(p); }
  void operator()(X509_SIG* p) const { X509_SIG_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
};

template <typename T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDeleter>;

// Ends the process, naming `what`, when an operation that fails only for want
// of memory or of entropy did fail: nothing that follows could be trusted.
void CheckOpenSsl(bool ok, const char* what);

// The reason of OpenSSL's last error of this thread ("bad signature"), or
// "unknown reason"; empties the thread's error queue.
std::string TakeOpenSslReason();

// What to make of a PEM_read_bio_... that gave nothing, in a loop that began
// with an empty error queue: OK where the text had ended, which OpenSSL also
// shows as an error, else INVALID_ARGUMENT "a `what` does not parse". Empties
// the thread's error queue.
absl::Status EndOfPem(absl::string_view what);

// A BIO that reads `bytes` in place; they must outlive it.
OpenSslPtr<BIO> ReadingBio(absl::string_view bytes);

// A growing BIO. Its memory is wiped when it is freed (OpenSSL's secure form).
OpenSslPtr<BIO> WritingBio();

// What has been written to a BIO of WritingBio; valid until the next write.
absl::string_view BioContents(BIO* bio);

// A name in DER: equal where the names are the same to the letter.
std::string DerOf(const X509_NAME* name);

// OpenSSL's view of bytes.
inline const unsigned char* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* Bytes(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_OPENSSL_PTR_H_
