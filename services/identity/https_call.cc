#include "services/identity/https_call.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::identity {
namespace {

constexpr std::size_t kMaxReply = 64 << 10;  // bytes

struct ContextDeleter {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};

absl::Status Failed(absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat(what, " (", TakeOpenSslReason(), ")"));
}

// "HTTP/1.1 200 OK", headers, an empty line, the body up to the end.
absl::StatusOr<HttpsReply> ReadReply(absl::string_view text) {
  HttpsReply reply;
  const std::size_t end = text.find("\r\n\r\n");
  if (!absl::ConsumePrefix(&text, "HTTP/1.1 ") ||
      end == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(0, 3), &reply.status))
    return absl::UnavailableError("the server's answer is not HTTP");
  text.remove_prefix(text.find("\r\n\r\n") + 4);
  reply.body = std::string(text);
  return reply;
}

// `first_line` without the version; `rest`: further headers, an empty line, the
// body.
absl::StatusOr<HttpsReply> Call(absl::string_view origin,
                                absl::string_view certificate_pem,
                                absl::string_view first_line,
                                absl::string_view rest) {
  const std::string host(absl::StripAsciiWhitespace(origin));
  absl::string_view port = host;
  int number = 0;
  if (!absl::ConsumePrefix(&port, "https://localhost:") ||
      !absl::SimpleAtoi(port, &number) || number < 1 || number > 65535)
    return absl::InvalidArgumentError("not an address of this machine");
  OpenSslPtr<BIO> pem(BIO_new_mem_buf(
      certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  CheckOpenSsl(pem != nullptr, "BIO_new_mem_buf");
  OpenSslPtr<X509> certificate(
      PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr)
    return absl::InvalidArgumentError("not a certificate");

  std::unique_ptr<SSL_CTX, ContextDeleter> context(
      SSL_CTX_new(TLS_client_method()));
  CheckOpenSsl(context != nullptr, "SSL_CTX_new");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  X509_STORE* const store = SSL_CTX_get_cert_store(context.get());
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  CheckOpenSsl(X509_STORE_add_cert(store, certificate.get()) == 1,
               "X509_STORE_add_cert");
  OpenSslPtr<BIO> connection(BIO_new_ssl_connect(context.get()));
  CheckOpenSsl(connection != nullptr, "BIO_new_ssl_connect");
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  CheckOpenSsl(ssl != nullptr && SSL_set1_host(ssl, "localhost") == 1,
               "SSL_set1_host");
  const std::string address = absl::StrCat("127.0.0.1:", number);
  BIO_set_conn_hostname(connection.get(), address.c_str());
  if (BIO_do_connect(connection.get()) != 1)
    return Failed(absl::StrCat("cannot connect to ", host));

  const std::string request =
      absl::StrCat(first_line, " HTTP/1.1\r\nHost: localhost:", number,
                   "\r\nConnection: close\r\n", rest);
  if (BIO_write(connection.get(), request.data(),
                static_cast<int>(request.size())) !=
      static_cast<int>(request.size()))
    return Failed("cannot send");
  std::string answer;
  char buffer[4096];
  for (int got = 0;
       answer.size() < kMaxReply &&
       (got = BIO_read(connection.get(), buffer, sizeof(buffer))) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  return ReadReply(answer);
}

}  // namespace

absl::StatusOr<HttpsReply> Get(absl::string_view origin,
                               absl::string_view certificate_pem,
                               absl::string_view path) {
  return Call(origin, certificate_pem, absl::StrCat("GET ", path), "\r\n");
}

absl::StatusOr<HttpsReply> PostForm(absl::string_view origin,
                                    absl::string_view certificate_pem,
                                    absl::string_view path,
                                    absl::string_view form) {
  return Call(origin, certificate_pem, absl::StrCat("POST ", path),
              absl::StrCat("Content-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: ",
                           form.size(), "\r\n\r\n", form));
}

}  // namespace psm::identity
