#include "mesh/records/reconciliation.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/expunging.h"
#include "mesh/records/leg_exchange_id.h"

namespace psm {
namespace {

using records::v1::Record;
using records::v1::SideEntry;
using ::testing::HasSubstr;

constexpr char kConsumer[] = "akatsuki/benefits";
constexpr char kProvider[] = "yunagi/tax";
constexpr char kGetTax[] = "psm.tax.v1.TaxService/GetTaxStatus";
constexpr std::int64_t kBegin = 1790000000;  // since when all keep their side

// Three accounts of the same exchanges, to be told differently.
class ReconciliationTest : public ::testing::Test {
 protected:
  struct Side {
    std::string system;
    SideEntry entry;
  };

  ReconciliationTest() {
    for (const char* system : {kConsumer, kProvider}) {
      SideEntry begun;
      begun.set_kind(SideEntry::BEGUN);
      begun.mutable_time()->set_seconds(kBegin);
      sides_.push_back({system, begun});
    }
  }

  static std::string Id(int number) { return absl::StrCat("id-", number); }

  static SideEntry Entry(SideEntry::Kind kind, int number, std::int64_t at) {
    SideEntry entry;
    entry.set_kind(kind);
    entry.set_exchange_id(Id(number));
    entry.set_method(kGetTax);
    entry.mutable_time()->set_seconds(kBegin + at);
    return entry;
  }

  void AddAsked(int number, std::int64_t at) {
    SideEntry entry = Entry(SideEntry::ASKED, number, at);
    entry.set_request_digest(Sha256(Id(number)));
    sides_.push_back({kConsumer, entry});
  }
  void AddAnswered(int number, std::int64_t at, int outcome = 0) {
    SideEntry entry = Entry(SideEntry::ANSWERED, number, at);
    entry.set_request_digest(Sha256(Id(number)));
    entry.set_outcome(outcome);
    if (outcome == 0) {
      entry.set_answer_digest(Sha256("released"));
      entry.mutable_receipt()->add_leaves();
    }
    sides_.push_back({kConsumer, entry});
  }
  void AddProvided(int number, std::int64_t at,
                   const std::string& answer = "provided") {
    SideEntry entry = Entry(SideEntry::PROVIDED, number, at);
    entry.set_consumer(kConsumer);
    entry.set_answer_digest(Sha256(answer));
    sides_.push_back({kProvider, entry});
  }
  void AddRecord(int number, std::int64_t at,
                 Record::Kind kind = Record::EXCHANGE) {
    Record record;
    record.set_exchange_id(Id(number));
    record.set_kind(kind);
    record.set_consumer(kConsumer);
    record.set_provider(kProvider);
    record.set_method(kGetTax);
    record.set_dataset("tax");
    record.mutable_ask_time()->set_seconds(kBegin + at);
    record.set_request_digest(Sha256(Id(number)));
    if (kind == Record::EXCHANGE) {
      record.set_provided_digest(Sha256("provided"));
      record.set_released_digest(Sha256("released"));
    }
    records_.push_back(record);
  }
  // All of one that went well, asked at `at`.
  void AddExchange(int number, std::int64_t at) {
    AddAsked(number, at);
    AddProvided(number, at + 1);
    AddRecord(number, at);
    AddAnswered(number, at + 2);
  }

  ReconciliationReport Compare(const ReconciliationPeriod& period = {},
                               absl::string_view system = "") {
    Reconciliation all;
    for (const Record& record : records_) all.AddRecord(record);
    for (const Side& side : sides_) all.AddEntry(side.system, side.entry);
    return all.Compare(period, system);
  }
  // The only difference.
  Difference Only() {
    const ReconciliationReport report = Compare();
    EXPECT_EQ(report.differences.size(), 1u);
    for (const Difference& difference : report.differences)
      SCOPED_TRACE(difference.what);
    return report.differences.empty() ? Difference()
                                      : report.differences.front();
  }
  SideEntry& Find(SideEntry::Kind kind, int number) {
    for (Side& side : sides_) {
      if (side.entry.kind() == kind && side.entry.exchange_id() == Id(number))
        return side.entry;
    }
    ADD_FAILURE() << "no such entry";
    return sides_.front().entry;
  }
  void Remove(SideEntry::Kind kind, int number) {
    std::erase_if(sides_, [&](const Side& side) {
      return side.entry.kind() == kind &&
             side.entry.exchange_id() == Id(number);
    });
  }

