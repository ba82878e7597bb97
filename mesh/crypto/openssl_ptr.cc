#include "mesh/crypto/openssl_ptr.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace psm {

void CheckOpenSsl(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "OpenSSL failed at %s: %s\n", what,
               TakeOpenSslReason().c_str());
  std::abort();
}

std::string TakeOpenSslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "unknown reason";
  ERR_clear_error();
  return text;
}

absl::Status EndOfPem(absl::string_view what) {
  const bool ended =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeOpenSslReason();
  if (ended) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a ", what, " does not parse: ", reason));
}

OpenSslPtr<BIO> ReadingBio(absl::string_view bytes) {
  CheckOpenSsl(bytes.size() <= INT_MAX, "the size of a text");
  // BIO_new_mem_buf refuses a null pointer even for zero bytes.
  OpenSslPtr<BIO> bio(BIO_new_mem_buf(bytes.empty() ? "" : bytes.data(),
                                      static_cast<int>(bytes.size())));
  CheckOpenSsl(bio != nullptr, "BIO_new_mem_buf");
  return bio;
}

OpenSslPtr<BIO> WritingBio() {
  OpenSslPtr<BIO> bio(BIO_new(BIO_s_secmem()));
  CheckOpenSsl(bio != nullptr, "BIO_new");
  return bio;
}

absl::string_view BioContents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  if (size <= 0) return absl::string_view();
  return absl::string_view(data, static_cast<std::size_t>(size));
}

std::string DerOf(const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  CheckOpenSsl(size > 0, "i2d_X509_NAME");
  std::string text(reinterpret_cast<char*>(der),
                   static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace psm
