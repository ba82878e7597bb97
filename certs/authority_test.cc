#include "certs/authority.h"

#include <openssl/pem.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/revocation_lists.h"
#include "gtest/gtest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1790000000);

bool IsCritical(const Certificate& certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate.get(), nid, -1);
  return at >= 0 &&
         X509_EXTENSION_get_critical(X509_get_ext(certificate.get(), at)) == 1;
}

class AuthorityTest : public testing::Test {
 protected:
  Certificate Issue(absl::string_view system) {
    return *intermediate_->Issue(SystemProfile(system, kNow, kSystemLife),
                                 *key_->Public());
  }

  const std::unique_ptr<Authority> root_ =
      *Authority::CreateRoot("root", kNow, kRootLife);
  const std::unique_ptr<Authority> intermediate_ =
      *root_->CreateIntermediate("intermediate", kNow, kIntermediateLife);
  const std::unique_ptr<SigningKey> key_ = *SigningKey::Generate();
};

TEST_F(AuthorityTest, RootAndIntermediateMayIssueAndNothingElse) {
  for (const Authority* authority : {root_.get(), intermediate_.get()}) {
    const Certificate& certificate = authority->certificate();
    X509* x509 = certificate.get();
    EXPECT_EQ(X509_check_ca(x509), 1);
    EXPECT_EQ(X509_get_key_usage(x509),
              static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
    EXPECT_TRUE(IsCritical(certificate, NID_key_usage));
    EXPECT_TRUE(IsCritical(certificate, NID_basic_constraints));
    EXPECT_NE(X509_get0_subject_key_id(x509), nullptr);
    EXPECT_FALSE(certificate.UriName().ok());
  }
  EXPECT_EQ(X509_get_pathlen(root_->certificate().get()), 1);
  EXPECT_EQ(X509_get_pathlen(intermediate_->certificate().get()), 0);
  EXPECT_EQ(root_->certificate().not_after(), kNow + kRootLife);
  EXPECT_EQ(intermediate_->certificate().not_after(), kNow + kIntermediateLife);
}

TEST_F(AuthorityTest, ASystemIsClientAndServerAndNoAuthority) {
  const Certificate leaf = Issue("akatsuki/tax");
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_get_key_usage(leaf.get()),
            static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()),
            static_cast<std::uint32_t>(XKU_SSL_CLIENT | XKU_SSL_SERVER));
  EXPECT_TRUE(IsCritical(leaf, NID_key_usage));
  EXPECT_TRUE(IsCritical(leaf, NID_basic_constraints));
  EXPECT_EQ(*leaf.UriName(), "spiffe://psm.test/agency/akatsuki/system/tax");
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(
                X509_get0_authority_key_id(leaf.get()),
                X509_get0_subject_key_id(intermediate_->certificate().get())),
            0);
}

TEST_F(AuthorityTest, SerialsAreLongRandomAndPositive) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const Certificate leaf = Issue("akatsuki/tax");
    EXPECT_EQ(leaf.serial().size(), 20u);
    EXPECT_LT(leaf.serial()[0], '8');
    EXPECT_TRUE(seen.insert(leaf.serial()).second);
  }
}

TEST_F(AuthorityTest, SurvivesPem) {
  const SecretBytes pem = intermediate_->ToPem();
  const auto again = Authority::FromPem(pem.Reveal());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->certificate().ToDer(),
            intermediate_->certificate().ToDer());
  const Certificate leaf = *(*again)->Issue(
      SystemProfile("akatsuki/tax", kNow, kSystemLife), *key_->Public());
  EXPECT_EQ(X509_verify(leaf.get(), intermediate_->certificate().key()->get()),
            1);
}

TEST_F(AuthorityTest, PemThatIsNotOneAuthorityIsRefused) {
  const std::string root(root_->ToPem().Reveal());
  const std::string key(key_->ToPem(SecretBytes()).Reveal());
  for (const std::string& bad :
       std::vector<std::string>{"", root_->certificate().ToPem(), key,
                                key + root_->certificate().ToPem(),
                                root + intermediate_->certificate().ToPem(),
                                root.substr(0, root.size() - 40),
                                key + Issue("akatsuki/tax").ToPem()}) {
    EXPECT_EQ(Authority::FromPem(bad).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(AuthorityTest, AnIntermediateCannotOutliveItsRoot) {
  EXPECT_EQ(root_->CreateIntermediate("late", kNow, kRootLife + absl::Hours(1))
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(AuthorityTest, ProfilesThatNoCertificateCanHoldAreRefused) {
  const CertificateProfile good =
      SystemProfile("akatsuki/tax", kNow, kSystemLife);
  std::vector<CertificateProfile> bad(12, good);
  bad[0].common_name = "";
  bad[1].common_name = std::string(65, 'a');
  bad[2].not_before = good.not_after + absl::Seconds(1);
  bad[3].purposes = {"noSuchPurpose"};
  bad[4].purposes = {"serverAuth,clientAuth"};
  bad[5].ip_addresses = {"localhost"};
  bad[6].purposes = {""};
  bad[7].subject_serial = "CARD-1";  // beside a name
  for (std::size_t i = 8; i < 11; ++i) bad[i].common_name = "";
  bad[8].subject_serial = "CARD 1";
  bad[9].subject_serial = std::string("CARD\0", 5);
  bad[10].subject_serial = std::string(65, '1');
  bad[11].common_name = "a\x96\x9e";  // not UTF-8
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(intermediate_->Issue(bad[i], *key_->Public()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << i;
  }
}

TEST_F(AuthorityTest, NamesAreBytesAndNeverConfiguration) {
  // In OpenSSL's configuration language this would be three names.
  CertificateProfile profile = SystemProfile("akatsuki/tax", kNow, kSystemLife);
  profile.uri_names = {"spiffe://a,URI:spiffe://b,DNS:localhost"};
  EXPECT_EQ(*intermediate_->Issue(profile, *key_->Public())->UriName(),
            profile.uri_names[0]);
}

TEST_F(AuthorityTest, ListsCarryNumberTimesAndTheirIssuersSignature) {
  const std::string of_root =
      *root_->IssueRevocationList({}, 7, kNow, absl::Hours(24));
  const std::string of_intermediate = *intermediate_->IssueRevocationList(
      {{"0a0b", kNow}}, 8, kNow, absl::Hours(24));
  const std::vector<const Authority*> issuers = {root_.get(),
                                                 intermediate_.get()};
  const std::vector<RevocationListFacts> lists =
      ReadRevocationLists(of_root + of_intermediate, issuers);
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].issuer, root_.get());
  EXPECT_EQ(lists[1].issuer, intermediate_.get());
  EXPECT_EQ(lists[0].number, 7u);
  EXPECT_EQ(lists[1].number, 8u);
  EXPECT_EQ(lists[0].this_update, kNow - kBackdating);
  EXPECT_EQ(lists[0].next_update, kNow + absl::Hours(24));

  // Same name, other key.
  const auto stranger = *Authority::CreateRoot("root", kNow, kRootLife);
  const std::vector<const Authority*> strangers = {stranger.get()};
  EXPECT_EQ(ReadRevocationLists(of_root, strangers)[0].issuer, nullptr);
  EXPECT_TRUE(ReadRevocationLists("words", issuers).empty());
}

TEST_F(AuthorityTest, ListsOfMalformedSerialsAreRefused) {
  for (const char* bad : {"", "0", "zz", "0A", "012", "01 2"}) {
    EXPECT_EQ(root_->IssueRevocationList({{bad, kNow}}, 1, kNow, absl::Hours(1))
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

}  // namespace
}  // namespace psm::pki
