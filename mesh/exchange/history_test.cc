// What a person reads of the log, in both languages.
#include "mesh/exchange/history.h"

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "mesh/directory/configuration.h"
#include "mesh/exchange/reason_texts.h"
#include "mesh/exchange/tax_exchange_fixture.h"

namespace psm {
namespace {

using records::v1::Record;
using records::v1::RecordTexts;

class HistoryTest : public TaxExchangeFixture {
 protected:
  // The fixture's configuration, its agreement on taxes (version 3) as said.
  void SetTaxAgreement(int version, bool withholds) {
    SetPolicy(absl::StrReplaceAll(
        kConfiguration,
        {{"version: 3",
          absl::StrCat(
              "version: ", version,
              withholds ? " undisclosed_by { ja: '条例' en: 'o' }" : "")}}));
    env_.reset();
  }
  int Listed() {
    RecordQuery query;
    query.subject = RecordsCode('h');
    const auto page = ReadHistory(log_, query, *policy_);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->records_size() : -1;
  }
};

TEST_F(HistoryTest, EachRecordHasItsTextsAndTheCodeStaysInside) {
  for (const char* consumer : {"akatsuki/benefits", "yunagi/tax"}) {
    Record record;
    record.set_subject(RecordsCode('h'));
    record.set_consumer(consumer);
    record.set_kind(Record::EXCHANGE);
    log_.records.push_back(record);
  }
  RecordQuery query;
  query.subject = RecordsCode('h');
  const auto page = ReadHistory(log_, query, *policy_);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->records_size(), 2);
  ASSERT_EQ(page->texts_size(), 2);
  EXPECT_EQ(page->texts(0).consumer_agency().ja(), "y") << "newest first";
  EXPECT_EQ(page->texts(1).consumer_agency().ja(), "a");
  for (const Record& record : page->records()) {
    EXPECT_EQ(record.subject(), "");
  }
}

TEST_F(HistoryTest, WhatAnOrdinanceWithholdsIsRecordedWithItAndNotListed) {
  ASSERT_TRUE(Run(TaxAsk('h')).status.ok());
  EXPECT_EQ(Listed(), 1);
  SetTaxAgreement(4, true);
  ASSERT_TRUE(Run(TaxAsk('h')).status.ok());
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_EQ(log_.records[0].undisclosed_by(), "");
  EXPECT_EQ(log_.records[1].undisclosed_by(), "条例");
  EXPECT_EQ(Listed(), 1);
  // What is refused under the agreement would betray it as well.
  link_.providers[kTax] =
      Refusing(MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                         Party::kProvider, "down"));
  EXPECT_FALSE(Run(TaxAsk('h')).status.ok());
  ASSERT_EQ(log_.records.size(), 3u);
  EXPECT_EQ(log_.records[2].kind(), Record::REFUSAL);
  EXPECT_EQ(log_.records[2].undisclosed_by(), "条例");
  EXPECT_EQ(Listed(), 1);
  Ask nowhere = TaxAsk('h');
  nowhere.provider = "akatsuki/benefits";
  EXPECT_EQ(ReasonOf(Run(std::move(nowhere)).status), "PROVIDER_UNKNOWN");
  EXPECT_EQ(log_.records.at(3).agreement(), "benefit-tax");
  EXPECT_EQ(Listed(), 1);
  // What no agreement covers is nobody's to withhold.
  Ask without = TaxAsk('h');
  without.affair = "arrears";
  EXPECT_FALSE(Run(std::move(without)).status.ok());
  EXPECT_EQ(Listed(), 2);
}

TEST_F(HistoryTest, WithheldRecordsAreShownWhenALaterVersionNamesNoGround) {
  SetTaxAgreement(4, true);
  ASSERT_TRUE(Run(TaxAsk('h')).status.ok());
  struct Case {
    int version;
    bool withholds;
    int listed;
  };
  for (const Case& now :
       {Case{4, true, 0}, Case{4, false, 0}, Case{3, false, 0},
        Case{5, true, 0}, Case{5, false, 1}}) {
    SetTaxAgreement(now.version, now.withholds);
    EXPECT_EQ(Listed(), now.listed) << now.version << now.withholds;
  }
  // An agreement that is gone leaves them withheld.
  SetPolicy(absl::StrReplaceAll(kConfiguration, {{"benefit-tax", "another"}}));
  EXPECT_EQ(Listed(), 0);
}