  std::vector<Record> records_;
  std::vector<Side> sides_;
};

TEST_F(ReconciliationTest, ThreeAccountsThatAgreeAreClean) {
  for (int i = 0; i < 10; ++i) AddExchange(i, 10 * i);
  const ReconciliationReport report = Compare();
  EXPECT_EQ(report.exchanges, 10u);
  EXPECT_EQ(report.agreed, 10u);
  EXPECT_EQ(report.one_sided, 0u);
  EXPECT_TRUE(report.differences.empty());
}

TEST_F(ReconciliationTest, ARecordThatTheGatewayLeftOutIsNamed) {
  for (int i = 0; i < 10; ++i) AddExchange(i, 10 * i);
  records_.erase(records_.begin() + 4);
  const ReconciliationReport report = Compare();
  EXPECT_EQ(report.agreed, 9u);
  ASSERT_EQ(report.differences.size(), 2u) << "as two sides see it";
  for (const Difference& difference : report.differences) {
    EXPECT_EQ(difference.exchange_id, Id(4));
    EXPECT_EQ(difference.side, Difference::Side::kGateway);
    EXPECT_TRUE(difference.missing);
    EXPECT_EQ(difference.consumer, kConsumer);
    EXPECT_EQ(difference.provider, kProvider);
    EXPECT_EQ(difference.method, kGetTax);
  }
}

TEST_F(ReconciliationTest, WhatTheLogSaysWasExpungedIsNotMissing) {
  constexpr std::int64_t kLater = 3 * 24 * 3600;
  AddExchange(1, 0);
  AddExchange(2, kLater);
  AddExchange(3, kLater);
  records_.erase(records_.begin());  // expunged
  records_.erase(records_.begin());  // left out
  EXPECT_EQ(Compare().differences.size(), 4u);
  Expunging says;
  says.end = 1;
  says.before = absl::FromUnixSeconds(kBegin + 3600);
  says.time = says.before + kShortestRetention;
  records_.push_back(ExpungingRecord(says));
  const ReconciliationReport report = Compare();
  EXPECT_EQ(report.expunged, 1u);
  EXPECT_EQ(report.exchanges, 2u);
  EXPECT_EQ(report.agreed, 1u);
  ASSERT_EQ(report.differences.size(), 2u);
  for (const Difference& difference : report.differences)
    EXPECT_EQ(difference.exchange_id, Id(2));
}

TEST_F(ReconciliationTest, OneOtherSideIsEnoughToShowAnOmission) {
  AddExchange(1, 0);
  records_.clear();
  const std::vector<Side> both = sides_;
  std::erase_if(sides_,
                [](const Side& side) { return side.system == kConsumer; });
  EXPECT_THAT(Only().what, HasSubstr("an answer that yunagi/tax gave"));
  sides_ = both;
  std::erase_if(sides_,
                [](const Side& side) { return side.system == kProvider; });
  EXPECT_THAT(Only().what, HasSubstr("an answer that akatsuki/benefits got"));
}

TEST_F(ReconciliationTest, WhatWasChangedInARecordIsNamed) {
  const std::vector<std::pair<const char*, std::function<void(Record&)>>>
      changes = {
          {"another request",
           [](Record& r) { r.set_request_digest(Sha256("other")); }},
          {"another answer than akatsuki/benefits got",
           [](Record& r) { r.set_released_digest(Sha256("other")); }},
          {"another answer than yunagi/tax gave",
           [](Record& r) { r.set_provided_digest(Sha256("other")); }},
      };
  for (const auto& [what, change] : changes) {
    SCOPED_TRACE(what);
    records_.clear();
    sides_.resize(2);
    AddExchange(1, 0);
    AddExchange(2, 10);
    change(records_[1]);
    const Difference difference = Only();
    EXPECT_EQ(difference.exchange_id, Id(2));
    EXPECT_EQ(difference.side, Difference::Side::kGateway);
    EXPECT_FALSE(difference.missing);
    EXPECT_THAT(difference.what, HasSubstr(what));
  }
}

TEST_F(ReconciliationTest, ARefusalRecordedInPlaceOfAnAnswerIsNamed) {
  AddExchange(1, 0);
  records_.clear();
  AddRecord(1, 0, Record::REFUSAL);
  const Difference difference = Only();
  EXPECT_EQ(difference.side, Difference::Side::kGateway);
  EXPECT_THAT(difference.what, HasSubstr("akatsuki/benefits got"));
}

TEST_F(ReconciliationTest, AnExchangeThatAPartyKnowsNothingOfIsNamed) {
  AddExchange(1, 0);
  Remove(SideEntry::ASKED, 1);
  Remove(SideEntry::ANSWERED, 1);
  Difference difference = Only();
  EXPECT_EQ(difference.side, Difference::Side::kConsumer);
  EXPECT_TRUE(difference.missing);
  EXPECT_THAT(difference.what, HasSubstr("akatsuki/benefits never asked"));

  AddAsked(1, 0);
  AddAnswered(1, 2);
  Remove(SideEntry::PROVIDED, 1);
  difference = Only();
  EXPECT_EQ(difference.side, Difference::Side::kProvider);
  EXPECT_TRUE(difference.missing);
}

TEST_F(ReconciliationTest, AnAnswerWithoutAReceiptIsNamed) {
  AddExchange(1, 0);
  Find(SideEntry::ANSWERED, 1).clear_receipt();
  EXPECT_THAT(Only().what, HasSubstr("without a receipt"));
}

TEST_F(ReconciliationTest, AWriteWithoutAnOutcomeIsNamed) {
  AddAsked(1, 0);
  AddRecord(1, 0, Record::INTENT);
  EXPECT_TRUE(Compare().differences.empty())
      << "the provider was never reached";
  AddProvided(1, 1);
  EXPECT_THAT(Only().what, HasSubstr("no outcome"));
  AddRecord(1, 0);
  EXPECT_TRUE(Compare().differences.empty());
}

TEST_F(ReconciliationTest, RefusalsLostAnswersAndRetriesAreNoDifference) {
  AddAsked(1, 0);  // refused, and recorded
  AddRecord(1, 0, Record::REFUSAL);
  AddAnswered(1, 1, 7);
  AddAsked(2, 10);  // one of a flood, which is counted
  AddAnswered(2, 11, 7);
  AddRecord(2, 10, Record::REFUSALS);
  AddAsked(3, 20);  // the answer came too late, or the asker died
  AddProvided(3, 21);
  AddRecord(3, 20);
  AddAsked(4, 30);  // the provider answered one who had gone
  AddProvided(4, 31);
  AddRecord(4, 30, Record::REFUSAL);
  AddAnswered(4, 32, 4);
  AddExchange(5, 40);  // a retry: the same again
  AddAsked(5, 43);
  AddProvided(5, 44);
  AddAnswered(5, 45);
  AddAsked(6, 50);  // a retry after a gateway that died: another answer
  AddProvided(6, 51, "of before");
  AddAnswered(6, 52, 14);
  AddExchange(6, 53);
  const ReconciliationReport report = Compare();
  for (const Difference& difference : report.differences)
    ADD_FAILURE() << difference.exchange_id << ": " << difference.what;
  EXPECT_EQ(report.agreed, 6u);
}

TEST_F(ReconciliationTest, WhatWasNeverReleasedIsCountedAndNamedWhenAskedFor) {
  AddExchange(1, 0);
  AddAsked(2, 10);  // a full disk: nothing recorded, nothing released
  AddProvided(2, 11);
  AddAnswered(2, 12, 14);
  ReconciliationReport report = Compare();
  EXPECT_TRUE(report.differences.empty());
  EXPECT_EQ(report.exchanges, 2u);
  EXPECT_EQ(report.agreed, 1u);
  EXPECT_EQ(report.unreleased, 1u);
  ReconciliationPeriod strict;
  strict.strict = true;
  report = Compare(strict);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_EQ(report.differences[0].exchange_id, Id(2));
  EXPECT_THAT(report.differences[0].what, HasSubstr("never got it"));
  // One answer that arrived is enough to know better.
  AddAnswered(2, 13);
  EXPECT_EQ(Compare().unreleased, 0u);
  EXPECT_EQ(Compare().differences.size(), 2u);
}

TEST_F(ReconciliationTest, NothingIsMissingOnlyBecauseItCrossesAnEdge) {
  for (int i = 0; i < 20; ++i) AddExchange(i, i);
  // Each exchange takes two seconds: every edge cuts some.
  for (int from = 0; from < 20; ++from) {
    ReconciliationPeriod period;
    period.from = absl::FromUnixSeconds(kBegin + from);
    period.to = period.from + absl::Seconds(3);
    const ReconciliationReport report = Compare(period);
    EXPECT_TRUE(report.differences.empty()) << from;
    EXPECT_EQ(report.exchanges, std::min(3u, 20u - unsigned(from)));
  }
}

TEST_F(ReconciliationTest, WhatMayBeUnderWayIsNotJudged) {
  AddExchange(1, 0);
  AddAsked(2, 100);
  AddProvided(2, 101);  // its record is being written
  ReconciliationPeriod period;
  period.settled = absl::FromUnixSeconds(kBegin + 50);
  ReconciliationReport report = Compare(period);
  EXPECT_TRUE(report.differences.empty());
  EXPECT_EQ(report.under_way, 1u);
  EXPECT_EQ(report.exchanges, 1u);
  period.settled = absl::FromUnixSeconds(kBegin + 150);
  report = Compare(period);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_THAT(report.differences[0].what, HasSubstr("never got it"));
}

TEST_F(ReconciliationTest, WhoKeepsNoSideIsNotBlamed) {
  AddExchange(1, 0);
  sides_.clear();
  ReconciliationReport report = Compare();
  EXPECT_TRUE(report.differences.empty());
  EXPECT_EQ(report.one_sided, 1u);
  // Nor for what was before it began to.
  SideEntry begun;
  begun.set_kind(SideEntry::BEGUN);
  begun.mutable_time()->set_seconds(kBegin + 1000);
  sides_.push_back({kConsumer, begun});
  EXPECT_TRUE(Compare().differences.empty());
}

TEST_F(ReconciliationTest, OnePartySeesItsOwnAlone) {
  AddExchange(1, 0);
  AddExchange(2, 10);
  records_.erase(records_.begin());
  EXPECT_EQ(Compare({}, kConsumer).differences.size(), 2u);
  EXPECT_EQ(Compare({}, kProvider).exchanges, 2u);
  EXPECT_EQ(Compare({}, "hoshizora-bank/customers").exchanges, 0u);
}

TEST_F(ReconciliationTest, ADisclosureIsTheDisclosersSide) {
  constexpr char kDisclose[] = "psm.disclosure.v1.DisclosureService/Disclose";
  AddRecord(1, 5);
  records_[0].set_consumer("hoshizora-bank/customers");
  records_[0].set_provider(kProvider);  // here it discloses
  records_[0].set_method(kDisclose);
  records_[0].set_request_digest(Sha256("disclose"));
  records_[0].clear_provided_digest();
  records_[0].set_released_digest(Sha256(""));
  EXPECT_THAT(Only().what, HasSubstr("yunagi/tax never asked"));
  SideEntry entry = Entry(SideEntry::ANSWERED, 1, 6);
  entry.set_method(kDisclose);
  entry.set_request_digest(Sha256("disclose"));
  entry.set_answer_digest(Sha256("a code"));
  sides_.push_back({kProvider, entry});
  EXPECT_TRUE(Compare().differences.empty());
  records_.clear();
  EXPECT_EQ(Only().side, Difference::Side::kGateway);
}

TEST_F(ReconciliationTest, ALegIsKnownByTheLinkageThatWasNotAnswered) {
  SideEntry asked = Entry(SideEntry::ASKED, 1, 0);
  asked.set_method("psm.linkage.v1.LinkageService/Retrieve");
  sides_.push_back({kConsumer, asked});
  AddRecord(1, 1);
  records_[0].set_exchange_id(LegExchangeId(Id(1), "tax"));
  AddProvided(1, 1);
  sides_.back().entry.set_exchange_id(LegExchangeId(Id(1), "tax"));
  EXPECT_TRUE(Compare().differences.empty());
  records_[0].set_exchange_id(LegExchangeId(Id(2), "tax"));
  sides_.back().entry.set_exchange_id(LegExchangeId(Id(2), "tax"));
  EXPECT_EQ(Only().side, Difference::Side::kConsumer);
}

}  // namespace
}  // namespace psm
