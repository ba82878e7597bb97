#include "mesh/crypto/digest.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "mesh/crypto/crc32c.h"

namespace psm {
namespace {

std::string Hex(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

// Bytes 0, 1, 2, ...
std::string Counting(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

TEST(Sha256Test, AgreesWithFips180) {
  EXPECT_EQ(Hex(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "248d6a61d20638b8e5c026930c3e6039"
      "a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, ThreadsDoNotDisturbOneAnother) {
  std::vector<std::thread> threads;
  std::vector<std::string> digests(4);
  for (std::string& digest : digests) {
    threads.emplace_back([&digest] {
      for (int i = 0; i < 1000; ++i) digest = Sha256("abc");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& digest : digests) EXPECT_EQ(digest, Sha256("abc"));
}

struct HmacVector {
  std::string key;
  std::string text;
  std::string hmac;
};

class Rfc4231Test : public testing::TestWithParam<HmacVector> {};

TEST_P(Rfc4231Test, Agrees) {
  EXPECT_EQ(Hex(HmacSha256(SecretBytes(GetParam().key), GetParam().text)),
            GetParam().hmac);
}

INSTANTIATE_TEST_SUITE_P(
    TestCases, Rfc4231Test,
    testing::Values(
        HmacVector{std::string(20, '\x0b'), "Hi There",
                   "b0344c61d8db38535ca8afceaf0bf12b"
                   "881dc200c9833da726e9376c2e32cff7"},
        HmacVector{"Jefe", "what do ya want for nothing?",
                   "5bdcc146bf60754e6a042426089575c7"
                   "5a003f089d2739839dec58b964ec3843"},
        HmacVector{std::string(20, '\xaa'), std::string(50, '\xdd'),
                   "773ea91e36800e46854db8ebd09181a7"
                   "2959098b3ef8c122d9635514ced565fe"},
        HmacVector{Counting(26).substr(1), std::string(50, '\xcd'),
                   "82558a389a443c0ea4cc819899f2083a"
                   "85f0faa3e578f8077a2e3ff46729665b"},
        HmacVector{std::string(131, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First",
                   "60e431591ee0b67f0d8a26aacbf5b77f"
                   "8e0bc6213728c5140546040f0ee37f54"},
        HmacVector{std::string(131, '\xaa'),
                   "This is a test using a larger than block-size key and a "
                   "larger than block-size data. The key needs to be hashed "
                   "before being used by the HMAC algorithm.",
                   "9b09ffa71b942fcb27635fbcd5b0e944"
                   "bfdc63644f0713938a7f51535c3a35e2"}));

TEST(HmacSha256Test, TheEmptyKeyIsAKeyLikeAnother) {
  // HMAC pads a key with zeros, so the empty key equals one zero byte.
  const std::string before = HmacSha256(SecretBytes("other"), "text");
  EXPECT_EQ(HmacSha256(SecretBytes(), "text"),
            HmacSha256(SecretBytes(absl::string_view("\0", 1)), "text"));
  EXPECT_NE(HmacSha256(SecretBytes(), "text"), before);
}

TEST(HkdfSha256Test, AgreesWithRfc5869A3) {
  const SecretBytes key(std::string(22, '\x0b'));
  EXPECT_EQ(Hex(HkdfSha256(key, "", 42).Reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
            "9d201395faa4b61a96c8");
}

TEST(HkdfSha256Test, SeparatesByInfoAndShorterOutputsArePrefixes) {
  const SecretBytes key("key");
  const SecretBytes whole = HkdfSha256(key, "info", 255 * 32);
  ASSERT_EQ(whole.size(), 255u * 32);
  for (std::size_t size : {0u, 1u, 31u, 32u, 33u, 64u, 8159u}) {
    EXPECT_EQ(HkdfSha256(key, "info", size).Reveal(),
              whole.Reveal().substr(0, size));
  }
  EXPECT_FALSE(HkdfSha256(key, "info", 32) == HkdfSha256(key, "inf", 32));
  EXPECT_FALSE(HkdfSha256(key, "info", 32) ==
               HkdfSha256(SecretBytes("kex"), "info", 32));
}

struct CrcVector {
  std::string bytes;
  std::uint32_t crc;
};

class Crc32cVectorTest : public testing::TestWithParam<CrcVector> {};

TEST_P(Crc32cVectorTest, AgreesBothWays) {
  EXPECT_EQ(Crc32c(GetParam().bytes), GetParam().crc);
  EXPECT_EQ(crc32c_internal::WithTables(GetParam().bytes), GetParam().crc);
}

std::string Reversed(std::string bytes) {
  return std::string(bytes.rbegin(), bytes.rend());
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3720B4, Crc32cVectorTest,
    testing::Values(
        CrcVector{std::string(32, '\0'), 0x8a9136aa},
        CrcVector{std::string(32, '\xff'), 0x62a8ab43},
        CrcVector{Counting(32), 0x46dd794e},
        CrcVector{Reversed(Counting(32)), 0x113fdb5c},
        CrcVector{absl::HexStringToBytes(
                      "01c0000000000000000000000000000014000000000004000000"
                      "00140000001828000000000000000200000000000000"),
                  0xd9963a56}));

INSTANTIATE_TEST_SUITE_P(CheckValue, Crc32cVectorTest,
                         testing::Values(CrcVector{"", 0},
                                         CrcVector{"123456789", 0xe3069283}));

TEST(Crc32cTest, BothWaysAgreeAtEveryLengthAndAlignment) {
  if (!crc32c_internal::HasInstruction()) {
    GTEST_SKIP() << "this processor has no CRC32 instruction";
  }
  const std::string bytes = SystemRandom().Bytes(600);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size < 560; ++size) {
      const absl::string_view part =
          absl::string_view(bytes).substr(from, size);
      ASSERT_EQ(crc32c_internal::WithTables(part),
                crc32c_internal::WithInstruction(part))
          << from << " " << size;
    }
  }
}

TEST(RandomTest, GivesAsManyBytesAsAskedAndNotTheSameTwice) {
  EXPECT_EQ(SystemRandom().Bytes(0), "");
  EXPECT_EQ(SystemRandom().Bytes(1000).size(), 1000u);
  // Short ones come out of a supply, which is filled anew many times here, on
  // each thread.
  std::vector<std::vector<std::string>> taken(2);
  std::vector<std::thread> threads;
  for (std::vector<std::string>& of_one : taken) {
    threads.emplace_back([&of_one] {
      for (int i = 0; i < 1000; ++i)
        of_one.push_back(SystemRandom().Bytes(i % 3 == 0 ? 13 : 16));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> different;
  for (const auto& of_one : taken) {
    for (const std::string& bytes : of_one)
      different.insert(bytes.substr(0, 13));
  }
  EXPECT_EQ(different.size(), 2000u);
}

// A generator that gives what it is told.
class FixedRandom : public Random {
 public:
  explicit FixedRandom(char byte) : byte_(byte) {}
  std::string Bytes(std::size_t size) override {
    return std::string(size, byte_);
  }

 private:
  const char byte_;
};

TEST(UuidTest, SetsVersionAndVariantAndNoOtherBit) {
  FixedRandom zeros('\0');
  FixedRandom ones('\xff');
  EXPECT_EQ(NewUuid(zeros), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(NewUuid(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(UuidTest, NewOnesAreUuidsAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid(SystemRandom());
    EXPECT_TRUE(IsUuid(uuid)) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

TEST(UuidTest, ANameHasAlwaysTheSameOne) {
  // By another program, from SHA-256: kept ids must not change.
  EXPECT_EQ(NamedUuid(""), "e3b0c442-98fc-8c14-9afb-f4c8996fb924");
  EXPECT_EQ(NamedUuid("psm linkage leg\nid\ntax"),
            "140e9dc2-a23a-876a-8767-23aa513b0512");
  EXPECT_TRUE(IsUuid(NamedUuid("a")));
  EXPECT_NE(NamedUuid("a"), NamedUuid("b"));
}

TEST(UuidTest, RefusesWhatIsNotOne) {
  const std::string good = "01234567-89ab-4cde-8f01-23456789abcd";
  ASSERT_TRUE(IsUuid(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char c : {'g', '-', '0', 'A', '\0', ' ', '\xff', '/', ':', '`'}) {
      std::string bad = good;
      bad[i] = c;
      const bool expected = bad == good || (c == '0' && good[i] != '-');
      EXPECT_EQ(IsUuid(bad), expected) << bad;
    }
  }
  for (const std::string& bad : std::vector<std::string>{
           "", good.substr(1), good + "0", "{" + good + "}",
           "0123456789ab4cde8f0123456789abcd"}) {
    EXPECT_FALSE(IsUuid(bad)) << bad;
  }
}

}  // namespace
}  // namespace psm
