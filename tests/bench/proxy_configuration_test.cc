#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/proxy.h"

namespace psm::bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Configuration(const std::string& proxy) {
  ProxyPlace place;
  place.folder = "/run/of/it";
  place.identity = "/pki/identity.pem";
  place.trust = "/pki/trust.pem";
  place.port = 4001;
  place.backend = "127.0.0.1:4002";
  return ProxyConfiguration(proxy, place);
}

// A race in which a peer is let off TLS, or asks for no certificate, is none.
TEST(ProxyConfigurationTest, DemandsCertificatesOnBothSidesAndShowsItsOwn) {
  EXPECT_THAT(
      Configuration("haproxy"),
      AllOf(HasSubstr("bind 127.0.0.1:4001 ssl crt /pki/identity.pem ca-file "
                      "/pki/trust.pem verify required alpn h2"),
            HasSubstr("server provider 127.0.0.1:4002 proto h2 alpn h2 ssl crt "
                      "/pki/identity.pem ca-file /pki/trust.pem verify "
                      "required")));
  EXPECT_THAT(Configuration("nginx"),
              AllOf(HasSubstr("listen 127.0.0.1:4001 ssl http2;"),
                    HasSubstr("ssl_client_certificate /pki/trust.pem;"),
                    HasSubstr("ssl_verify_client on;"),
                    HasSubstr("server 127.0.0.1:4002;"),
                    HasSubstr("grpc_pass grpcs://provider;"),
                    HasSubstr("grpc_ssl_certificate /pki/identity.pem;"),
                    HasSubstr("grpc_ssl_verify on;")));
  EXPECT_THAT(Configuration("nghttpx"),
              AllOf(HasSubstr("frontend=127.0.0.1,4001\n"),
                    HasSubstr("backend=127.0.0.1,4002;;tls;proto=h2"),
                    HasSubstr("verify-client=yes"),
                    HasSubstr("verify-client-cacert=/pki/trust.pem"),
                    HasSubstr("client-cert-file=/pki/identity.pem")));
}

TEST(ProxyConfigurationTest, LeavesNoPlaceholder) {
  for (const std::string& proxy : ProxyNames()) {
    EXPECT_THAT(Configuration(proxy), Not(HasSubstr("$"))) << proxy;
    EXPECT_THAT(Configuration(proxy), Not(HasSubstr("no-tls;"))) << proxy;
  }
}

}  // namespace
}  // namespace psm::bench
