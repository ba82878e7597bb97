#include "services/programme_rules/programme.h"

#include <fstream>
#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/gbizid/v1/gbizid.pb.h"
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
  ASSERT_EQ(list.programmes_size(), 3);
  EXPECT_EQ(list.programmes(0).id(), "equipment-subsidy");
  EXPECT_TRUE(list.programmes(0).for_business());
  EXPECT_EQ(list.programmes(1).id(), "price-relief-2026");
  EXPECT_EQ(list.programmes(2).id(), "tax-exempt-2026");
  EXPECT_EQ(list.programmes(2).amount_yen(), 100'000);
  EXPECT_EQ(list.programmes(2).fields_size(), 14);
  EXPECT_EQ(list.programmes(2).fields(0).id(), "head_name");
  EXPECT_EQ(list.programmes(2).papers_size(), 2);
  EXPECT_EQ(TestProgrammes().Find("no-such"), nullptr);
}

TEST(ProgrammeTest, ADefinitionThatCannotWorkIsRefused) {
  using benefits::v1::ProgrammeDefinition;
  struct Case {
    const char* programme;
    const char* said;
    void (*spoil)(ProgrammeDefinition&);
  };
  const char* const kPersons = "tax-exempt-2026";
  const char* const kBusiness = "equipment-subsidy";
  const Case kCases[] = {
      {kPersons, "not an id",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_id("../../etc");
       }},
      {kPersons, "no title",
       [](ProgrammeDefinition& d) { d.mutable_programme()->clear_title_en(); }},
      {kPersons, "no affair", [](ProgrammeDefinition& d) { d.clear_affair(); }},
      {kPersons, "no fields", [](ProgrammeDefinition& d) { d.clear_fields(); }},
      {kPersons, "nothing to pay",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_amount_yen(0);
       }},
      {kPersons, "no provider for residents",
       [](ProgrammeDefinition& d) {
         d.mutable_providers()->erase("residents");
       }},
      {kPersons, "twice",
       [](ProgrammeDefinition& d) { *d.add_fields() = d.fields(0); }},
      {kPersons, "unknown dataset",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("health.weight");
       }},
      {kPersons, "no such attribute",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("tax.weight");
       }},
      {kPersons, "source is not",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_source("tax");
       }},
      {kPersons, "field without label",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->clear_label_ja();
       }},
      {kPersons, "value without label",
       [](ProgrammeDefinition& d) { d.mutable_fields(0)->add_values(); }},
      {kPersons, "the household has it once",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(3)->mutable_form()->set_per_member(true);
       }},
      {kPersons, "no rules", [](ProgrammeDefinition& d) { d.clear_rules(); }},
      {kPersons, "a rule needs a scope",
       [](ProgrammeDefinition& d) { d.mutable_rules(0)->clear_scope(); }},
      {kPersons, "a condition needs a field",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->set_field("head_name");
       }},
      {kPersons, "a condition says nothing",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->clear_one_of();
       }},
      {kPersons, "an age is of a day",
       [](ProgrammeDefinition& d) {
         d.mutable_rules(0)->mutable_condition()->mutable_age();
       }},
      {kPersons, "a part of the amount",
       [](ProgrammeDefinition& d) { d.add_amounts(); }},
      {kPersons, "less than nothing",
       [](ProgrammeDefinition& d) { d.set_cap_yen(-1); }},
      {kPersons, "no paper stands for",
       [](ProgrammeDefinition& d) { d.clear_substitutes(); }},
      {kPersons, "not a day",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->set_last_date("2026-13-01");
       }},
      {kPersons, "payment names no field",
       [](ProgrammeDefinition& d) {
         d.mutable_payment()->set_number("member_name");
       }},
      {kPersons, "payment names no field",
       [](ProgrammeDefinition& d) { d.clear_payment(); }},
      {kPersons, "paper without name",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->mutable_papers(0)->clear_office();
       }},
      {kBusiness, "rules and payment",
       [](ProgrammeDefinition& d) { d.add_rules(); }},
      {kBusiness, "no members",
       [](ProgrammeDefinition& d) {
         d.mutable_fields(0)->mutable_form()->set_per_member(true);
       }},
      {kBusiness, "no members",
       [](ProgrammeDefinition& d) {
         d.mutable_programme()->mutable_papers(0)->set_per_adult(true);
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
  const std::string json = Json(Definition("equipment-subsidy"));
  std::ofstream(folder.File("equipment-subsidy.json")) << json;
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
