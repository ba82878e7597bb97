#include "mesh/crypto/block_cipher.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(BlockCipherTest, EncryptsAsFips197Says) {
  // Appendix C.1.
  std::string blocks =
      absl::HexStringToBytes("00112233445566778899aabbccddeeff");
  EncryptBlocks(absl::HexStringToBytes("000102030405060708090a0b0c0d0e0f"),
                absl::MakeSpan(blocks));
  EXPECT_EQ(absl::BytesToHexString(blocks), "69c4e0d86a7b0430d8cdb78070b4c55a");
}

TEST(BlockCipherTest, BlocksDoNotDependOnOneAnotherNorOnTheKeyBefore) {
  const std::string key(16, 'k');
  std::string pair = std::string(16, 'a') + std::string(16, 'b');
  EncryptBlocks(key, absl::MakeSpan(pair));
  std::string other(16, 'b');
  EncryptBlocks(std::string(16, 'x'), absl::MakeSpan(other));
  std::string second(16, 'b');
  EncryptBlocks(key, absl::MakeSpan(second));
  EXPECT_EQ(pair.substr(16), second);
  EXPECT_NE(other, second);
}

TEST(BlockCipherDeathTest, TakesWholeBlocksAndWholeKeysOnly) {
  std::string blocks(15, 'a');
  EXPECT_DEATH(EncryptBlocks(std::string(16, 'k'), absl::MakeSpan(blocks)),
               "AES-128");
  std::string whole(16, 'a');
  EXPECT_DEATH(EncryptBlocks(std::string(15, 'k'), absl::MakeSpan(whole)),
               "AES-128");
}

}  // namespace
}  // namespace psm
