#include "certs/endpoint_question.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

constexpr unsigned char kAlpn[] = {2, 'h', '2'};
// RFC 9113, 3.4: the preface and empty SETTINGS. Servers speak at once, but
// some only to somebody who does.
constexpr char kPreface[] =
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

struct SslDeleter {
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};

absl::StatusOr<int> Dial(const std::string& endpoint, absl::Duration patience) {
  const std::size_t colon = endpoint.rfind(':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  int port = 0;
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(endpoint.substr(colon + 1), &port) || port < 1 ||
      port > 65535 ||
      inet_pton(AF_INET, endpoint.substr(0, colon).c_str(),
                &address.sin_addr) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", endpoint, "\" is not an address and port"));
  }
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot make a socket");
  const timeval bound = absl::ToTimeval(patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) != 0) {
    const int error = errno;
    close(fd);
    const std::string why =
        absl::StrCat("cannot connect to ", endpoint, ": ", strerror(error));
    return error == ECONNREFUSED ? absl::NotFoundError(why)
                                 : absl::UnavailableError(why);
  }
  return fd;
}

std::unique_ptr<SSL_CTX, SslDeleter> ContextOf(const SystemIdentity& identity) {
  std::unique_ptr<SSL_CTX, SslDeleter> context(
      SSL_CTX_new(TLS_client_method()));
  CheckOpenSsl(context != nullptr, "SSL_CTX_new");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  CheckOpenSsl(
      SSL_CTX_use_certificate(context.get(), identity.chain.front().get()) == 1,
      "SSL_CTX_use_certificate");
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    CheckOpenSsl(
        SSL_CTX_add1_chain_cert(context.get(), identity.chain[i].get()) == 1,
        "SSL_CTX_add1_chain_cert");
  }
  CheckOpenSsl(SSL_CTX_use_PrivateKey(context.get(), identity.key->get()) == 1,
               "SSL_CTX_use_PrivateKey");
  return context;
}

}  // namespace

absl::StatusOr<EndpointAnswer> AskEndpoint(const std::string& endpoint,
                                           const SystemIdentity& identity,
                                           absl::Duration patience) {
  PSM_ASSIGN_OR_RETURN(const int fd, Dial(endpoint, patience));
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  const auto context = ContextOf(identity);
  const std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context.get()));
  CheckOpenSsl(ssl != nullptr && SSL_set_fd(ssl.get(), fd) == 1, "SSL_new");
  ERR_clear_error();
  if (SSL_connect(ssl.get()) != 1) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ERR_clear_error();
      return absl::DeadlineExceededError(
          absl::StrCat(endpoint, " does not answer"));
    }
    return absl::UnavailableError(
        absl::StrCat(endpoint, ": ", TakeOpenSslReason()));
  }
  EndpointAnswer answer;
  const OpenSslPtr<X509> shown(SSL_get1_peer_certificate(ssl.get()));
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       Certificate::FromX509(shown.get()));
  answer.shown = certificate.ToDer();
  // Fails only where the refusal is there already, which the read then tells.
  SSL_write(ssl.get(), kPreface, sizeof kPreface - 1);
  ERR_clear_error();
  char byte = 0;
  errno = 0;
  const int got = SSL_read(ssl.get(), &byte, 1);
  answer.accepted = got == 1;
  if (got != 1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    ERR_clear_error();
    return absl::DeadlineExceededError(
        absl::StrCat(endpoint, " does not answer"));
  }
  if (!answer.accepted) answer.refusal = TakeOpenSslReason();
  return answer;
}

}  // namespace psm::pki
