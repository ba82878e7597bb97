#include "mesh/crypto/ed25519_key.h"

#include <openssl/pem.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/signing_key.h"

namespace psm {
namespace {

std::string Unhex(absl::string_view hex) { return absl::HexStringToBytes(hex); }

struct Rfc8032Vector {
  const char* secret;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
constexpr Rfc8032Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882159"
     "0a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43"
     "e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538"
     "d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a2"
     "74fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9a"
     "c90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

std::unique_ptr<Ed25519Key> KeyOf(const Rfc8032Vector& vector) {
  return *Ed25519Key::FromRaw(SecretBytes(Unhex(vector.secret)));
}

TEST(Ed25519KeyTest, SignsAndVerifiesAsRfc8032Shows) {
  for (const Rfc8032Vector& vector : kRfc8032) {
    const auto key = KeyOf(vector);
    EXPECT_EQ(absl::BytesToHexString(key->Public()->raw()), vector.public_key);
    EXPECT_EQ(absl::BytesToHexString(key->Sign(Unhex(vector.message))),
              vector.signature);
    const auto verifier = *Ed25519PublicKey::FromRaw(Unhex(vector.public_key));
    EXPECT_TRUE(
        verifier->Verify(Unhex(vector.message), Unhex(vector.signature)));
    EXPECT_FALSE(
        verifier->Verify(Unhex(vector.message) + "x", Unhex(vector.signature)));
  }
}

TEST(Ed25519KeyTest, RefusesEverySingleBitFlip) {
  const auto key = KeyOf(kRfc8032[2]);
  const std::string good = key->Sign("m");
  ASSERT_TRUE(key->Public()->Verify("m", good));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key->Public()->Verify("m", bad)) << bit;
  }
}

TEST(Ed25519KeyTest, RefusesSignaturesOfWrongSizeAndTheSecondSpelling) {
  const auto key = KeyOf(kRfc8032[1]);
  const std::string good = key->Sign("m");
  // The order of the group, little-endian, added to S: the same number modulo
  // the order (RFC 8032, 5.1.7, has it refused).
  const std::string order =
      Unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::string second = good;
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(good[32 + i]) +
             static_cast<unsigned char>(order[i]);
    second[32 + i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  for (const std::string& bad : std::vector<std::string>{
           "", good.substr(1), good.substr(0, 63), good + '\0', second,
           std::string(64, '\0'), std::string(64, '\xff')}) {
    EXPECT_FALSE(key->Public()->Verify("m", bad));
  }
}

TEST(Ed25519KeyTest, TakesRawKeysOf32BytesOnly) {
  for (std::size_t size : {0u, 31u, 33u, 64u}) {
    EXPECT_EQ(Ed25519PublicKey::FromRaw(std::string(size, 'k')).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Ed25519Key::FromRaw(SecretBytes(std::string(size, 'k')))
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
  // y = 2 is on no point of the curve.
  const auto none =
      Ed25519PublicKey::FromRaw(Unhex("02") + std::string(31, '\0'));
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE((*none)->Verify("m", KeyOf(kRfc8032[0])->Sign("m")));
}

TEST(Ed25519KeyTest, SurvivesPemWithAndWithoutPassphrase) {
  const auto key = *Ed25519Key::Generate();
  for (const char* passphrase : {"", "1234"}) {
    const SecretBytes pem = key->ToPem(SecretBytes(passphrase));
    EXPECT_TRUE(absl::StartsWith(
        pem.Reveal(), *passphrase == '\0'
                          ? "-----BEGIN PRIVATE KEY-----\n"
                          : "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    const auto again =
        Ed25519Key::FromPem(pem.Reveal(), SecretBytes(passphrase));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->Public()->raw(), key->Public()->raw());
    EXPECT_EQ((*again)->Sign("m"), key->Sign("m"));
    EXPECT_EQ(
        Ed25519Key::FromPem(pem.Reveal(), SecretBytes("other")).status().code(),
        absl::StatusCode::kInvalidArgument);
  }
}

// The example of RFC 8410, 10.3, put together from its parts.
TEST(Ed25519KeyTest, ReadsThePemOfRfc8410) {
  const std::string der = absl::HexStringToBytes(
      "302e020100300506032b657004220420"
      "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
  const std::string label = " PRIVATE KEY-----\n";
  const auto key = Ed25519Key::FromPem(
      absl::StrCat("-----BEGIN", label, absl::Base64Escape(der), "\n-----END",
                   label),
      SecretBytes());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(absl::BytesToHexString((*key)->Public()->raw()),
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

TEST(Ed25519KeyTest, RefusesKeysOfAnotherKind) {
  const auto p256 = *SigningKey::Generate();
  OpenSslPtr<EVP_PKEY> x25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  OpenSslPtr<BIO> bio = WritingBio();
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), x25519.get(), nullptr,
                                          nullptr, 0, nullptr, nullptr),
            1);
  for (const std::string& bad : std::vector<std::string>{
           "", "no PEM", std::string(p256->ToPem(SecretBytes()).Reveal()),
           std::string(BioContents(bio.get()))}) {
    EXPECT_EQ(Ed25519Key::FromPem(bad, SecretBytes()).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace psm
