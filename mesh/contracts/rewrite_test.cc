#include "mesh/contracts/rewrite.h"

#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/contracts/testing/wrinkles_fixture.h"

namespace psm {
namespace {

using RewriteTest = WrinklesTest;

struct Row {
  const char* name;
  const char* in;
  std::vector<std::string> allowed;
  const char* out;
  std::vector<std::string> released;
  std::vector<std::string> withheld;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class RewritesResponse : public RewriteTest,
                         public testing::WithParamInterface<Row> {};

TEST_P(RewritesResponse, AsTheContractSays) {
  const Row& row = GetParam();
  auto result = Response(Bytes(kResponse, row.in), row.allowed);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->message, Bytes(kResponse, row.out))
      << Text(kResponse, result->message);
  EXPECT_EQ(plan().NamesOf(result->released), row.released);
  EXPECT_EQ(plan().NamesOf(result->withheld), row.withheld);
  EXPECT_FALSE(result->dropped_unknown);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RewritesResponse,
    testing::Values(
        Row{"Empty", "", {}, "", {}, {}},
        Row{"PlainPasses",
            "plain: true as_of_time { seconds: 5 nanos: 6 } wrapped { value: "
            "'w' }",
            {},
            "plain: true as_of_time { seconds: 5 nanos: 6 } wrapped { value: "
            "'w' }",
            {},
            {}},
        Row{"WithheldIsDropped",
            "count: 3 counts: [1, 2] plain: true",
            {},
            "plain: true",
            {},
            {"count"}},
        Row{"KeptIsCopied",
            "count: 3 counts: [1, 2] plain: true",
            {"count"},
            "count: 3 counts: [1, 2] plain: true",
            {"count"},
            {}},
        Row{"ExplicitDefaultIsPresent", "count: 0", {}, "", {}, {"count"}},
        Row{"SubjectsAreTranslatedAtEveryDepth",
            "people { subject: 'hanako' address { landlord: 'taro' building { "
            "owner: 'hanako' } } } representative: 'taro'",
            {"address"},
            "people { subject: 'HANAKO' address { landlord: 'T' building { "
            "owner: 'HANAKO' } } } representative: 'T'",
            {"address"},
            {}},
        Row{"PageTokensAreTranslated",
            "next_page_token: '7'",
            {},
            "next_page_token: '<7>'",
            {},
            {}},
        Row{"PeopleStayWithTheirAttributesWithheld",
            "people { subject: 'hanako' name: 'n' } people { name: 'm' "
            "employer: '9' }",
            {},
            "people { subject: 'HANAKO' } people { employer: '9' }",
            {},
            {"name"}},
        Row{"PlainInsideAnAttributeBelongsToIt",
            "people { address { municipality: 'm' text: 't' landlord: 'nobody' "
            "} }",
            {"name"},
            "people { }",
            {},
            {"address"}},
        Row{"InnermostAnnotationWins",
            "people { address { text: 't' rent: 7 building { floors: 2 secret: "
            "'s' } } }",
            {"address"},
            "people { address { text: 't' building { floors: 2 } } }",
            {"address"},
            {"rent", "secret"}},
        Row{"WithheldMessageStaysAroundAKeptAttribute",
            "people { address { text: 't' rent: 7 landlord: 'nobody' } }",
            {"rent"},
            "people { address { rent: 7 } }",
            {"rent"},
            {"address"}},
        Row{"WithheldMessagesStayAroundAKeptAttributeTwoLevelsBelow",
            "people { address { text: 't' building { floors: 1 secret: 's' } } "
            "}",
            {"secret"},
            "people { address { building { secret: 's' } } }",
            {"secret"},
            {"address"}},
        Row{"WithheldMessageGoesWhereTheKeptAttributeIsAbsent",
            "people { subject: 'taro' address { text: 't' building { floors: 1 "
            "} } }",
            {"rent", "secret"},
            "people { subject: 'T' }",
            {},
            {"address"}},
        Row{"ForeignMessagesAreCoveredWhole",
            "records { exchange_id: 'e' kind: REFUSAL subject: 'code' "
            "ask_time { seconds: 9 } released: ['a', 'b'] outcome: -1 }",
            {"records"},
            "records { exchange_id: 'e' kind: REFUSAL subject: 'code' "
            "ask_time { seconds: 9 } released: ['a', 'b'] outcome: -1 }",
            {"records"},
            {}},
        Row{"OneofMemberOfAWithheldAttribute",
            "person { subject: 'taro' name: 'n' } plain: true",
            {},
            "plain: true",
            {},
            {"name"}}),
    [](const auto& row) { return row.param.name; });

TEST_F(RewriteTest, EveryScalarIsCopied) {
  const std::string bytes = Bytes(
      kResponse,
      "scalars { int32_value: -1 int64_value: -2 uint32_value: 4294967295 "
      "uint64_value: 18446744073709551615 sint32_value: -2147483648 "
      "sint64_value: -9223372036854775808 bool_value: true enum_value: RED "
      "fixed32_value: 1 sfixed64_value: -1 float_value: -0.0 double_value: "
      "nan string_value: '\\346\\274\\242' bytes_value: '\\377' "
      "optional_value: 0 optional_text: '' int32_values: [0, -1, 300] "
      "sint64_values: [0, -1] bool_values: [true, false] enum_values: [RED, "
      "COLOUR_UNSPECIFIED] fixed32_values: [0, 1] double_values: [0, inf] "
      "unpacked_values: [0, 1, -1] string_values: ['', 'x'] bytes_values: "
      "['', '\\377'] sparse_value: 1 last_value: 'l' }");
  auto result = Response(bytes, {"scalars"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->message, bytes);
}

TEST_F(RewriteTest, PackedAndUnpackedFormsAreBothTaken) {
  const std::string unpacked =
      Tag(10, wire::kVarint) + Varint(1) + Tag(10, wire::kVarint) + Varint(2);
  const std::string packed = Len(10, Varint(3) + Varint(4));
  auto result = Response(unpacked + packed, {"count"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Text(kResponse, result->message),
            "counts: 1 counts: 2 counts: 3 counts: 4");
}

TEST_F(RewriteTest, TheTranslatorIsAskedInWireOrderForWhatIsKept) {
  auto result = Response(
      Bytes(kResponse,
            "people { subject: 'taro' address { landlord: 'nobody' } } people "
            "{ subject: 'hanako' } representative: 'jiro'"),
      {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(translator_.asked,
            (std::vector<std::string>{"taro", "hanako", "jiro"}));
}

TEST_F(RewriteTest, TheTranslatorsErrorIsTheResult) {
  auto result = Response(Bytes(kResponse, "people { subject: 'nobody' }"), {});
  EXPECT_EQ(Reason(result.status()), "SUBJECT_CODE_INVALID");
}

TEST_F(RewriteTest, LengthsAreMendedWhenTheirOwnSizeChanges) {
  // 'jiro' grows by 296 bytes inside two messages that took one byte for their
  // length; a withheld text shrinks a message from two bytes to one.
  const std::string grown = "people { name: 'n' subject: 'jiro' } plain: true";
  const std::string shrunk = "people { address { rent: 1 text: '" +
                             std::string(200, 't') + "' } } plain: true";
  for (const std::string& text : {grown, shrunk}) {
    EXPECT_EQ(
        reference_.Judge(plan(), false, Bytes(kResponse, text), Mask({"rent"})),
        "");
    ASSERT_TRUE(Response(Bytes(kResponse, text), {"rent"}).ok());
  }
  EXPECT_EQ(Response(Bytes(kResponse, shrunk), {"rent"})->message,
            Bytes(kResponse, "people { address { rent: 1 } } plain: true"));
}

class FindNamedTest : public RewriteTest {};

TEST_F(FindNamedTest, TellsSubjectCorporationAndAttributes) {
  auto named = FindNamed(
      plan(),
      Bytes(kRequest, "subject: 's' corporation: 'c' note: 'n' by_number: 0"));
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->subject, "s");
  EXPECT_EQ(named->corporation, "c");
  EXPECT_EQ(plan().NamesOf(named->present),
            (std::vector<std::string>{"note", "number"}));
  named = FindNamed(plan(), "");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->subject, "");
  EXPECT_EQ(named->corporation, "");
  EXPECT_EQ(named->present, 0u);
}

TEST_F(FindNamedTest, RefusesASecondSubjectAndAMalformedRequest) {
  EXPECT_EQ(Reason(FindNamed(plan(), Len(1, "a") + Len(1, "b")).status()),
            "FIELD_REPEATED");
  EXPECT_EQ(Reason(FindNamed(plan(), Len(1, "a") + Len(1, "a")).status()),
            "FIELD_REPEATED");
  EXPECT_EQ(
      Reason(FindNamed(plan(), Len(7, "a") + Tag(8, wire::kVarint) + Varint(1))
                 .status()),
      "FIELD_REPEATED");
  EXPECT_EQ(
      Reason(FindNamed(plan(), Tag(1, wire::kVarint) + Varint(1)).status()),
      "MESSAGE_MALFORMED");
  EXPECT_EQ(Reason(FindNamed(plan(), Len(1, "a") + Len(5, "\xff")).status()),
            "MESSAGE_MALFORMED");
  EXPECT_EQ(Reason(FindNamed(plan(), Len(1, "a").substr(0, 2)).status()),
            "MESSAGE_MALFORMED");
}

class InsertTest : public RewriteTest {
 protected:
  absl::StatusOr<Rewritten> Insert(const std::string& bytes) {
    return Rewrite(*plan().request, bytes,
                   {0, &translator_, "inserted", plan().request_subject_field});
  }
};

TEST_F(InsertTest, PutsTheSubjectInFrontAsItIs) {
  auto result = Insert(Bytes(kRequest, "year: -3"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->message, Bytes(kRequest, "subject: 'inserted' year: -3"));
  EXPECT_TRUE(translator_.asked.empty());
}

TEST_F(InsertTest, RefusesASubjectOfTheMessagesOwnUnlessEmpty) {
  EXPECT_EQ(Reason(Insert(Bytes(kRequest, "subject: 'hanako'")).status()),
            "FIELD_REPEATED");
  auto result = Insert(Len(1, ""));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->message, Bytes(kRequest, "subject: 'inserted'"));
}

TEST_F(RewriteTest, TopLevelBytesFindsTheFirst) {
  const std::string bytes = Bytes(
      kResponse, "people { name: 'n' } as_of_time { seconds: 5 } plain: true");
  EXPECT_EQ(TopLevelBytes(bytes, plan().response_as_of_field),
            std::string("\x08\x05"));
  EXPECT_EQ(TopLevelBytes(bytes, 77), "");
  EXPECT_EQ(TopLevelBytes(bytes, 200), "");  // not length-delimited
  for (std::size_t size = 0; size < bytes.size(); ++size)
    TopLevelBytes(bytes.substr(0, size), 200);
}

}  // namespace
}  // namespace psm
