#include "services/identity/card_trust.h"

#include <openssl/pem.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/identity/card/card_authority.h"

namespace psm::identity {
namespace {

std::string DerOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string bytes(reinterpret_cast<char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

OpenSslPtr<X509> FromPem(const std::string& pem) {
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  return OpenSslPtr<X509>(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

class CardTrustTest : public ::testing::Test {
 protected:
  CardTrustTest() {
    authority_ = *card::CardAuthority::OpenOrCreate(folder_ + "/jpki", now_);
    key_ = *SigningKey::Generate();
    pem_ = *authority_->Issue("CARD-1", *key_, now_, absl::Hours(24));
    trust_ = std::make_unique<CardTrust>(folder_ + "/jpki/ca.pem");
  }

  // Changes a good certificate and lets the true authority sign it: what must
  // be refused by profile and not by signature.
  std::string Signed(const std::function<void(X509*)>& change) {
    OpenSslPtr<X509> certificate = FromPem(pem_);
    change(certificate.get());
    auto authority_key = *SigningKey::FromPem(
        *ReadPrivateFile(folder_ + "/jpki/ca-key.pem"), SecretBytes());
    EXPECT_GT(X509_sign(certificate.get(), authority_key->get(), EVP_sha256()),
              0);
    return DerOf(certificate.get());
  }
  void ExpectRefused(const std::string& der, absl::Time at) {
    const absl::Status status = trust_->Verify(der, at).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(ReasonOf(status), "CERTIFICATE_NOT_ACCEPTED");
  }

  const absl::Time now_ = absl::FromUnixSeconds(1760000000);
  TempFolder temp_;
  const std::string folder_ = temp_.path();
  std::unique_ptr<card::CardAuthority> authority_;
  std::unique_ptr<SigningKey> key_;
  std::string pem_;
  std::unique_ptr<CardTrust> trust_;
};

TEST_F(CardTrustTest, AcceptsACardOfTheAuthority) {
  auto card = trust_->Verify(DerOf(FromPem(pem_).get()), now_);
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ(card->serial, "CARD-1");
  EXPECT_EQ(card->key->ToDer(), key_->Public()->ToDer());
  // The test's own way of signing makes acceptable certificates.
  EXPECT_TRUE(trust_->Verify(Signed([](X509*) {}), now_).ok());
}

TEST_F(CardTrustTest, RefusesOutsideItsValidity) {
  const std::string der = DerOf(FromPem(pem_).get());
  EXPECT_TRUE(trust_->Verify(der, now_ + absl::Hours(23)).ok());
  ExpectRefused(der, now_ + absl::Hours(25));
  ExpectRefused(der, now_ - absl::Hours(25));
}

TEST_F(CardTrustTest, RefusesAnotherAuthorityOfTheSameName) {
  auto other = *card::CardAuthority::OpenOrCreate(folder_ + "/other", now_);
  const std::string pem = *other->Issue("CARD-1", *key_, now_, absl::Hours(24));
  ExpectRefused(DerOf(FromPem(pem).get()), now_);
}

TEST_F(CardTrustTest, RefusesTheAuthorityItselfAndASelfMadeCertificate) {
  ExpectRefused(authority_->certificate().ToDer(), now_);
  OpenSslPtr<X509> self = FromPem(pem_);
  X509_set_issuer_name(self.get(), X509_get_subject_name(self.get()));
  ASSERT_GT(X509_sign(self.get(), key_->get(), EVP_sha256()), 0);
  ExpectRefused(DerOf(self.get()), now_);
}

TEST_F(CardTrustTest, RefusesEveryOtherProfile) {
  const auto remove = [](int nid) {
    return [nid](X509* certificate) {
      const int at = X509_get_ext_by_NID(certificate, nid, -1);
      ASSERT_GE(at, 0);
      X509_EXTENSION_free(X509_delete_ext(certificate, at));
    };
  };
  const auto replace = [&remove](int nid, const char* value) {
    return [=](X509* certificate) {
      remove(nid)(certificate);
      OpenSslPtr<X509_EXTENSION> extension(
          X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
      ASSERT_EQ(X509_add_ext(certificate, extension.get(), -1), 1);
    };
  };
  const auto rename = [](std::vector<std::pair<int, std::string>> entries) {
    return [entries](X509* certificate) {
      OpenSslPtr<X509_NAME> name(X509_NAME_new());
      for (const auto& [nid, value] : entries) {
        ASSERT_EQ(X509_NAME_add_entry_by_NID(
                      name.get(), nid, V_ASN1_UTF8STRING, Bytes(value),
                      static_cast<int>(value.size()), -1, 0),
                  1);
      }
      ASSERT_EQ(X509_set_subject_name(certificate, name.get()), 1);
    };
  };
  const std::function<void(X509*)> changes[] = {
      remove(NID_key_usage),
      remove(NID_ext_key_usage),
      replace(NID_key_usage, "critical,keyAgreement"),
      replace(NID_ext_key_usage, "serverAuth"),
      replace(NID_basic_constraints, "critical,CA:TRUE"),
      rename({}),
      rename({{NID_commonName, "CARD-1"}}),
      rename({{NID_serialNumber, "CARD-1"}, {NID_commonName, "x"}}),
      rename({{NID_serialNumber, "CARD-1"}, {NID_serialNumber, "CARD-2"}}),
      rename({{NID_serialNumber, std::string("CARD-1\0x", 8)}}),
      rename({{NID_serialNumber, "CARD 1"}}),
      rename({{NID_serialNumber, "架空"}}),
      [](X509* certificate) {
        OpenSslPtr<EVP_PKEY> p384(EVP_EC_gen("P-384"));
        ASSERT_EQ(X509_set_pubkey(certificate, p384.get()), 1);
      },
      [](X509* certificate) {
        OpenSslPtr<EVP_PKEY> rsa(EVP_RSA_gen(2048));
        ASSERT_EQ(X509_set_pubkey(certificate, rsa.get()), 1);
      },
  };
  int number = 0;
  for (const auto& change : changes) {
    SCOPED_TRACE(number++);
    ExpectRefused(Signed(change), now_);
  }
}

TEST_F(CardTrustTest, RefusesBytesThatAreNoCertificate) {
  const std::string good = DerOf(FromPem(pem_).get());
  ExpectRefused("", now_);
  ExpectRefused("not a certificate", now_);
  ExpectRefused(good + "x", now_);
  ExpectRefused(std::string(100000, '\x30'), now_);
  for (std::size_t size = 0; size < good.size(); size += 7)
    ExpectRefused(good.substr(0, size), now_);
  for (std::size_t at = 0; at < good.size(); at += 5) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    ExpectRefused(flipped, now_);
  }
}

TEST_F(CardTrustTest, AcceptsNothingUntilTheAuthorityAppears) {
  const std::string file = folder_ + "/later.pem";
  CardTrust trust(file);
  const std::string der = DerOf(FromPem(pem_).get());
  EXPECT_TRUE(absl::IsNotFound(trust.Load()));
  EXPECT_EQ(ReasonOf(trust.Verify(der, now_).status()),
            "CERTIFICATE_NOT_ACCEPTED");
  ASSERT_TRUE(WriteWholeFile(file, pem_, kPrivate).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(trust.Load()))
      << "a card is no authority";
  ASSERT_TRUE(
      WriteWholeFile(file, authority_->certificate().ToPem(), kPrivate).ok());
  EXPECT_TRUE(trust.Load().ok());
  EXPECT_TRUE(trust.Verify(der, now_).ok());
}

}  // namespace
}  // namespace psm::identity
