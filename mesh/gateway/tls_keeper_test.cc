#include "mesh/gateway/tls_keeper.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "certs/mesh_authority.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/directory/directory.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr std::chrono::seconds kBound(20);

class TlsKeeperTest : public testing::Test {
 protected:
  TlsKeeperTest() {
    auto mesh = *pki::MeshAuthority::Init(run_.path(), clock_);
    EXPECT_TRUE(mesh->Issue(kGatewaySystem, absl::Hours(24), false).ok());
    EXPECT_TRUE(mesh->Issue("akatsuki/tax", absl::Hours(24), false).ok());
  }
  void Begin() {
    keeper_ = std::make_unique<TlsKeeper>(run_.path(), clock_,
                                          [this](const auto& config) {
                                            MutexLock lock(mu_);
                                            config_ = config;
                                            changed_.NotifyAll();
                                          });
    auto loaded = keeper_->Load();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    {
      MutexLock lock(mu_);
      config_ = *loaded;
    }
    keeper_->Start();
  }
  // Waits for a version in force of which `wanted` holds.
  template <typename Wanted>
  bool Comes(Wanted wanted) {
    const auto end = std::chrono::steady_clock::now() + kBound;
    MutexLock lock(mu_);
    while (!wanted(*config_)) {
      if (std::chrono::steady_clock::now() > end) return false;
      changed_.WaitFor(mu_, std::chrono::milliseconds(100));
    }
    return true;
  }
  bool RefusesAll() {
    return Comes([](const edge::TlsConfig& config) {
      return config.lists_expire_time() == absl::InfinitePast();
    });
  }
  bool ServesAgain() {
    return Comes([](const edge::TlsConfig& config) {
      return config.lists_expire_time() != absl::InfinitePast();
    });
  }
  // The report, once `wanted` holds of it; else what it says after the bound.
  template <typename Wanted>
  nlohmann::json Report(Wanted wanted) {
    const auto end = std::chrono::steady_clock::now() + kBound;
    for (;;) {
      const auto text = ReadFile(run_.File("in-force/mesh/gateway"));
      nlohmann::json report;
      if (text.ok()) report = nlohmann::json::parse(*text, nullptr, false);
      if ((report.is_object() && wanted(report)) ||
          std::chrono::steady_clock::now() > end)
        return report;
      MutexLock lock(mu_);
      changed_.WaitFor(mu_, std::chrono::milliseconds(20));
    }
  }
  std::string lists() const { return run_.Read("pki/crl.pem"); }
  void Put(const std::string& file, const std::string& text) {
    ASSERT_TRUE(
        WriteWholeFile(run_.File(file), text, kPrivate, Outlives::kProcess)
            .ok());
  }

  TempFolder run_;
  SystemClock clock_;
  Mutex mu_;
  CondVar changed_;
  std::shared_ptr<const edge::TlsConfig> config_ PSM_GUARDED_BY(mu_);
  std::unique_ptr<TlsKeeper> keeper_;
};

TEST_F(TlsKeeperTest, UnusableListsRefuseAllUntilGoodOnesComeBack) {
  const std::string older = lists();
  ASSERT_TRUE((*pki::MeshAuthority::Open(run_.path(), clock_))
                  ->RevokeSystem("akatsuki/tax")
                  .ok());
  Begin();
  const std::string good = lists();
  const std::pair<const char*, std::string> bad[] = {
      {"empty", ""},
      {"garbage", "no list at all\n"},
      {"cut off", good.substr(0, good.size() / 2)},
      {"one issuer's missing", good.substr(good.find("-----BEGIN", 10))},
      {"an older one", older}};
  for (const auto& [what, text] : bad) {
    Put("pki/crl.pem", text);
    EXPECT_TRUE(RefusesAll()) << what;
    EXPECT_NE(Report([](const auto& r) {
                return r["refuses"] != "";
              }).value("refuses", ""),
              "")
        << what;
    Put("pki/crl.pem", good);
    EXPECT_TRUE(ServesAgain()) << what;
  }
  std::filesystem::remove(run_.File("pki/crl.pem"));
  EXPECT_TRUE(RefusesAll()) << "missing";
  std::filesystem::create_directory(run_.File("pki/crl.pem"));
  EXPECT_TRUE(RefusesAll()) << "a folder";
  std::filesystem::remove(run_.File("pki/crl.pem"));
  // Whoever holds the authority's key mends it.
  ASSERT_TRUE(pki::MeshAuthority::Open(run_.path(), clock_).ok());
  EXPECT_TRUE(ServesAgain());
}

TEST_F(TlsKeeperTest, ADamagedIdentityKeepsNoRevocationFromBinding) {
  Begin();
  Put("pki/systems/mesh/gateway/identity.pem", "not a key");
  ASSERT_TRUE((*pki::MeshAuthority::Open(run_.path(), clock_))
                  ->RevokeSystem("akatsuki/tax")
                  .ok());
  const auto mesh = *pki::MeshAuthority::Open(run_.path(), clock_);
  EXPECT_TRUE(Comes([&](const edge::TlsConfig& config) {
    return config.list_number() == mesh->index().list_number();
  }));
  edge::PeerIdentity tax;
  tax.not_before = absl::InfinitePast();
  tax.not_after = absl::InfiniteFuture();
  const Certificate& issuer = mesh->issuer().certificate();
  for (const auto& issued : mesh->index().certificates()) {
    if (issued.subject == "akatsuki/tax") tax.serial = issued.serial;
  }
  tax.chain = {{DerOf(X509_get_subject_name(issuer.get())), tax.serial}};
  MutexLock lock(mu_);
  EXPECT_EQ(ReasonOf(config_->CheckPeer(tax, clock_.Now())),
            "CERTIFICATE_REVOKED");
}

TEST_F(TlsKeeperTest, SaysWhatIsInForceAndWhoseAuthoritiesPeersUse) {
  Begin();
  const std::string serial = (*pki::MeshAuthority::Open(run_.path(), clock_))
                                 ->StatusOf(kGatewaySystem)
                                 .leaf->serial();
  nlohmann::json report =
      Report([&](const auto& r) { return r["certificate"] == serial; });
  EXPECT_EQ(report["certificate"], serial);
  EXPECT_EQ(report["refuses"], "");
  EXPECT_EQ(report["peers"].size(), 0u);
  std::shared_ptr<const void> counted;
  {
    MutexLock lock(mu_);
    counted = config_->peers_in_use().Count("77aa", "akatsuki/tax");
  }
  report = Report([](const auto& r) { return !r["peers"].empty(); });
  EXPECT_EQ(report["peers"].dump(), "{\"77aa\":[\"akatsuki/tax\"]}");
  // It outlives the version that it was counted with.
  ASSERT_TRUE((*pki::MeshAuthority::Open(run_.path(), clock_))
                  ->Renew(kGatewaySystem, true)
                  .ok());
  report = Report([&](const auto& r) { return r["certificate"] != serial; });
  EXPECT_EQ(report["peers"].dump(), "{\"77aa\":[\"akatsuki/tax\"]}");
  counted.reset();
  report = Report([](const auto& r) { return r["peers"].empty(); });
  EXPECT_EQ(report["peers"].dump(), "{}");
  keeper_->Stop();
  EXPECT_FALSE(std::filesystem::exists(run_.File("in-force/mesh/gateway")));
}

}  // namespace
}  // namespace psm
