#include "mesh/edge/grpc_status.h"

#include "gtest/gtest.h"

namespace psm::edge {
namespace {

TEST(GrpcStatusTest, PercentEncodingKeepsEveryByteAndOnlyPrintableOnes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::string encoded = PercentEncode(all);
  for (char c : encoded) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
  EXPECT_EQ(PercentDecode(encoded), all);
  EXPECT_EQ(PercentEncode("100%\n"), "100%25%0A");
}

TEST(GrpcStatusTest, PercentDecodingLeavesWhatIsNotEncoded) {
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
}

TEST(GrpcStatusTest, ACodeIsZeroToSixteenInItsOnlySpelling) {
  for (int i = 0; i <= 16; ++i)
    EXPECT_EQ(ParseStatusCode(std::to_string(i)), i);
  for (const char* text : {"", "17", "20", "99", "-1", "+1", "00", "01", "1 ",
                           " 1", "0x1", "1a", "100", "a"})
    EXPECT_FALSE(ParseStatusCode(text).has_value()) << text;
}

TEST(GrpcStatusTest, ATimeoutIsUpToEightDigitsAndAUnit) {
  EXPECT_EQ(ParseTimeout("1H"), absl::Hours(1));
  EXPECT_EQ(ParseTimeout("2M"), absl::Minutes(2));
  EXPECT_EQ(ParseTimeout("3S"), absl::Seconds(3));
  EXPECT_EQ(ParseTimeout("4m"), absl::Milliseconds(4));
  EXPECT_EQ(ParseTimeout("5u"), absl::Microseconds(5));
  EXPECT_EQ(ParseTimeout("99999999n"), absl::Nanoseconds(99999999));
  EXPECT_EQ(ParseTimeout("0S"), absl::ZeroDuration());
  for (const char* text :
       {"", "1", "S", "-1S", "+1S", " 1S", "1 S", "1S ", "1s", "1.5S",
        "123456789S", "0x1S", "1Sx", "\xef\xbc\x91S"})
    EXPECT_FALSE(ParseTimeout(text).has_value()) << text;
}

TEST(GrpcStatusTest, AFormattedTimeoutIsNeverLongerThanWhatWasLeft) {
  EXPECT_EQ(FormatTimeout(absl::InfiniteDuration()), "");
  EXPECT_EQ(FormatTimeout(absl::ZeroDuration()), "0n");
  EXPECT_EQ(FormatTimeout(-absl::Seconds(1)), "0n");
  for (absl::Duration left :
       {absl::Nanoseconds(1), absl::Nanoseconds(99999999),
        absl::Nanoseconds(100000001), absl::Seconds(1), absl::Seconds(99),
        absl::Seconds(100) + absl::Nanoseconds(1), absl::Hours(30),
        absl::Hours(100000), absl::Hours(1000000000)}) {
    const std::string text = FormatTimeout(left);
    ASSERT_TRUE(ParseTimeout(text).has_value()) << text;
    EXPECT_LE(*ParseTimeout(text), left);
    if (left < absl::Hours(1000000)) {
      EXPECT_GE(*ParseTimeout(text), left * 0.999999) << text;
    }
  }
}

TEST(GrpcStatusTest, BinaryValuesComeBackWithAndWithoutPadding) {
  EXPECT_EQ(EncodeBinary("\x01"), "AQ");
  EXPECT_EQ(DecodeBinary("AQ"), "\x01");
  EXPECT_EQ(DecodeBinary("AQ=="), "\x01");
  EXPECT_EQ(DecodeBinary(""), "");
  for (int size = 0; size < 70; ++size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37));
    EXPECT_EQ(DecodeBinary(EncodeBinary(bytes)), bytes);
  }
}

TEST(GrpcStatusTest, NothingElseIsABinaryValue) {
  for (const char* text :
       {"A", "=", "==", "A=", "AQ=", "AQ===", "AQ =", "A Q", "AQ\n", "AR",
        "A-_A", "AQ.=", "*", "AQ==AQ==", "AAAA="})
    EXPECT_FALSE(DecodeBinary(text).has_value()) << text;
}

}  // namespace
}  // namespace psm::edge
