#include "mesh/contracts/plan.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/contracts/message_plan.h"
#include "mesh/contracts/testing/contract_text.h"
#include "mesh/contracts/testing/method_text.h"
#include "psm/annotations/v1/annotations.pb.h"

namespace psm {
namespace {

using google::protobuf::FileDescriptorSet;
using testing::HasSubstr;

TEST(ContractSetTest, SixteenLevelsAnd64AttributesCompile) {
  std::string many;
  for (int i = 1; i <= 64; ++i)
    absl::StrAppend(&many, "string f", i, " = ", i, " ",
                    F(absl::StrCat("attribute = 'a", i, "'")));
  std::string deep = "message D0 { string x = 1 " + F("plain = true") + "}";
  for (int i = 1; i <= 15; ++i)
    absl::StrAppend(&deep, "message D", i, " { D", i - 1, " inner = 1 ",
                    F("plain = true"), "}");
  auto contracts = Create(
      CompileText(Method(kRead, "D14 d = 1 " + F("plain = true"), many, deep)));
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  EXPECT_EQ((*contracts)->methods()[0]->response_attributes, ~AttributeMask{0});
}

TEST(ContractSetTest, ServicesWithoutAnyAnnotationAreNotTheMeshs) {
  auto contracts = Create(CompileText(
      "service S { rpc M(stream Q) returns (Q); } message Q { Q q = 1; }"));
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  EXPECT_TRUE((*contracts)->methods().empty());
  EXPECT_NE((*contracts)->pool().FindServiceByName("t.S"), nullptr);
}

TEST(ContractSetTest, TransparentMethodsMayStreamAndHaveNoPlan) {
  auto contracts =
      Create(CompileText(Method("transparent: true", "string x = 1;",
                                "google.protobuf.Any a = 1;", "", "stream")));
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  const MethodPlan* plan = (*contracts)->FindByPath("/t.S/M");
  ASSERT_NE(plan, nullptr);
  EXPECT_TRUE(plan->transparent);
  EXPECT_EQ(plan->request, nullptr);
  EXPECT_EQ(plan->response, nullptr);
}

TEST(ContractSetTest, EvidenceMayHaveFieldsThatNeedNotBeSet) {
  auto contracts = Create(CompileText(
      Method(std::string(kRead) + "evidence: true",
             "// Required. Who.\n" + kSubjectField +
                 "\n// A year.\nint32 year = 2 " + F("plain = true"),
             "string x = 1 " + F("attribute = 'a'"))));
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  EXPECT_EQ((*contracts)->FindEvidence("d", "a").size(), 1u);
  EXPECT_TRUE((*contracts)->FindEvidence("d", "b").empty());
  EXPECT_TRUE((*contracts)->FindEvidence("e", "a").empty());
}

// FileDescriptorSets reach us parsed with the generated options or without:
// either way they are read.
TEST(ContractSetTest, ReadsOptionsThatArriveAsUnknownFields) {
  FileDescriptorSet set = CompileText(
      Method(kRead, kSubjectField, "string x = 1 " + F("attribute = 'a'")));
  auto& file = *set.mutable_file(set.file_size() - 1);
  ASSERT_EQ(file.name(), "t.proto");
  auto hide = [](auto* options) {
    const std::string bytes = options->SerializeAsString();
    options->Clear();
    google::protobuf::UnknownFieldSet fields;
    ASSERT_TRUE(fields.ParseFromString(bytes));
    options->GetReflection()->MutableUnknownFields(options)->Swap(&fields);
  };
  hide(file.mutable_service(0)->mutable_method(0)->mutable_options());
  for (auto& message : *file.mutable_message_type()) {
    for (auto& field : *message.mutable_field()) hide(field.mutable_options());
  }
  ASSERT_FALSE(file.service(0).method(0).options().HasExtension(
      annotations::v1::method));
  auto contracts = Create(set);
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  const MethodPlan* plan = (*contracts)->FindByName("t.S/M");
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->request_subject_field, 1);
  EXPECT_EQ(plan->attributes, std::vector<std::string>{"a"});
}

TEST(ContractSetTest, SetsMayShareFilesThatDifferInCommentsOnly) {
  const std::string text = Method(kRead, kSubjectField, "");
  FileDescriptorSet sets[] = {CompileText(text),
                              CompileText("// A comment.\n" + text)};
  EXPECT_TRUE(ContractSet::Create(sets).ok());
}

TEST(ContractSetTest, SetsMayBringTheirOwnWellKnownTypes) {
  const FileDescriptorSet first = CompileText(Method(kRead, kSubjectField, ""));
  FileDescriptorSet second = first;
  bool changed = false;
  for (auto& file : *second.mutable_file()) {
    if (file.name() != "google/protobuf/descriptor.proto") continue;
    file.mutable_options()->set_go_package("elsewhere");
    changed = true;
  }
  ASSERT_TRUE(changed);
  EXPECT_TRUE(ContractSet::Create({first, second}).ok());
}

TEST(ContractSetTest, RefusesDifferentFilesOfOneName) {
  FileDescriptorSet sets[] = {
      CompileText(Method(kRead, kSubjectField, "")),
      CompileText(
          Method(kRead, kSubjectField, "int32 x = 1 " + F("plain = true")))};
  auto contracts = ContractSet::Create(sets);
  ASSERT_FALSE(contracts.ok());
  EXPECT_THAT(std::string(contracts.status().message()), HasSubstr("t.proto"));
}

TEST(ContractSetTest, RefusesTwoMethodsOfOnePath) {
  FileDescriptorSet sets[] = {CompileText(Method(kRead, kSubjectField, "")),
                              CompileText(Method(kRead, kSubjectField, ""))};
  sets[1].mutable_file(sets[1].file_size() - 1)->set_name("u.proto");
  auto contracts = ContractSet::Create(sets);
  ASSERT_FALSE(contracts.ok());
  EXPECT_EQ(contracts.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(contracts.status().message()), HasSubstr("u.proto"));
}

TEST(ContractSetTest, RefusesAMissingImportSayingHowToBuildTheSet) {
  FileDescriptorSet set = CompileText(Method(kRead, kSubjectField, ""));
  set.mutable_file()->DeleteSubrange(0, set.file_size() - 1);
  auto contracts = Create(set);
  ASSERT_FALSE(contracts.ok());
  EXPECT_THAT(std::string(contracts.status().message()),
              HasSubstr("--include_imports"));
}

TEST(ContractSetTest, RefusesFilesThatImportEachOther) {
  FileDescriptorSet set;
  for (const char* name : {"a.proto", "b.proto"}) {
    auto* file = set.add_file();
    file->set_name(name);
    file->add_dependency(name[0] == 'a' ? "b.proto" : "a.proto");
  }
  EXPECT_THAT(std::string(Create(set).status().message()),
              HasSubstr("imports itself"));
}

TEST(ContractSetTest, FindsNothingUnderOtherNames) {
  auto contracts = Create(CompileText(Method(kRead, kSubjectField, "")));
  ASSERT_TRUE(contracts.ok());
  for (const char* path :
       {"", "/", "t.S/M", "//t.S/M", "/t.S/m", "/t.S.M", "/t.S/M/", "/t.S"})
    EXPECT_EQ((*contracts)->FindByPath(path), nullptr) << path;
  EXPECT_EQ((*contracts)->FindByName("/t.S/M"), nullptr);
}

TEST(MethodPlanTest, MasksAndNamesMatch) {
  auto contracts = Create(
      CompileText(Method(kRead, "string q = 1 " + F("attribute = 'zeta'"),
                         "string a = 1 " + F("attribute = 'beta'") +
                             "string b = 2 " + F("attribute = 'alpha'"))));
  ASSERT_TRUE(contracts.ok());
  const MethodPlan& plan = *(*contracts)->methods()[0];
  EXPECT_EQ(plan.attributes,
            (std::vector<std::string>{"alpha", "beta", "zeta"}));
  EXPECT_EQ(plan.request_attributes, plan.BitOf("zeta"));
  EXPECT_EQ(plan.response_attributes, plan.BitOf("alpha") | plan.BitOf("beta"));
  EXPECT_EQ(plan.BitOf("gamma"), 0u);
  EXPECT_EQ(plan.NamesOf(plan.BitOf("zeta") | 1),
            (std::vector<std::string>{"alpha", "zeta"}));
}

TEST(MethodPlanTest, TypesUnderTheSameCoverShareAPlan) {
  auto contracts = Create(CompileText(
      Method(kRead, "",
             "I a = 1 " + F("attribute = 'x'") + "I b = 2 " +
                 F("attribute = 'x'") + "I c = 3 " + F("attribute = 'y'"),
             "message I { string s = 1; }")));
  ASSERT_TRUE(contracts.ok());
  const MessagePlan& response = *(*contracts)->methods()[0]->response;
  EXPECT_EQ(response.Find(1)->message, response.Find(2)->message);
  EXPECT_NE(response.Find(1)->message, response.Find(3)->message);
}

}  // namespace
}  // namespace psm
