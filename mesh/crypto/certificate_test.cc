#include "mesh/crypto/certificate.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/authority.h"
#include "gtest/gtest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1790000000);

class CertificateTest : public testing::Test {
 protected:
  pki::CertificateProfile Profile() const {
    return pki::SystemProfile("akatsuki/tax", kNow, absl::Hours(24));
  }
  Certificate Issue(const pki::CertificateProfile& profile) {
    return *authority_->Issue(profile, *key_->Public());
  }
  void ExpectNoUriName(const pki::CertificateProfile& profile) {
    const auto name = Issue(profile).UriName();
    EXPECT_EQ(name.status().code(), absl::StatusCode::kInvalidArgument);
  }

  const std::unique_ptr<pki::Authority> authority_ =
      *pki::Authority::CreateRoot("test", kNow, absl::Hours(1000));
  const std::unique_ptr<SigningKey> key_ = *SigningKey::Generate();
};

TEST_F(CertificateTest, SaysWhatWasPutIntoIt) {
  const Certificate certificate = Issue(Profile());
  EXPECT_EQ(*certificate.UriName(),
            "spiffe://psm.test/agency/akatsuki/system/tax");
  EXPECT_EQ(certificate.CommonName(), "akatsuki/tax");
  EXPECT_EQ(certificate.not_before(), kNow - pki::kBackdating);
  EXPECT_EQ(certificate.not_after(), kNow + absl::Hours(24));
  EXPECT_EQ(certificate.key()->ToDer(), key_->Public()->ToDer());
  EXPECT_EQ(certificate.serial().size(), 20u);
  EXPECT_EQ(certificate.serial().find_first_not_of("0123456789abcdef"),
            std::string::npos);
}

TEST_F(CertificateTest, IsValidToTheLastSecondAndNotLonger) {
  const Certificate certificate = Issue(Profile());
  const absl::Time last = certificate.not_after();
  EXPECT_TRUE(certificate.ValidAt(certificate.not_before()));
  EXPECT_FALSE(
      certificate.ValidAt(certificate.not_before() - absl::Nanoseconds(1)));
  EXPECT_TRUE(certificate.ValidAt(last + absl::Milliseconds(999)));
  EXPECT_FALSE(certificate.ValidAt(last + absl::Seconds(1)));
}

TEST_F(CertificateTest, SurvivesDerPemAndOpenSsl) {
  const Certificate certificate = Issue(Profile());
  EXPECT_EQ(Certificate::FromDer(certificate.ToDer())->serial(),
            certificate.serial());
  EXPECT_EQ(Certificate::FromX509(certificate.get())->ToDer(),
            certificate.ToDer());
  EXPECT_EQ(Certificate::ChainFromPem(certificate.ToPem())->at(0).ToDer(),
            certificate.ToDer());
}

