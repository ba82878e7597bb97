// Start-up: one refusal for each sentence of ContractSet::Create's comment.
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/contracts/plan.h"
#include "mesh/contracts/testing/contract_text.h"
#include "mesh/contracts/testing/method_text.h"

namespace psm {
namespace {

using testing::HasSubstr;

struct Refusal {
  const char* name;
  std::string text;
  std::vector<std::string> says;  // parts of the message
};

void PrintTo(const Refusal& row, std::ostream* out) { *out << row.name; }

class RefusesAtStart : public testing::TestWithParam<Refusal> {};

TEST_P(RefusesAtStart, NamingMethodAndField) {
  auto contracts = Create(CompileText(GetParam().text));
  ASSERT_FALSE(contracts.ok());
  EXPECT_EQ(contracts.status().code(), absl::StatusCode::kInvalidArgument);
  for (const std::string& part : GetParam().says)
    EXPECT_THAT(std::string(contracts.status().message()), HasSubstr(part));
}

std::vector<Refusal> Refusals() {
  const std::string evidence = std::string(kRead) + "evidence: true";
  std::string many;
  for (int i = 1; i <= 65; ++i)
    absl::StrAppend(&many, "string f", i, " = ", i, " ",
                    F(absl::StrCat("attribute = 'a", i, "'")));
  std::string deep = "message D0 { string x = 1 " + F("plain = true") + "}";
  for (int i = 1; i <= 16; ++i)
    absl::StrAppend(&deep, "message D", i, " { D", i - 1, " inner = 1 ",
                    F("plain = true"), "}");
  return {
      {"SomeMethodsOnly",
       "service S { rpc M(Q) returns (R) { option "
       "(psm.annotations.v1.method).transparent = true; } rpc N(Q) returns "
       "(R); } message Q {} message R {}",
       {"t.S.N", "no annotation"}},
      {"ExchangeThatStreams",
       Method(kRead, kSubjectField, "", "", "stream"),
       {"t.S/M", "stream"}},
      {"NoDataset", Method("effect: READ", "", ""), {"t.S/M", "dataset"}},
      {"NoEffect", Method("dataset: 'd'", "", ""), {"t.S/M", "effect"}},
      {"RequestFieldWithoutAnnotation",
       Method(kRead, "string x = 1;", ""),
       {"t.S/M", "t.Q.x", "no annotation"}},
      {"ResponseFieldWithoutAnnotation",
       Method(kRead, "", "string x = 1;"),
       {"t.S/M", "t.R.x", "no annotation"}},
      {"InnerFieldOfPlainWithoutAnnotation",
       Method(kRead, "", "I i = 1 " + F("plain = true"),
              "message I { string x = 1; }"),
       {"t.S/M", "t.I.x", "no annotation"}},
      {"AnnotationThatSaysFalse",
       Method(kRead, "", "string x = 1 " + F("plain = false")),
       {"t.R.x", "no annotation"}},
      {"AnnotationsThatContradict",
       Method(kRead, "",
              "string x = 1 [(psm.annotations.v1.field).subject = true, "
              "(psm.annotations.v1.field).plain = true];"),
       {"t.R.x", "contradicts"}},
      {"AttributeWithABadName",
       Method(kRead, "", "string x = 1 " + F("attribute = 'Income'")),
       {"t.R.x", "[a-z]"}},
      {"SubjectThatIsNoString",
       Method(kRead, "int64 x = 1 " + F("subject = true"), ""),
       {"t.Q.x", "singular string"}},
      {"SubjectOfBytes",
       Method(kRead, "bytes x = 1 " + F("subject = true"), ""),
       {"t.Q.x", "singular string"}},
      {"RepeatedSubject",
       Method(kRead, "", "repeated string x = 1 " + F("subject = true")),
       {"t.R.x", "singular string"}},
      {"RepeatedCorporation",
       Method(kRead, "", "repeated string x = 1 " + F("corporation = true")),
       {"t.R.x", "singular string"}},
      {"TwoSubjectsInARequest",
       Method(kRead, kSubjectField + "string other = 2 " + F("subject = true"),
              ""),
       {"t.S/M", "t.Q.other", "one subject"}},
      {"TwoCorporationsInARequest",
       Method(kRead,
              "string a = 1 " + F("corporation = true") + "string b = 2 " +
                  F("corporation = true"),
              ""),
       {"t.Q.b", "one corporation"}},
      {"SubjectBelowTopLevelOfARequest",
       Method(kRead, "I i = 1 " + F("plain = true"), "",
              "message I { string s = 1 " + F("subject = true") + "}"),
       {"t.I.s", "top level"}},
      {"SubjectCoveredInARequest",
       Method(kRead, "I i = 1 " + F("attribute = 'a'"), "",
              "message I { string s = 1 " + F("subject = true") + "}"),
       {"t.I.s", "top level"}},
      {"PageTokenThatIsNoString",
       Method(kRead, "bytes x = 1 " + F("page_token = true"), ""),
       {"t.Q.x", "singular string"}},
      {"RepeatedPageToken",
       Method(kRead, "", "repeated string x = 1 " + F("page_token = true")),
       {"t.R.x", "singular string"}},
      {"TwoPageTokens",
       Method(kRead, "",
              "string a = 1 " + F("page_token = true") + "string b = 2 " +
                  F("page_token = true")),
       {"t.R.b", "one page token"}},
      {"PageTokenBelowTopLevel",
       Method(kRead, "", "I i = 1 " + F("plain = true"),
              "message I { string x = 1 " + F("page_token = true") + "}"),
       {"t.I.x", "top level"}},
      {"PageTokenThatIsPlain",
       Method(kRead, "", "string next_page_token = 1 " + F("plain = true")),
       {"t.R.next_page_token", "page_token = true"}},
      {"TransparentWithAPageToken",
       Method("transparent: true", "string x = 1 " + F("page_token = true"),
              ""),
       {"t.Q.x", "transparent"}},
      {"Any",
       Method(kRead, "", "google.protobuf.Any x = 1 " + F("attribute = 'a'")),
       {"google.protobuf.Any", "open"}},
      {"Struct",
       Method(kRead, "", "google.protobuf.Struct x = 1 " + F("plain = true")),
       {"google.protobuf.Struct", "open"}},
      {"Value",
       Method(kRead, "", "google.protobuf.Value x = 1 " + F("plain = true")),
       {"google.protobuf.Value", "open"}},
      {"AnyDeepInside",
       Method(kRead, "", "I i = 1 " + F("attribute = 'a'"),
              "message I { repeated google.protobuf.Any x = 1; }"),
       {"google.protobuf.Any", "open"}},
      {"Map",
       Method(kRead, "", "map<string, string> x = 1 " + F("plain = true")),
       {"t.R.x", "map"}},
      {"CoveredMap",
       Method(kRead, "", "I i = 1 " + F("attribute = 'a'"),
              "message I { map<int32, string> x = 1; }"),
       {"t.I.x", "map"}},
      {"MoreThan64Attributes", Method(kRead, "", many), {"t.S/M", "64"}},
      {"MessageThatContainsItself",
       Method(kRead, "", "I i = 1 " + F("attribute = 'a'"),
              "message I { repeated J j = 1; } message J { I i = 1; }"),
       {"t.I", "itself"}},
      {"SeventeenLevels",
       Method(kRead, "", "D15 d = 1 " + F("plain = true"), deep),
       {"t.R", "16 levels"}},
      {"EvidenceThatWrites",
       Method("dataset: 'd' effect: WRITE evidence: true", kSubjectField, ""),
       {"t.S/M", "READ"}},
      {"EvidenceAboutNobody",
       Method(evidence, "string x = 1 " + F("plain = true"), ""),
       {"t.S/M", "subject or a corporation"}},
      {"EvidenceAboutTwo",
       Method(evidence,
              kSubjectField + "string c = 2 " + F("corporation = true"), ""),
       {"t.S/M", "not both"}},
      {"EvidenceWithAnAttributeInItsRequest",
       Method(evidence, kSubjectField + "string x = 2 " + F("attribute = 'a'"),
              ""),
       {"t.S/M", "attributes in its request"}},
      {"EvidenceWithARequiredField",
       Method(evidence,
              kSubjectField + "\n// Required. A year.\nint32 year = 2 " +
                  F("plain = true"),
              ""),
       {"t.S/M", "t.Q.year", "required"}},
      {"ConsentableWithoutASubject",
       Method(std::string(kRead) + "consentable: true",
              "string c = 1 " + F("corporation = true"), ""),
       {"t.S/M", "consentable", "no subject"}},
      {"TransparentWithASubject",
       Method("transparent: true", kSubjectField, ""),
       {"t.S/M", "t.Q.subject", "transparent"}},
      {"TransparentWithACorporation",
       Method("transparent: true", "",
              "string c = 1 " + F("corporation = true")),
       {"t.R.c", "transparent"}},
      {"TransparentWithAnAttributeInside",
       Method(
           "transparent: true", "", "repeated I i = 1;",
           "message I { I i = 1; string x = 2 " + F("attribute = 'a'") + "}"),
       {"t.I.x", "transparent"}},
      {"TransparentWithAnEffect",
       Method("transparent: true effect: READ", "", ""),
       {"t.S/M", "transparent"}},
      {"TransparentEvidence",
       Method("transparent: true evidence: true", "", ""),
       {"t.S/M", "transparent"}},
      {"DatasetWithABadName",
       Method("dataset: 'a-b' effect: READ", "", ""),
       {"t.S.M", "[a-z]"}},
      {"UnknownEffect",
       Method("dataset: 'd' effect: 9", "", ""),
       {"t.S.M", "effect"}},
      {"ReasonWithABadId",
       Method(std::string(kRead) + "reasons: {id: 'no' remedy: 'r'}", "", ""),
       {"t.S.M", "[A-Z]"}},
      {"ReasonWithoutRemedy",
       Method(std::string(kRead) + "reasons: {id: 'NO'}", "", ""),
       {"t.S.M", "NO", "remedy"}},
      {"ReasonTwice",
       Method(std::string(kRead) + "reasons: {id: 'NO' remedy: 'r'} reasons: "
                                   "{id: 'NO' remedy: 's'}",
              "", ""),
       {"t.S.M", "NO", "twice"}},
      {"LegalLimitWithoutStatute",
       Method(std::string(kRead) + "legal_limit: {purpose: 'p'}", "", ""),
       {"t.S.M", "statute"}},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, RefusesAtStart, testing::ValuesIn(Refusals()),
                         [](const auto& row) { return row.param.name; });

// proto2 can only be imported: a table of what is in the imported file.
TEST(RefusesAtStartTest, Proto2GroupsAndExtensionRanges) {
  const std::pair<std::string, std::string> rows[] = {
      {"optional string x = 1;", "proto3"},
      {"optional group G = 1 { optional string x = 2; }", "group"},
      {"extensions 100 to 200;", "extension"},
  };
  for (const auto& [body, says] : rows) {
    auto contracts = Create(CompileText(
        {{"old.proto",
          "syntax = \"proto2\"; package o; message Old {" + body + "}"},
         {"t.proto",
          "syntax = \"proto3\"; package t; import \"old.proto\"; import "
          "\"psm/annotations/v1/annotations.proto\";" +
              Method(kRead, "", "o.Old x = 1 " + F("attribute = 'a'"))}}));
    ASSERT_FALSE(contracts.ok()) << body;
    EXPECT_THAT(std::string(contracts.status().message()), HasSubstr(says));
    EXPECT_THAT(std::string(contracts.status().message()), HasSubstr("o.Old"));
  }
}

}  // namespace
}  // namespace psm
