// Who gets in, and who does not.
#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/test_count.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_raw_peer.h"
#include "mesh/edge/test_server.h"

namespace psm::edge {
namespace {

class TlsTest : public testing::Test {
 protected:
  std::shared_ptr<grpc::Channel> Channel(const TestIdentity* identity) {
    return TestChannel(server_.address(), pki_.root_pem(), identity);
  }
  grpc::StatusCode CodeFor(const TestIdentity* identity) {
    return TestCall(Channel(identity), "/test.Unary/Echo", "x", {},
                    std::chrono::milliseconds(2000))
        .status.error_code();
  }
  pki::CertificateProfile Profile() {
    return pki::SystemProfile("akatsuki/tax", pki_.now(), absl::Hours(1));
  }
  std::string Reason(const TlsFiles& files) {
    auto loaded = TlsConfig::Load(files, pki_.now());
    return loaded.ok() ? "OK" : ReasonOf(loaded.status());
  }

  Mutex mu_;  // of pki_, where threads use it
  TestPki pki_;
  TestServer server_{pki_, ServerLimits()};
};

TEST_F(TlsTest, LetsInASystemOfTheMesh) {
  TestIdentity good = pki_.Issue("akatsuki/tax");
  EXPECT_EQ(CodeFor(&good), grpc::OK);
}

TEST_F(TlsTest, KeepsOutEveryOtherCertificate) {
  const auto with = [&](auto change) {
    pki::CertificateProfile profile = Profile();
    change(profile);
    return pki_.Issue(profile);
  };
  TestIdentity revoked = pki_.Issue("akatsuki/tax");
  pki_.Revoke(revoked.serial);
  server_.server().Update(pki_.Load(server_.identity()));

  const std::pair<const char*, TestIdentity> kCases[] = {
      {"wrong authority", pki_.IssueByStranger("akatsuki/tax")},
      {"self-signed", pki_.SelfSign("akatsuki/tax")},
      {"revoked", revoked},
      {"expired", with([&](auto& p) {
         p.not_before -= absl::Hours(3);
         p.not_after -= absl::Hours(3);
       })},
      {"not yet valid", with([&](auto& p) {
         p.not_before += absl::Hours(1);
         p.not_after += absl::Hours(1);
       })},
      {"server only", with([](auto& p) { p.purposes = {"serverAuth"}; })},
      {"two URI names", with([](auto& p) {
         p.uri_names.push_back("spiffe://psm.test/agency/yunagi/system/tax");
       })},
      {"the same URI name twice",
       with([](auto& p) { p.uri_names.push_back(p.uri_names[0]); })},
      {"no URI name", with([](auto& p) { p.uri_names.clear(); })},
      {"common name instead", with([](auto& p) {
         p.common_name = p.uri_names[0];
         p.uri_names.clear();
       })},
      {"other trust domain", with([](auto& p) {
         p.uri_names = {"spiffe://evil.test/agency/akatsuki/system/tax"};
       })},
      {"more behind the id", with([](auto& p) {
         p.uri_names = {"spiffe://psm.test/agency/akatsuki/system/tax/x"};
       })},
      {"NUL in the id", with([](auto& p) {
         p.uri_names = {std::string(
             "spiffe://psm.test/agency/akatsuki/system/tax\0.evil", 50)};
       })},
      {"a DNS name instead", with([](auto& p) {
         p.uri_names.clear();
         p.dns_names = {"akatsuki"};
       })},
  };
  for (const auto& [what, identity] : kCases)
    EXPECT_EQ(CodeFor(&identity), grpc::UNAVAILABLE) << what;
  EXPECT_EQ(CodeFor(nullptr), grpc::UNAVAILABLE) << "no certificate";
  TestIdentity good = pki_.Issue("akatsuki/tax");
  EXPECT_EQ(CodeFor(&good), grpc::OK);
  EXPECT_EQ(server_.server().Stats().calls, 1u);
}

TEST_F(TlsTest, RefusesOldTlsAndOtherProtocols) {
  TestIdentity good = pki_.Issue("akatsuki/tax");
  const std::string trust = good.files.trust;
  const auto serves = [&](RawPeer::Options options) {
    options.identity = &good;
    RawPeer peer(server_.port(), trust, options);
    if (!peer.ok()) return false;
    peer.SayHello();
    return peer.ReadType(NGHTTP2_SETTINGS).has_value();
  };
  EXPECT_TRUE(serves({}));
  EXPECT_FALSE(serves({.max_version = TLS1_2_VERSION}));
  EXPECT_FALSE(serves({.alpn = "http/1.1"}));
  EXPECT_FALSE(serves({.alpn = ""}));
}

TEST_F(TlsTest, ARevocationBindsOnALiveConnection) {
  TestIdentity client = pki_.Issue("akatsuki/tax");
  TestIdentity other = pki_.Issue("yunagi/tax");
  auto channel = Channel(&client);
  auto other_channel = Channel(&other);
  ASSERT_TRUE(TestCall(channel, "/test.Unary/Echo", "x").status.ok());
  ASSERT_TRUE(TestCall(other_channel, "/test.Unary/Echo", "x").status.ok());
  pki_.Revoke(client.serial);
  server_.server().Update(pki_.Load(server_.identity()));
  TestAnswer answer = TestCall(channel, "/test.Unary/Echo", "x");
  for (int i = 0; answer.status.ok() && i < 1000; ++i)
    answer = TestCall(channel, "/test.Unary/Echo", "x");
  EXPECT_EQ(answer.status.error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOfGrpc(answer.status), "CERTIFICATE_REVOKED");
  EXPECT_TRUE(TestCall(other_channel, "/test.Unary/Echo", "x").status.ok());
}

TEST_F(TlsTest, ARevocationCancelsCallsInFlight) {
  TestIdentity client = pki_.Issue("akatsuki/tax");
  auto channel = Channel(&client);
  std::thread revoker([&] {
    EXPECT_TRUE(server_.WaitFor(
        [](const ServerStats& stats) { return stats.active_calls == 1; }));
    pki_.Revoke(client.serial);
    server_.server().Update(pki_.Load(server_.identity()));
  });
  TestAnswer answer = TestCall(channel, "/test.Unary/Wait", "x");
  revoker.join();
  EXPECT_EQ(ReasonOfGrpc(answer.status), "CERTIFICATE_REVOKED");
}

TEST_F(TlsTest, RotationUnderLoadFailsNoCall) {
  std::atomic<bool> stop = false;
  TestCount good;
  TestCount bad;
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        // A connection of some calls, with a certificate of its own.
        TestIdentity client;
        {
          MutexLock lock(mu_);
          client = pki_.Issue("akatsuki/tax");
        }
        auto channel = Channel(&client);
        for (int call = 0; call < 20; ++call) {
          TestAnswer answer = TestCall(channel, "/test.Unary/Echo", "x");
          (answer.status.ok() ? good : bad).Add();
        }
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    const int before = good.value();
    {
      MutexLock lock(mu_);
      pki_.WriteLists();
      server_.server().Update(pki_.Load(pki_.Issue("mesh/gateway")));
    }
    EXPECT_TRUE(good.Reaches(before + 20));
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(bad.value(), 0);
}

// A clock that the test moves, seen by the server's threads.
class MovedClock final : public SystemClock {
 public:
  absl::Time Now() const override {
    return SystemClock::Now() + absl::Seconds(offset.load());
  }
  std::atomic<int> offset = 0;
};

TEST_F(TlsTest, ExpiryAndStaleListsBindOnALiveConnectionWithoutAReload) {
  MovedClock clock;
  TestServer server(pki_, ServerLimits(), 1, &clock);
  TestIdentity client = pki_.Issue("akatsuki/tax");  // 12 hours, lists 1 hour
  auto channel =
      TestChannel(server.address(), pki_.root_pem(), &client, nullptr);
  ASSERT_TRUE(TestCall(channel, "/test.Unary/Echo", "x").status.ok());
  clock.offset = 2 * 3600;
  TestAnswer stale = TestCall(channel, "/test.Unary/Echo", "x");
  EXPECT_EQ(stale.status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOfGrpc(stale.status), "REVOCATION_STATE_STALE");
  clock.offset = 13 * 3600;
  TestAnswer expired = TestCall(channel, "/test.Unary/Echo", "x");
  EXPECT_EQ(expired.status.error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOfGrpc(expired.status), "CERTIFICATE_EXPIRED");
  // Nor does anybody get in anew.
  TestIdentity fresh = pki_.Issue("akatsuki/tax");
  EXPECT_EQ(
      TestCall(TestChannel(server.address(), pki_.root_pem(), &fresh),
               "/test.Unary/Echo", "x", {}, std::chrono::milliseconds(1000))
          .status.error_code(),
      grpc::UNAVAILABLE);
}

TEST_F(TlsTest, AKeyThatOthersMayReadIsNotUsed) {
  const TestIdentity identity = pki_.Issue("mesh/gateway");
  std::filesystem::permissions(identity.files.identity,
                               std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  const absl::Status loaded =
      TlsConfig::Load(identity.files, pki_.now()).status();
  EXPECT_EQ(ReasonOf(loaded), "IDENTITY_UNREADABLE");
  EXPECT_NE(loaded.message().find("chmod 600"), std::string::npos) << loaded;
}

TEST_F(TlsTest, LoadsNothingWithoutFreshRevocationState) {
  TestIdentity identity = pki_.Issue("mesh/gateway");
  EXPECT_EQ(Reason(identity.files), "OK");
  pki_.WriteLists(absl::Minutes(-1));
  EXPECT_EQ(Reason(identity.files), "REVOCATION_STATE_STALE");
  WriteTestFile(identity.files.crl, "");
  EXPECT_EQ(Reason(identity.files), "CRL_UNREADABLE");
  WriteTestFile(identity.files.crl,
                "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
  EXPECT_EQ(Reason(identity.files), "CRL_UNREADABLE");
  std::filesystem::remove(identity.files.crl);
  EXPECT_EQ(Reason(identity.files), "CRL_UNREADABLE");
}

TEST_F(TlsTest, LoadsNoIdentityThatOthersWouldRefuse) {
  TestIdentity good = pki_.Issue("mesh/gateway");
  TestIdentity other = pki_.Issue("mesh/gateway");
  WriteTestFile(good.files.identity, other.key + good.chain);
  EXPECT_EQ(Reason(good.files), "IDENTITY_UNREADABLE");
  WriteTestFile(good.files.identity, good.chain);
  EXPECT_EQ(Reason(good.files), "IDENTITY_UNREADABLE");
  WriteTestFile(good.files.identity, good.key);
  EXPECT_EQ(Reason(good.files), "IDENTITY_UNREADABLE");
  WriteTestFile(good.files.identity, good.key + good.chain);
  EXPECT_EQ(Reason(good.files), "OK");
  pki_.Revoke(good.serial);
  EXPECT_EQ(Reason(good.files), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Reason(pki_.SelfSign("mesh/gateway").files),
            "CERTIFICATE_NOT_TRUSTED");
  std::filesystem::remove(other.files.trust);
  EXPECT_EQ(Reason(other.files), "TRUST_UNREADABLE");
}

TEST_F(TlsTest, NoTicketIsIssuedSoNothingResumes) {
  TestIdentity client = pki_.Issue("akatsuki/tax");
  std::shared_ptr<const TlsConfig> config = pki_.Load(server_.identity());
  SSL* ssl = config->NewServerSession(pki_.now());
  EXPECT_EQ(SSL_get_num_tickets(ssl), 0u);
  EXPECT_NE(SSL_get_options(ssl) & SSL_OP_NO_TICKET, 0u);
  EXPECT_EQ(SSL_get_max_early_data(ssl), 0u);
  SSL_free(ssl);
}

}  // namespace
}  // namespace psm::edge