TEST_F(CertificateTest, RefusesDamagedDer) {
  const std::string der = Issue(Profile()).ToDer();
  EXPECT_FALSE(Certificate::FromDer("").ok());
  EXPECT_FALSE(Certificate::FromDer(der + "x").ok());
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::FromDer(der.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(Certificate::FromX509(nullptr).ok());
}

TEST_F(CertificateTest, ChainsKeepTheirOrderAndSkipKeys) {
  const Certificate leaf = Issue(Profile());
  const std::string pem =
      absl::StrCat("words\n", key_->ToPem(SecretBytes()).Reveal(), leaf.ToPem(),
                   "more words\n", authority_->certificate().ToPem());
  const auto chain = Certificate::ChainFromPem(pem);
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_EQ(chain->at(0).serial(), leaf.serial());
  EXPECT_EQ(chain->at(1).serial(), authority_->certificate().serial());
}

TEST_F(CertificateTest, AChainWithOneDamagedCertificateIsNoChain) {
  const std::string good = Issue(Profile()).ToPem();
  std::string damaged = good;
  damaged.replace(damaged.find("MII"), 8, "AAAAAAAA");
  const std::string cut = good.substr(0, good.size() - 40);
  for (const std::string& bad : std::vector<std::string>{
           "", "no PEM", std::string(key_->ToPem(SecretBytes()).Reveal()),
           damaged, good + damaged, damaged + good, cut, good + cut,
           "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"}) {
    EXPECT_EQ(Certificate::ChainFromPem(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST_F(CertificateTest, HasAUriNameOnlyIfItHasExactlyOne) {
  pki::CertificateProfile profile = Profile();
  profile.uri_names.clear();
  ExpectNoUriName(profile);  // a common name alone is no name
  profile.dns_names = {"spiffe://psm.test/agency/akatsuki/system/tax"};
  ExpectNoUriName(profile);
  profile.uri_names = {"spiffe://psm.test/agency/akatsuki/system/tax",
                       "spiffe://psm.test/agency/mesh/system/gateway"};
  ExpectNoUriName(profile);
  profile.uri_names = {"spiffe://a", "spiffe://a"};
  ExpectNoUriName(profile);
  profile.uri_names = {"spiffe://a"};
  EXPECT_EQ(*Issue(profile).UriName(), "spiffe://a");
}

TEST_F(CertificateTest, RefusesUriNamesWithCharactersThatNoUriHas) {
  const std::string id = "spiffe://psm.test/agency/mesh/system/gateway";
  for (const std::string& bad : std::vector<std::string>{
           "", id + std::string(1, '\0'), id + std::string("\0x", 2),
           std::string(1, '\0') + id, id + " ", id + "\n", id + "\x7f",
           id + "\xc3\xa9"}) {
    pki::CertificateProfile profile = Profile();
    profile.uri_names = {bad};
    ExpectNoUriName(profile);
  }
}

TEST_F(CertificateTest, OtherNamesMayStandBesideTheUri) {
  const Certificate gateway =
      Issue(pki::SystemProfile("mesh/gateway", kNow, absl::Hours(24)));
  EXPECT_EQ(*gateway.UriName(), "spiffe://psm.test/agency/mesh/system/gateway");
  EXPECT_EQ(X509_check_host(gateway.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(gateway.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(gateway.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(Issue(Profile()).get(), "localhost", 0, 0, nullptr),
            0);
}

// What no authority of ours issues: changed, then signed anew.
class TamperedCertificateTest : public CertificateTest {
 protected:
  absl::Status StatusOfSigned() {
    EXPECT_GT(X509_sign(tampered_.get(), key_->get(), EVP_sha256()), 0);
    OpenSslPtr<BIO> bio = WritingBio();
    EXPECT_EQ(i2d_X509_bio(bio.get(), tampered_.get()), 1);
    return Certificate::FromDer(BioContents(bio.get())).status();
  }

  const OpenSslPtr<X509> tampered_{X509_dup(Issue(Profile()).get())};
};

TEST_F(TamperedCertificateTest, ParsesWhereNothingWasChanged) {
  EXPECT_TRUE(StatusOfSigned().ok());
}

TEST_F(TamperedCertificateTest, MayNotNameItselfInTwoExtensions) {
  const int at = X509_get_ext_by_NID(tampered_.get(), NID_subject_alt_name, -1);
  ASSERT_GE(at, 0);
  ASSERT_EQ(
      X509_add_ext(tampered_.get(), X509_get_ext(tampered_.get(), at), -1), 1);
  EXPECT_EQ(StatusOfSigned().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TamperedCertificateTest, HasAPositiveSerial) {
  ASN1_INTEGER* serial = X509_get_serialNumber(tampered_.get());
  for (const std::int64_t bad : {0, -1, -1000000}) {
    ASSERT_EQ(ASN1_INTEGER_set_int64(serial, bad), 1);
    EXPECT_EQ(StatusOfSigned().code(), absl::StatusCode::kInvalidArgument);
  }
  ASSERT_EQ(ASN1_INTEGER_set_int64(serial, 1), 1);
  EXPECT_TRUE(StatusOfSigned().ok());
}

TEST_F(TamperedCertificateTest, HasAP256Key) {
  const OpenSslPtr<EVP_PKEY> p384(EVP_EC_gen("P-384"));
  ASSERT_EQ(X509_set_pubkey(tampered_.get(), p384.get()), 1);
  EXPECT_EQ(StatusOfSigned().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TamperedCertificateTest, HasNoCommonNameWhereThereAreTwoOrOneWithNul) {
  X509_NAME* name = X509_get_subject_name(tampered_.get());
  const auto add = [&](absl::string_view text) {
    ASSERT_EQ(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                         Bytes(text),
                                         static_cast<int>(text.size()), -1, 0),
              1);
  };
  add("second");
  EXPECT_EQ(Certificate::FromX509(tampered_.get())->CommonName(), "");
  while (X509_NAME_entry_count(name) > 0) {
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
  }
  EXPECT_EQ(Certificate::FromX509(tampered_.get())->CommonName(), "");
  add(absl::string_view("mesh/gateway\0x", 14));
  EXPECT_EQ(Certificate::FromX509(tampered_.get())->CommonName(), "");
}

}  // namespace
}  // namespace psm
