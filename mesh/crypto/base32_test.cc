#include "mesh/crypto/base32.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(Base32Test, AgreesWithRfc4648InSmallLetters) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},
      {"f", "my"},
      {"fo", "mzxq"},
      {"foo", "mzxw6"},
      {"foob", "mzxw6yq"},
      {"fooba", "mzxw6ytb"},
      {"foobar", "mzxw6ytboi"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base32Encode(bytes), text);
    EXPECT_EQ(Base32Decode(text), bytes);
  }
}

TEST(Base32Test, EveryShortTextDecodesOnlyIfItIsTheOneTextOfItsBytes) {
  int decoded = 0;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first),
                                static_cast<char>(second)};
      const std::optional<std::string> bytes = Base32Decode(text);
      if (!bytes.has_value()) continue;
      ++decoded;
      EXPECT_EQ(Base32Encode(*bytes), text);
    }
  }
  EXPECT_EQ(decoded, 256);  // one for each byte
}

TEST(Base32Test, RefusesWhatItDoesNotMake) {
  for (const char* bad : {"MY", "my======", "mz", "m", "mzx", "mzxw6y", "my ",
                          "m1", "m8", "m\xc3\xa9", "mzxw6ytb1"}) {
    EXPECT_EQ(Base32Decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(Base32Decode(absl::string_view("m\0", 2)), std::nullopt);
}

}  // namespace
}  // namespace psm
