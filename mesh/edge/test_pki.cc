#include "mesh/edge/test_pki.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"

namespace psm::edge {
namespace {

std::string KeyPem(const SigningKey& key) {
  return std::string(key.ToPem(SecretBytes()).Reveal());
}

}  // namespace

void WriteTestFile(const std::string& path, const std::string& text) {
  // Whole at once, as everything that a running process follows.
  const absl::Status written =
      WriteWholeFile(path, text, kPrivate, Outlives::kProcess);
  EXPECT_TRUE(written.ok()) << written;
}

TestPki::TestPki() : now_(clock_.Now()) {
  root_ = *pki::Authority::CreateRoot("test root", now_, absl::Hours(48));
  intermediate_ =
      *root_->CreateIntermediate("test intermediate", now_, absl::Hours(24));
  WriteTestFile(folder() + "/trust.pem", root_pem());
  WriteLists();
}

TestPki::~TestPki() = default;

std::string TestPki::root_pem() const { return root_->certificate().ToPem(); }

TestIdentity TestPki::Write(const std::string& key, const std::string& chain,
                            const std::string& serial) {
  TestIdentity identity{key, chain, serial, {}};
  identity.files.identity =
      absl::StrCat(folder(), "/identity", ++files_, ".pem");
  identity.files.trust = folder() + "/trust.pem";
  identity.files.crl = folder() + "/crl.pem";
  WriteTestFile(identity.files.identity, key + chain);
  return identity;
}

TestIdentity TestPki::Issue(const std::string& system) {
  return Issue(pki::SystemProfile(system, now_, absl::Hours(12)));
}

TestIdentity TestPki::Issue(const pki::CertificateProfile& profile) {
  auto key = *SigningKey::Generate();
  auto leaf = *intermediate_->Issue(profile, *key->Public());
  return Write(KeyPem(*key),
               leaf.ToPem() + intermediate_->certificate().ToPem(),
               leaf.serial());
}

TestIdentity TestPki::IssueByStranger(const std::string& system) {
  auto root = *pki::Authority::CreateRoot("test root", now_, absl::Hours(48));
  auto intermediate =
      *root->CreateIntermediate("test intermediate", now_, absl::Hours(24));
  auto key = *SigningKey::Generate();
  auto leaf = *intermediate->Issue(
      pki::SystemProfile(system, now_, absl::Hours(12)), *key->Public());
  return Write(KeyPem(*key), leaf.ToPem() + intermediate->certificate().ToPem(),
               leaf.serial());
}

TestIdentity TestPki::SelfSign(const std::string& system) {
  auto key = *SigningKey::Generate();
  auto leaf =
      *pki::SelfSign(pki::SystemProfile(system, now_, absl::Hours(12)), *key);
  return Write(KeyPem(*key), leaf.ToPem(), leaf.serial());
}

void TestPki::WriteLists(absl::Duration life) {
  ++list_number_;
  WriteTestFile(folder() + "/crl.pem",
                *root_->IssueRevocationList({}, list_number_, now_, life) +
                    *intermediate_->IssueRevocationList(revoked_, list_number_,
                                                        now_, life));
}

void TestPki::Revoke(const std::string& serial) {
  revoked_.push_back({serial, now_});
  WriteLists();
}

std::shared_ptr<const TlsConfig> TestPki::Load(const TestIdentity& identity) {
  auto loaded = TlsConfig::Load(identity.files, clock_.Now());
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded;
}

}  // namespace psm::edge
