#include "services/programme_rules/programme.h"

#include <fstream>
#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Json(const benefits::v1::ProgrammeDefinition& definition) {
  std::string json;
  EXPECT_TRUE(
      google::protobuf::util::MessageToJsonString(definition, &json).ok());
  return json;
}

benefits::v1::ProgrammeDefinition Definition(const char* id) {
  benefits::v1::ProgrammeDefinition definition =
      TestProgrammes().Find(id)->definition;
  return definition;
}

TEST(AttributePathTest, FindsAValueByItsAnnotation) {
  tax::v1::GetTaxStatusResponse status;
  const auto category =
      AttributePath::Find(*status.GetDescriptor(), "category", "");
  ASSERT_TRUE(category.ok());
  EXPECT_EQ(category->Read(status), "");  // unspecified is not there
  status.set_category(tax::v1::GetTaxStatusResponse::PER_CAPITA_ONLY);
  EXPECT_EQ(category->Read(status), "PER_CAPITA_ONLY");
  status.set_category(static_cast<tax::v1::GetTaxStatusResponse::Category>(99));
  EXPECT_EQ(category->Read(status), "");  // a newer contract's constant

  status.set_income_yen(9'007'199'254'740'993);
  EXPECT_EQ(
      AttributePath::Find(*status.GetDescriptor(), "income", "")->Read(status),
      "9007199254740993");

  accounts::v1::GetAccountResponse account;
  const auto number =
      AttributePath::Find(*account.GetDescriptor(), "account", "number");
  ASSERT_TRUE(number.ok());
  EXPECT_EQ(number->Read(account), "");
  account.mutable_account()->set_number("0010001");
  EXPECT_EQ(number->Read(account), "0010001");
}

TEST(AttributePathTest, RefusesWhatIsNotOneValue) {
  const auto& account = *accounts::v1::GetAccountResponse::descriptor();
  EXPECT_FALSE(AttributePath::Find(account, "account", "").ok());
  EXPECT_FALSE(AttributePath::Find(account, "account", "iban").ok());
  EXPECT_FALSE(AttributePath::Find(account, "number", "").ok());
  EXPECT_FALSE(AttributePath::Find(account, "", "").ok());
  const auto& tax = *tax::v1::GetTaxStatusResponse::descriptor();
  EXPECT_FALSE(AttributePath::Find(tax, "category", "name").ok());
  EXPECT_FALSE(AttributePath::Find(tax, "as_of_time", "").ok());
}

TEST(ProgrammeTest, TheBenefitAsksEachAgencyForWhatItHolds) {
  const Programme* const benefit = TestProgrammes().Find("tax-exempt-2026");
  ASSERT_NE(benefit, nullptr);
  EXPECT_THAT(benefit->LinkageAttributes(true),
              ElementsAre("accounts.account", "tax.category"));
  EXPECT_THAT(benefit->LinkageAttributes(false), ElementsAre("tax.category"));
  EXPECT_THAT(benefit->LinkageAttributes(true, {"tax"}),
              ElementsAre("accounts.account"));
  EXPECT_TRUE(benefit->IsRefusable("tax"));
  EXPECT_FALSE(benefit->IsRefusable("residents"));
  EXPECT_EQ(benefit->DatasetOf("account_number"), "accounts");
  EXPECT_EQ(benefit->DatasetOf("no_such_field"), "");
  EXPECT_EQ(benefit->ProviderOf("tax", "akatsuki", "yunagi"), "yunagi/tax");
  EXPECT_EQ(benefit->ProviderOf("residents", "akatsuki", ""),
            "akatsuki/residents");
  EXPECT_EQ(benefit->ProviderOf("accounts", "akatsuki", "yunagi"), "");
}

TEST(ProgrammeTest, ListsWhatTheFilesSay) {
  const auto list = TestProgrammes().List();
  ASSERT_EQ(list.programmes_size(), 2);
  EXPECT_EQ(list.programmes(0).id(), "price-relief-2026");
  EXPECT_EQ(list.programmes(1).id(), "tax-exempt-2026");
  EXPECT_EQ(list.programmes(1).amount_yen(), 100'000);
  EXPECT_EQ(list.programmes(1).fields_size(), 14);
  EXPECT_EQ(list.programmes(1).fields(0).id(), "head_name");
  EXPECT_EQ(list.programmes(1).papers_size(), 2);
  EXPECT_EQ(TestProgrammes().Find("no-such"), nullptr);
}

TEST(ProgrammeTest, ADefinitionThatCannotWorkIsRefused) {
  using benefits::v1::ProgrammeDefinition;
  struct Case {
    const char* programme;
    const char* said;
    void (*spoil)(ProgrammeDefinition&);
  };
  const char* const kBenefit = "tax-exempt-2026";
  const Case kCases[] = {
      {kBenefit, "not an id",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_id("../../etc");
       }},
      {kBenefit, "no title",
       [](ProgrammeDefinition& d) { d.mutable_programme()->clear_title_en(); }},
      {kBenefit, "no affair", [](ProgrammeDefinition& d) { d.clear_affair(); }},
      {kBenefit, "no fields", [](ProgrammeDefinition& d) { d.clear_fields(); }},
      {kBenefit, "nothing to pay",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_amount_yen(0);
       }},
      {kBenefit, "no provider for residents",
       [](ProgrammeDefinition& d) {
         d.mutable_providers()->erase("residents");
       }},
      {kBenefit, "twice",
       [](ProgrammeDefinition& d) { *d.add_fields() = d.fields(0); }},
      {kBenefit, "unknown dataset",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("health.weight");
       }},
      {kBenefit, "no such attribute",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("tax.weight");
       }},
      {kBenefit, "source is not",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("tax");
       }},
      {kBenefit, "field without label",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->clear_label_ja();
       }},
      {kBenefit, "value without label",
       [](ProgrammeDefinition& d) { d.mutable_fields(0)->add_values(); }},
      {kBenefit, "the household has it once",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(3)->mutable_form()->set_per_member(true);
       }},
      {kBenefit, "no rules", [](ProgrammeDefinition& d) { d.clear_rules(); }},
      {kBenefit, "a rule needs a scope",
       [](ProgrammeDefinition& d) { d.mutable_rules(0)->clear_scope(); }},
      {kBenefit, "a condition needs a field",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->set_field("head_name");
       }},
      {kBenefit, "a condition says nothing",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->clear_one_of();
       }},
      {kBenefit, "an age is of a day",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->mutable_age();
       }},
      {kBenefit, "a part of the amount",
       [](ProgrammeDefinition& d) { d.add_amounts(); }},
      {kBenefit, "less than nothing",
       [](ProgrammeDefinition& d) { d.set_cap_yen(-1); }},
      {kBenefit, "no paper stands for",
       [](ProgrammeDefinition& d) { d.clear_substitutes(); }},
      {kBenefit, "not a day",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_last_date("2026-13-01");
       }},
      {kBenefit, "payment names no field",
       [](ProgrammeDefinition& d) {
         d.mutable_payment()->set_number("member_name");
       }},
      {kBenefit, "payment names no field",
       [](ProgrammeDefinition& d) { d.clear_payment(); }},
      {kBenefit, "paper without name",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->mutable_papers(0)->clear_office();
       }},
  };
  for (const Case& c : kCases) {
    benefits::v1::ProgrammeDefinition definition = Definition(c.programme);
    ASSERT_TRUE(ParseProgramme(Json(definition)).ok());
    c.spoil(definition);
    const auto programme = ParseProgramme(Json(definition));
    ASSERT_FALSE(programme.ok()) << c.said;
    EXPECT_THAT(std::string(programme.status().message()), HasSubstr(c.said));
  }
  EXPECT_FALSE(ParseProgramme("").ok());
  EXPECT_FALSE(ParseProgramme("{\"surprise\": 1}").ok());
}

TEST(ProgrammeTest, AFolderIsLoadedWhollyOrNotAtAll) {
  TempFolder folder;
  EXPECT_EQ(ProgrammeSet::Load(folder.path()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ProgrammeSet::Load(folder.File("missing")).status().code(),
            absl::StatusCode::kNotFound);
  const std::string json = Json(Definition("tax-exempt-2026"));
  std::ofstream(folder.File("tax-exempt-2026.json")) << json;
  std::ofstream(folder.File("notes.txt")) << "not a definition";
  EXPECT_TRUE(ProgrammeSet::Load(folder.path()).ok());

  std::ofstream(folder.File("other-name.json")) << json;
  const auto misnamed = ProgrammeSet::Load(folder.path());
  ASSERT_FALSE(misnamed.ok());
  EXPECT_THAT(std::string(misnamed.status().message()),
              HasSubstr("other-name.json"));
}

}  // namespace
}  // namespace psm
