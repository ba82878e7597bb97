#include "mesh/records/segment_format.h"

#include "gtest/gtest.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

SegmentHeader SampleHeader() {
  SegmentHeader header;
  header.number = 0x0102030405060708;
  header.log_id = "0123456789abcdef";
  header.first_index = 42;
  header.previous = 7;
  header.previous_end = 4096;
  return header;
}

// The layout is that of FORMAT.md, on every machine.
TEST(SegmentFormatTest, HeaderHasTheWrittenLayout) {
  std::string bytes = EncodeSegmentHeader(SampleHeader());
  ASSERT_EQ(bytes.size(), kSegmentHeaderBytes);
  EXPECT_EQ(bytes.substr(0, 12), std::string("PSMRECS\n\2\0\0\0", 12));
  EXPECT_EQ(bytes.substr(16, 8), "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(bytes.substr(24, 16), "0123456789abcdef");
  EXPECT_EQ(bytes.substr(40, 8), std::string("\x2a\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(48, 8), std::string("\x07\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(56, 8), std::string("\0\x10\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(64), std::string(64, '\0'));
}

TEST(SegmentFormatTest, HeaderIsNoticedOnlyWholeAndUnderItsNumber) {
  const SegmentHeader header = SampleHeader();
  const std::string bytes = EncodeSegmentHeader(header);
  auto decoded = DecodeSegmentHeader(bytes, header.number);
  ASSERT_TRUE(decoded.ok() && decoded->has_value());
  EXPECT_EQ((*decoded)->log_id, header.log_id);
  EXPECT_EQ((*decoded)->first_index, header.first_index);
  EXPECT_EQ((*decoded)->previous, header.previous);
  EXPECT_EQ((*decoded)->previous_end, header.previous_end);
  EXPECT_FALSE(DecodeSegmentHeader(bytes, header.number + 1)->has_value());
  EXPECT_FALSE(
      DecodeSegmentHeader(bytes.substr(0, 127), header.number)->has_value());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    auto got = DecodeSegmentHeader(flipped, header.number);
    EXPECT_FALSE(got.ok() && got->has_value()) << at;
  }
}

TEST(SegmentFormatTest, FrameIsWholeOrNothing) {
  std::string payload;
  const std::string seed = "0123456789abcdef";
  AppendToPayload({seed, "one"}, payload);
  AppendToPayload({std::string(kSeedBytes, 'z'), ""}, payload);
  AppendToPayload({seed, "three"}, payload);
  FrameHeader header;
  header.payload_crc = Crc32c(payload);
  header.record_count = 3;
  header.generation = 9;
  header.first_index = 5;
  header.batch_index = 4;
  std::string bytes;
  AppendFrame(header, payload, bytes);
  ASSERT_EQ(bytes.size(), FrameBytes(payload.size()));
  EXPECT_EQ(bytes.size() % 8, 0u);
  const std::string followed = bytes + "more";
  auto frame = DecodeFrame(followed, 9);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->bytes, bytes.size());
  EXPECT_EQ(frame->header.first_index, 5u);
  EXPECT_EQ(frame->header.batch_index, 4u);
  auto records = SplitPayload(frame->payload, frame->header.record_count);
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ((*records)[0].record, "one");
  EXPECT_EQ((*records)[0].seed, seed);
  EXPECT_EQ((*records)[1].record, "");
  EXPECT_EQ((*records)[1].seed, std::string(kSeedBytes, 'z'));
  EXPECT_EQ((*records)[2].record, "three");

  EXPECT_FALSE(DecodeFrame(bytes, 8).has_value());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeFrame(bytes.substr(0, size), 9).has_value()) << size;
  }
  for (std::size_t at = 0; at < kFrameHeaderBytes + payload.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x80);
    EXPECT_FALSE(DecodeFrame(flipped, 9).has_value()) << at;
  }
}

TEST(SegmentFormatTest, PayloadsThatDoNotAddUpAreRefused) {
  std::string payload;
  AppendToPayload({std::string(kSeedBytes, 's'), "one"}, payload);
  EXPECT_TRUE(SplitPayload(payload, 1).has_value());
  EXPECT_FALSE(SplitPayload(payload, 0).has_value());
  EXPECT_FALSE(SplitPayload(payload, 2).has_value());
  EXPECT_FALSE(SplitPayload(payload + "x", 1).has_value());
  EXPECT_FALSE(
      SplitPayload(payload.substr(0, payload.size() - 1), 1).has_value());
  EXPECT_FALSE(
      SplitPayload(std::string(4, '\xff') + std::string(kSeedBytes, 's'), 1)
          .has_value());
}

}  // namespace
}  // namespace psm
