#include "mesh/crypto/sealer.h"

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "mesh/base/secret.h"

namespace psm {
namespace {

std::unique_ptr<Sealer> MakeSealer(char byte) {
  return Sealer::Create(SecretBytes(std::string(Sealer::kKeySize, byte)))
      .value();
}

TEST(SealerTest, OpensWhatItSealed) {
  const auto sealer = MakeSealer('k');
  for (std::size_t size : {1, 15, 16, 17, 300}) {
    const std::string text(size, 't');
    const std::string sealed = sealer->Seal("context", text);
    EXPECT_EQ(sealed.size(), size + Sealer::kOverhead);
    EXPECT_EQ(sealed.find("tttt"), std::string::npos);
    EXPECT_EQ(sealer->Open("context", sealed), text);
  }
}

TEST(SealerTest, SealsTheSameTheSameWay) {
  EXPECT_EQ(MakeSealer('k')->Seal("c", "t"), MakeSealer('k')->Seal("c", "t"));
  EXPECT_NE(MakeSealer('k')->Seal("c", "t"), MakeSealer('l')->Seal("c", "t"));
  EXPECT_NE(MakeSealer('k')->Seal("c", "t"), MakeSealer('k')->Seal("d", "t"));
}

TEST(SealerTest, OpensNothingElse) {
  const auto sealer = MakeSealer('k');
  const std::string sealed = sealer->Seal("context", "a text of some length");
  EXPECT_EQ(sealer->Open("another", sealed), std::nullopt);
  EXPECT_EQ(MakeSealer('l')->Open("context", sealed), std::nullopt);
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(sealer->Open("context", sealed.substr(0, size)), std::nullopt);
  EXPECT_EQ(sealer->Open("context", sealed + "x"), std::nullopt);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(sealer->Open("context", flipped), std::nullopt) << bit;
  }
}

// Computed with another implementation of RFC 5297 (Python's cryptography, one
// header of associated data).
TEST(SealerTest, IsAes256Siv) {
  std::string key;
  for (int i = 0; i < 64; ++i) key.push_back(static_cast<char>(i));
  const auto sealer = Sealer::Create(SecretBytes(key)).value();
  EXPECT_EQ(absl::BytesToHexString(sealer->Seal("context", "a text")),
            "70c246f875679c292bccc54f7fc07d79e1dc295b5987");
}

TEST(SealerTest, RefusesKeysOfAnotherSize) {
  for (std::size_t size : {0, 32, 63, 65})
    EXPECT_FALSE(Sealer::Create(SecretBytes(std::string(size, 'k'))).ok());
}

}  // namespace
}  // namespace psm
