// What Rewrite drops, mends and refuses of messages that no honest encoder
// makes.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/contracts/testing/wrinkles_fixture.h"

namespace psm {
namespace {

using RewriteRefusalsTest = WrinklesTest;

TEST_F(RewriteRefusalsTest, UnknownFieldsAndWrongWireTypesAreDroppedAndSaid) {
  const std::string good = Tag(200, wire::kVarint) + Varint(1);
  for (const std::string& bad :
       {Len(77, "\xff\xff"), Tag(77, wire::kVarint) + Varint(5),
        Tag(5, wire::kFixed32) + "1234", Len(200, "x"),
        Tag(9, wire::kFixed64) + "12345678", Len(536870911, "")}) {
    auto result = Response(bad + good + bad, {"count"});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->message, good);
    EXPECT_TRUE(result->dropped_unknown);
    EXPECT_EQ(result->released | result->withheld, 0u);
  }
  // Inside a submessage its length shrinks with them.
  auto result = Response(Len(1, Len(2, "n") + Len(77, "x")), {"name"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->message, Len(1, Len(2, "n")));
  EXPECT_TRUE(result->dropped_unknown);
}

TEST_F(RewriteRefusalsTest, NothingHidesInPaddedVarintsAndLengths) {
  struct {
    std::string in, out;
  } rows[] = {
      // Tag, length and value longer than they need be.
      {std::string("\xc0\x8c\x00", 3) + Varint(1),
       Tag(200, wire::kVarint) + Varint(1)},
      {Tag(200, wire::kVarint) + std::string("\x81\x80\x00", 3),
       Tag(200, wire::kVarint) + Varint(1)},
      {Tag(1, wire::kLengthDelimited) + std::string("\x83\x00", 2) +
           Len(2, "n"),
       Len(1, Len(2, "n"))},
      {Tag(6, wire::kLengthDelimited) + std::string("\x81\x80\x00", 3) + "t",
       Len(6, "t")},
      // A bool of many bits, an int32 of 64 bits, both alone and packed.
      {Tag(200, wire::kVarint) + Varint(0xabcdef),
       Tag(200, wire::kVarint) + Varint(1)},
      {Tag(9, wire::kVarint) + Varint(0xffff00000005),
       Tag(9, wire::kVarint) + Varint(5)},
      {Len(10, Varint(1) + Varint(0xffff00000005) + std::string("\x82\x00", 2)),
       Len(10, Varint(1) + Varint(5) + Varint(2))},
      // Defaults that say nothing.
      {Tag(200, wire::kVarint) + Varint(0), ""},
      {Tag(200, wire::kVarint) + Varint(std::uint64_t{1} << 40),
       Tag(200, wire::kVarint) + Varint(1)},
      {Len(10, ""), ""},
      {Len(2, Tag(1, wire::kVarint) + Varint(std::uint64_t{1} << 32) +
                  Tag(9, wire::kFixed32) + std::string(4, '\0') + Len(13, "")),
       Len(2, "")},
  };
  for (const auto& row : rows) {
    auto result = Response(row.in, {"count", "name", "text", "scalars"});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->message, row.out) << Text(kResponse, row.in);
    EXPECT_FALSE(result->dropped_unknown);
    EXPECT_EQ(Text(kResponse, row.in), Text(kResponse, row.out));
  }
}

TEST_F(RewriteRefusalsTest, AFieldThatOccursTwiceIsRefused) {
  const std::string person = Len(1, "hanako");
  for (const std::string& bytes :
       {Len(4, "") + Len(4, ""),      // a message, split
        Len(1, person + person),      // a subject
        Len(1, Len(1, "") + person),  // one of them empty
        Len(2, Tag(1, wire::kVarint) + Varint(1) + Tag(1, wire::kVarint) +
                   Varint(1)),
        Len(2, Len(536870911, "a") + Len(536870911, "b")),
        Len(6, "text") + Len(8, "hanako"),  // two of one oneof
        Len(6, "text") + Len(6, "text"), Len(7, "") + Len(6, ""),
        Tag(9, wire::kVarint) + Varint(0) + Len(1, person) +
            Tag(9, wire::kVarint) + Varint(0)}) {
    for (const std::vector<std::string>& allowed :
         {std::vector<std::string>{}, {"text", "name", "scalars", "count"}}) {
      auto result = Response(bytes, allowed);
      ASSERT_FALSE(result.ok()) << Text(kResponse, bytes);
      EXPECT_EQ(Reason(result.status()), "FIELD_REPEATED");
      EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST_F(RewriteRefusalsTest, MalformedMessagesAreRefusedWhereverTheyAre) {
  const std::string eleven = std::string(10, '\x80') + '\x00';
  for (const std::string& bytes :
       {std::string("\x80"),
        std::string("\x08"),
        std::string("\x00\x00", 2),
        std::string("\x0a"),
        std::string("\x0a\x05") + "abcd",
        Tag(9, wire::kVarint) + eleven,
        Tag(9, wire::kVarint) + std::string(9, '\xff') + '\x02',
        std::string("\x4b\x4c"),
        std::string("\x4e"),
        std::string("\x4f"),
        std::string("\xff\xff\xff\xff\x1f\x00", 6),  // tag above 32 bits
        std::string("\x89\x80\x80\x80\x80\x00", 6),  // tag of six bytes
        Len(6, "\xff"),
        Len(6, "\xed\xa0\x80"),
        Len(1, Len(1, "\xc0\x80")),
        Len(2, Tag(9, wire::kFixed32) + "123"),
        Len(2, Len(25, "12345")),
        Len(2, Len(26, "1234")),
        Len(10, "\x80"),
        Len(1, "\x08"),
        Len(1, Tag(1, wire::kVarint) + Varint(5)),  // subject as a number
        Tag(8, wire::kFixed64) + "12345678",
        Tag(1, wire::kLengthDelimited) + "\xff\xff\xff\xff\x0f"}) {
    for (const std::vector<std::string>& allowed :
         {std::vector<std::string>{}, {"text", "name", "scalars", "count"}}) {
      auto result = Response(bytes, allowed);
      ASSERT_FALSE(result.ok()) << Text(kResponse, bytes);
      EXPECT_EQ(Reason(result.status()), "MESSAGE_MALFORMED");
      EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST_F(RewriteRefusalsTest, MessagesOfTooManyFieldsAreRefused) {
  std::string most(kMaxMessageFields - 1, '\x01');
  EXPECT_TRUE(Response(Len(10, most), {"count"}).ok());
  most.push_back('\x01');
  EXPECT_EQ(Reason(Response(Len(10, most), {"count"}).status()),
            "MESSAGE_MALFORMED");
  std::string people;
  for (int i = 0; i <= kMaxMessageFields / 2; ++i)
    people += Len(1, Len(2, "n"));
  EXPECT_EQ(Reason(Response(people, {}).status()), "MESSAGE_MALFORMED");
}

TEST_F(RewriteRefusalsTest, ErrorsNameTheFieldAndNotItsValue) {
  auto result = Response(Len(1, Len(2, "\xff secret")), {});
  auto detail = DetailOf(result.status());
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->metadata.at("field"), "psm.testdata.v1.Person.name");
  EXPECT_EQ(detail->party, Party::kConsumer);
  EXPECT_EQ(std::string(result.status().message()).find("secret"),
            std::string::npos);
}

}  // namespace
}  // namespace psm
