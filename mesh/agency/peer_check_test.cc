#include "mesh/agency/peer_check.h"

#include <functional>

#include "gtest/gtest.h"
#include "mesh/agency/run_folder.h"
#include "mesh/agency/test_pki.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::agency {
namespace {

constexpr char kGateway[] = "URI:spiffe://psm.test/agency/mesh/system/gateway";

class PeerCheckTest : public testing::Test {
 protected:
  PeerCheckTest() {
    pki_.Write(folder_.path(), {"akatsuki/tax"});
    policy_ = {
        .role = PeerRole::kClient,
        .spiffe_id = "spiffe://psm.test/agency/mesh/system/gateway",
        .trust_file = folder_.File("pki/trust.pem"),
        .crl_file = folder_.File("pki/crl.pem"),
        .chain_file = folder_.File("pki/systems/akatsuki/tax/identity.pem")};
  }

  absl::Status Check(const TestIdentity& peer) {
    return CheckPeer(policy_, peer.leaf_pem, peer.chain_pem,
                     SystemClock().Now());
  }
  absl::Status Check(const TestLeaf& leaf) { return Check(pki_.Issue(leaf)); }

  TempFolder folder_;
  TestPki pki_;
  PeerPolicy policy_;
};

TEST_F(PeerCheckTest, TheGatewayPassesWithOrWithoutItsIntermediates) {
  TestIdentity gateway = pki_.IssueFor("mesh/gateway");
  EXPECT_EQ(Check(gateway), absl::OkStatus());
  EXPECT_EQ(CheckPeer(policy_, gateway.leaf_pem, "", SystemClock().Now()),
            absl::OkStatus());
  EXPECT_EQ(Check({.names = {kGateway, "DNS:localhost", "IP:127.0.0.1"}}),
            absl::OkStatus());
}

TEST_F(PeerCheckTest, EveryOtherNameIsRefused) {
  for (const TestLeaf& leaf : std::vector<TestLeaf>{
           {.names = {"URI:spiffe://psm.test/agency/yunagi/system/tax"}},
           {.names = {"URI:spiffe://psm.test/agency/mesh/system/gateway2"}},
           {.names = {"URI:spiffe://psm.test/agency/mesh/system/gateway/"}},
           {.names = {"URI:SPIFFE://psm.test/agency/mesh/system/gateway"}},
           {.names = {"URI:spiffe://other.test/agency/mesh/system/gateway"}},
           {.names = {kGateway, "URI:spiffe://psm.test/agency/a/system/b"}},
           {.names = {kGateway, kGateway}},
           {.names = {"DNS:gateway"}},
           {.names = {}}}) {
    EXPECT_EQ(ReasonOf(Check(leaf)), "PEER_UNKNOWN");
  }
}

TEST_F(PeerCheckTest, TimesUsageAndIssuerAreChecked) {
  EXPECT_EQ(
      ReasonOf(Check({.names = {kGateway}, .ends_in = -absl::Minutes(1)})),
      "CERTIFICATE_EXPIRED");
  EXPECT_EQ(
      ReasonOf(Check({.names = {kGateway}, .starts_in = absl::Minutes(30)})),
      "CERTIFICATE_EXPIRED");
  EXPECT_EQ(ReasonOf(Check({.names = {kGateway}, .usage = "serverAuth"})),
            "CERTIFICATE_NOT_TRUSTED");
  EXPECT_EQ(ReasonOf(Check(TestPki().IssueFor("mesh/gateway"))),
            "CERTIFICATE_NOT_TRUSTED");
  policy_.role = PeerRole::kServer;
  EXPECT_EQ(ReasonOf(Check({.names = {kGateway}, .usage = "clientAuth"})),
            "CERTIFICATE_NOT_TRUSTED");
  EXPECT_FALSE(CheckPeer(policy_, "", "", SystemClock().Now()).ok());
  EXPECT_FALSE(CheckPeer(policy_, "junk", "junk", SystemClock().Now()).ok());
}

TEST_F(PeerCheckTest, ARevocationBindsTheNextHandshake) {
  TestIdentity gateway = pki_.IssueFor("mesh/gateway");
  ASSERT_EQ(Check(gateway), absl::OkStatus());
  ASSERT_TRUE(
      ReplaceFile(policy_.crl_file, pki_.CrlPem({gateway.serial})).ok());
  EXPECT_EQ(ReasonOf(Check(gateway)), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Check(pki_.IssueFor("mesh/gateway")), absl::OkStatus());
}

TEST_F(PeerCheckTest, AnUnusableFileClosesAndDoesNotOpen) {
  TestIdentity gateway = pki_.IssueFor("mesh/gateway");
  const std::string good = pki_.CrlPem();
  for (const std::string& bad :
       {std::string(), std::string("junk"), good.substr(0, good.size() / 4),
        good.substr(0, good.size() - 60), pki_.CrlPem({}, -absl::Minutes(1)),
        TestPki().CrlPem()}) {
    ASSERT_TRUE(ReplaceFile(policy_.crl_file, bad).ok());
    EXPECT_EQ(ReasonOf(Check(gateway)), "REVOCATION_STATE_STALE") << bad;
  }
  ASSERT_TRUE(ReplaceFile(policy_.crl_file, good).ok());
  EXPECT_EQ(Check(gateway), absl::OkStatus());
  policy_.crl_file = folder_.File("none");
  EXPECT_EQ(ReasonOf(Check(gateway)), "REVOCATION_STATE_STALE");
}

TEST_F(PeerCheckTest, AnIdentityFileMustBeTheSystemsOwn) {
  const std::string& file = policy_.chain_file;
  EXPECT_EQ(
      CheckIdentityFile(file, "spiffe://psm.test/agency/akatsuki/system/tax"),
      absl::OkStatus());
  const auto reason = [&](const std::string& contents) {
    EXPECT_TRUE(ReplaceFile(file, contents).ok());
    return ReasonOf(CheckIdentityFile(
        file, "spiffe://psm.test/agency/akatsuki/system/tax"));
  };
  TestIdentity own = pki_.IssueFor("akatsuki/tax");
  TestIdentity other = pki_.IssueFor("yunagi/tax");
  EXPECT_EQ(reason(own.identity_pem()), "");
  EXPECT_EQ(reason(other.identity_pem()), "IDENTITY_UNUSABLE");
  EXPECT_EQ(reason(other.key_pem + own.chain_pem), "IDENTITY_UNUSABLE");
  EXPECT_EQ(reason(own.chain_pem), "IDENTITY_UNUSABLE");
  EXPECT_EQ(reason(own.key_pem), "IDENTITY_UNUSABLE");
  EXPECT_EQ(reason(""), "IDENTITY_UNUSABLE");
  EXPECT_EQ(ReasonOf(CheckIdentityFile(folder_.File("none"), "x")),
            "IDENTITY_UNUSABLE");
}

}  // namespace
}  // namespace psm::agency
