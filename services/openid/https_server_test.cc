#include "services/openid/https_server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/openid/listener.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

// A client that trusts one certificate and checks the name it dialled.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const std::string& trusted,
            int max_version = TLS1_3_VERSION)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context_, max_version);
    const OpenSslPtr<BIO> pem = ReadingBio(trusted);
    const OpenSslPtr<X509> certificate(
        PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate.get());
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    ssl_ = SSL_new(context_);
    SSL_set1_host(ssl_, "localhost");
    SSL_set_fd(ssl_, fd_);
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(fd_);
  }
  bool connected() const { return connected_; }
  // Sends bytes; everything until the server closes.
  std::string Ask(const std::string& bytes) {
    SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    std::string all;
    char buffer[4096];
    for (int got; (got = SSL_read(ssl_, buffer, sizeof(buffer))) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }

 private:
  const int fd_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
};

class ListenerTest : public testing::Test {
 protected:
  std::unique_ptr<Listener> Start() {
    auto listener = Listener::Start(
        {world_.folder.path(), world_.folder.File("op.https")}, "test op",
        SystemClock().Now(), [&](const std::string& issuer) {
          Profile profile = StrictProfile();
          profile.issuer = issuer;
          world_.Start(profile);
          return HttpHandler([this](const HttpRequest& request) {
            return world_.provider->Answer(request);
          });
        });
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }
  static std::uint16_t PortOf(const Listener& listener) {
    return static_cast<std::uint16_t>(
        std::stoi(listener.issuer().substr(listener.issuer().rfind(':') + 1)));
  }
  std::string Ask(const Listener& listener, const std::string& bytes) {
    TlsClient client(PortOf(listener), world_.folder.Read("op.https.pem"));
    EXPECT_TRUE(client.connected());
    return client.Ask(bytes);
  }

  TestWorld world_;
};

TEST_F(ListenerTest, ServesTheProviderOverTls13UnderItsOwnName) {
  const auto listener = Start();
  EXPECT_EQ(world_.folder.Read("op.https"), listener->issuer());
  const std::string answer =
      Ask(*listener,
          "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: "
          "localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200"));
  EXPECT_NE(answer.find("\"issuer\":\"" + listener->issuer() + "\""),
            std::string::npos);
  EXPECT_EQ(world_.folder.Mode("web-identity.pem"), 0600u);
  TlsClient old(PortOf(*listener), world_.folder.Read("op.https.pem"),
                TLS1_2_VERSION);
  EXPECT_FALSE(old.connected());
}

TEST_F(ListenerTest, ARestartKeepsPortCertificateAndName) {
  auto listener = Start();
  const std::string issuer = listener->issuer();
  const std::string certificate = world_.folder.Read("op.https.pem");
  listener.reset();
  EXPECT_EQ(world_.folder.Read("op.https"), "");
  listener = Start();
  EXPECT_EQ(listener->issuer(), issuer);
  EXPECT_EQ(world_.folder.Read("op.https.pem"), certificate);
}

TEST_F(ListenerTest, APortThatIsTakenIsLeftToWhoHasIt) {
  const auto first = Start();
  std::filesystem::remove(world_.folder.File("op.https"));
  const auto second = Start();
  EXPECT_NE(second->issuer(), first->issuer());
}

TEST_F(ListenerTest, WhatIsNotHttpOrTooMuchIsRefused) {
  const auto listener = Start();
  EXPECT_TRUE(absl::StartsWith(Ask(*listener, "junk\r\n\r\n"), "HTTP/1.1 400"));
  EXPECT_TRUE(absl::StartsWith(
      Ask(*listener, "GET / HTTP/1.1\r\nHost: a\r\nCookie: " +
                         std::string(40 << 10, 'a') + "\r\n\r\n"),
      "HTTP/1.1 431"));
  EXPECT_TRUE(absl::StartsWith(
      Ask(*listener,
          "POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n"),
      "HTTP/1.1 413"));
}

}  // namespace
}  // namespace psm::openid