TEST_F(HistoryTest, EverythingIsNamedInBothLanguages) {
  Record record;
  record.set_kind(Record::EXCHANGE);
  record.set_consumer("akatsuki/benefits");
  record.set_provider("yunagi/tax");
  record.set_affair("benefit");
  record.set_agreement("benefit-tax");
  record.set_agreement_version(3);
  record.set_dataset("tax");
  record.add_released("category");
  record.add_withheld("income");
  RecordTexts texts = TextsOf(record, *policy_);
  EXPECT_EQ(texts.consumer_agency().ja(), "a");
  EXPECT_EQ(texts.consumer_system().en(), "x");
  EXPECT_EQ(texts.provider_agency().ja(), "y");
  EXPECT_EQ(texts.affair().en(), "t");
  EXPECT_EQ(texts.basis().ja(), "s");
  EXPECT_EQ(texts.outcome().en(), "done");
  EXPECT_EQ(texts.dataset().ja(), "税");
  EXPECT_EQ(texts.released(0).ja(), "区分");
  EXPECT_EQ(texts.released(0).en(), "category of tax");
  EXPECT_EQ(texts.withheld(0).ja(), "income") << "nobody has named it";
  // What the configuration does not know any more is called as it was.
  record.set_agreement_version(2);
  EXPECT_EQ(TextsOf(record, *policy_).basis().en(),
            "agreement benefit-tax, version 2");
  record.set_consumer("akatsuki/gone");
  record.set_provider("nobody/here");
  record.set_affair("unheard-of");
  record.set_dataset("unheard_of");
  texts = TextsOf(record, *policy_);
  EXPECT_EQ(texts.consumer_agency().ja(), "a");
  EXPECT_EQ(texts.consumer_system().ja(), "akatsuki/gone");
  EXPECT_EQ(texts.provider_agency().en(), "nobody");
  EXPECT_EQ(texts.affair().ja(), "unheard-of");
  EXPECT_EQ(texts.dataset().en(), "unheard_of");
  EXPECT_EQ(texts.released(0).en(), "category");

  record.set_consent_id("c");
  EXPECT_EQ(TextsOf(record, *policy_).basis().ja(), "本人の同意");
  record.set_kind(Record::REFUSALS);
  record.set_reason("NO_AGREEMENT");
  record.set_count(7);
  EXPECT_EQ(TextsOf(record, *policy_).outcome().ja(),
            "これを認める連携協定がないため拒否されました(同様のもの7件)");
  record.set_kind(Record::REFUSAL);
  record.set_reason("NOT_A_READER");
  EXPECT_EQ(TextsOf(record, *policy_).outcome().en(),
            "the provider declined (NOT_A_READER)");
  record.clear_provider();
  EXPECT_FALSE(TextsOf(record, *policy_).has_provider_agency());
}

std::string ReadText(const std::string& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ReasonTextsTest, EveryReasonThatACallerMayGetHasWords) {
  static const std::regex row(
      R"(\| [^|]+ \| [A-Z_, ]+ \| ([A-Z][A-Z0-9_]+) \| [a-z, ]+ \| [^|]+ \|)");
  std::istringstream in(ReadText(std::string(PSM_ROOT) + "/protos/README.md"));
  int reasons = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.find("### What stays inside") == 0) break;
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    ++reasons;
    EXPECT_TRUE(HasReasonText(std::string(match[1]))) << match[1];
  }
  EXPECT_GT(reasons, 50);
}

// The project's own contracts and names.
TEST(DatasetNamesTest, EveryAttributeOfTheProjectsContractsHasAName) {
  const std::string contracts_file = PSM_CONTRACTS_FILE;
  const auto configuration =
      LoadConfiguration({std::string(PSM_ROOT) + "/services",
                         contracts_file.substr(0, contracts_file.rfind('/'))});
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  const auto directory = Directory::Create(*configuration);
  ASSERT_TRUE(directory.ok()) << directory.status();
  const auto contracts = ContractSet::Create(configuration->descriptor_sets);
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  int names = 0;
  for (const MethodPlan* plan : (*contracts)->methods()) {
    if (plan->transparent) continue;
    const Dataset* dataset = (*directory)->FindDataset(plan->dataset);
    for (const std::string& attribute : plan->NamesOf(~AttributeMask{0})) {
      ASSERT_NE(dataset, nullptr) << plan->dataset;
      EXPECT_TRUE(dataset->attributes.contains(attribute))
          << plan->dataset << "." << attribute;
      ++names;
    }
  }
  EXPECT_GT(names, 20);
}

}  // namespace
}  // namespace psm
