#include "mesh/crypto/signing_key.h"

#include <openssl/pem.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

std::string FromHex(absl::string_view hex) {
  return absl::HexStringToBytes(hex);
}

std::string DerOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string bytes(reinterpret_cast<char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

// SubjectPublicKeyInfo of an uncompressed P-256 point.
constexpr char kP256Prefix[] =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

// RFC 6979, A.2.5.
constexpr char kRfcPoint[] =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr char kRfcSample[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
constexpr char kRfcTest[] =
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";

std::shared_ptr<const VerifyingKey> RfcKey() {
  return *VerifyingKey::FromDer(FromHex(absl::StrCat(kP256Prefix, kRfcPoint)));
}

TEST(VerifyingKeyTest, AcceptsTheSignaturesOfRfc6979) {
  EXPECT_TRUE(RfcKey()->VerifyRaw("sample", FromHex(kRfcSample)));
  EXPECT_TRUE(RfcKey()->VerifyRaw("test", FromHex(kRfcTest)));
  EXPECT_FALSE(RfcKey()->VerifyRaw("test", FromHex(kRfcSample)));
}

TEST(VerifyingKeyTest, RefusesEverySingleBitFlip) {
  const std::string good = FromHex(kRfcSample);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(RfcKey()->VerifyRaw("sample", bad)) << bit;
  }
}

TEST(VerifyingKeyTest, RefusesSignaturesOutOfRangeAndOfWrongSize) {
  const std::string order = FromHex(
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string zero(32, '\0');
  const std::string r = FromHex(kRfcSample).substr(0, 32);
  for (const std::string& bad : std::vector<std::string>{
           zero + zero, zero + order, order + zero, order + order, r + zero,
           zero + r, std::string(64, '\xff'), "", r, FromHex(kRfcSample) + "x",
           FromHex(kRfcSample).substr(1)}) {
    EXPECT_FALSE(RfcKey()->VerifyRaw("sample", bad));
    EXPECT_FALSE(RfcKey()->VerifyDer("sample", bad));
  }
}

TEST(VerifyingKeyTest, TakesEachFormOfSignatureOnlyWhereItBelongs) {
  const auto key = *SigningKey::Generate();
  const std::string der = key->SignDer("m");
  const std::string raw = key->SignRaw("m");
  EXPECT_EQ(raw.size(), 64u);
  EXPECT_TRUE(key->Public()->VerifyDer("m", der));
  EXPECT_TRUE(key->Public()->VerifyRaw("m", raw));
  EXPECT_FALSE(key->Public()->VerifyDer("m", raw));
  EXPECT_FALSE(key->Public()->VerifyRaw("m", der));
  EXPECT_FALSE(key->Public()->VerifyDer("m", der + std::string(1, '\0')));
}

TEST(VerifyingKeyTest, RefusesAnythingButANamedP256Key) {
  const std::string good = FromHex(absl::StrCat(kP256Prefix, kRfcPoint));
  ASSERT_TRUE(VerifyingKey::FromDer(good).ok());
  std::string off_curve = good;
  off_curve.back() ^= 1;

  OpenSslPtr<EVP_PKEY> p384(EVP_EC_gen("P-384"));
  OpenSslPtr<EVP_PKEY> k256(EVP_EC_gen("secp256k1"));
  OpenSslPtr<EVP_PKEY> rsa(EVP_RSA_gen(2048));
  OpenSslPtr<EVP_PKEY> ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  OpenSslPtr<EVP_PKEY> spelt_out(EVP_EC_gen("P-256"));
  ASSERT_EQ(
      EVP_PKEY_set_utf8_string_param(spelt_out.get(), "encoding", "explicit"),
      1);
  for (const std::string& bad : std::vector<std::string>{
           "", "x", good + "x", good.substr(0, good.size() - 1), off_curve,
           DerOf(p384.get()), DerOf(k256.get()), DerOf(rsa.get()),
           DerOf(ed25519.get()), DerOf(spelt_out.get())}) {
    EXPECT_EQ(VerifyingKey::FromDer(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << absl::BytesToHexString(bad);
  }
}

TEST(SigningKeyTest, SurvivesPemWithAndWithoutPassphrase) {
  const auto key = *SigningKey::Generate();
  for (const char* passphrase : {"", "1234", "correct horse"}) {
    const SecretBytes pem = key->ToPem(SecretBytes(passphrase));
    EXPECT_TRUE(absl::StartsWith(
        pem.Reveal(), *passphrase == '\0'
                          ? "-----BEGIN PRIVATE KEY-----\n"
                          : "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    auto again = SigningKey::FromPem(pem.Reveal(), SecretBytes(passphrase));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->Public()->ToDer(), key->Public()->ToDer());
    EXPECT_TRUE(key->Public()->VerifyRaw("m", (*again)->SignRaw("m")));
  }
}

TEST(SigningKeyTest, EncryptsWithScryptAndAFreshSaltEachTime) {
  const auto key = *SigningKey::Generate();
  const SecretBytes one = key->ToPem(SecretBytes("1234"));
  EXPECT_FALSE(one == key->ToPem(SecretBytes("1234")));
  std::string der;
  const std::size_t from = one.Reveal().find('\n') + 1;
  const std::size_t to = one.Reveal().find("-----END");
  ASSERT_TRUE(absl::Base64Unescape(one.Reveal().substr(from, to - from), &der));
  // 1.3.6.1.4.1.11591.4.11, id-scrypt (RFC 7914, 7).
  EXPECT_TRUE(absl::StrContains(der, FromHex("06092b06010401da47040b")));
}

TEST(SigningKeyTest, OpensWithTheRightPassphraseOnly) {
  const auto key = *SigningKey::Generate();
  const SecretBytes sealed = key->ToPem(SecretBytes("1234"));
  for (const std::string& wrong :
       std::vector<std::string>{"", "1235", "12345", std::string(5000, '1')}) {
    EXPECT_EQ(SigningKey::FromPem(sealed.Reveal(), SecretBytes(wrong))
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
  // A key that was to be protected and is not is refused.
  EXPECT_EQ(SigningKey::FromPem(key->ToPem(SecretBytes()).Reveal(),
                                SecretBytes("1234"))
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SigningKeyTest, RefusesWhatIsNotAP256PrivateKey) {
  OpenSslPtr<EVP_PKEY> p384(EVP_EC_gen("P-384"));
  OpenSslPtr<BIO> bio = WritingBio();
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), p384.get(), nullptr,
                                          nullptr, 0, nullptr, nullptr),
            1);
  for (const std::string& bad : std::vector<std::string>{
           "", "no PEM", std::string(BioContents(bio.get())),
           "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    EXPECT_EQ(SigningKey::FromPem(bad, SecretBytes()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(SigningKeyTest, KeysDiffer) {
  EXPECT_NE((*SigningKey::Generate())->Public()->ToDer(),
            (*SigningKey::Generate())->Public()->ToDer());
}

}  // namespace
}  // namespace psm
