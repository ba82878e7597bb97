// Exchanges in which one person acts for another.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/exchange/history.h"
#include "mesh/exchange/tax_exchange_fixture.h"
#include "mesh/records/receipt.h"

namespace psm {
namespace {

using records::v1::Record;

constexpr char kActing[] = R"pb(
  affairs {
    id: "by-parent"
    title { ja: "t" en: "t" }
    statute { ja: "s" en: "s" }
    representative: PARENT
  }
  agreements {
    id: "by-parent-tax"
    version: 1
    consumer: "akatsuki/benefits"
    affair: "by-parent"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.tax.v1.TaxService/GetTaxStatus"
      attributes: "category"
    }
  }
)pb";
constexpr char kMother = 'm';
constexpr char kChild = 'c';

class RepresentationExchangeTest : public TaxExchangeFixture {
 protected:
  void SetUp() override {
    TaxExchangeFixture::SetUp();
    SetPolicy(absl::StrCat(kConfiguration, kActing));
    key_ = *SigningKey::Generate();
    Feed({});
  }

  void Feed(std::vector<std::string> ended) {
    consent::v1::GetFeedResponse feed;
    feed.add_keys()->set_kid("k");
    feed.mutable_keys(0)->set_public_key(key_->Public()->ToDer());
    for (const std::string& id : ended) {
      consent::v1::Withdrawal& withdrawal = *feed.add_withdrawals();
      withdrawal.set_consent_id(id);
      withdrawal.set_sequence(++sequence_);
    }
    consents_.Update(feed, clock_.Monotonic());
  }

  Representation Good() {
    Representation good;
    good.id = "representation-1";
    good.subject = Code("akatsuki", kChild);
    good.representative = Code("akatsuki", kMother);
    good.capacity = Representative::kParent;
    good.consumer = "akatsuki/benefits";
    good.issue_time = clock_.Now();
    good.expire_time = clock_.Now() + absl::Minutes(15);
    return good;
  }

  Ask ByParent(const Representation& said, char person = kChild) {
    Ask ask = TaxAsk(person);
    ask.affair = "by-parent";
    ask.representation = *SignRepresentation(said, *key_, "k");
    return ask;
  }

  // The only record there is: a refusal, of the child.
  Record OnlyRefusal() {
    EXPECT_EQ(log_.records.size(), 1u);
    if (log_.records.empty()) return {};
    EXPECT_EQ(log_.records[0].kind(), Record::REFUSAL);
    EXPECT_EQ(log_.records[0].subject(), RecordsCode(kChild));
    EXPECT_TRUE(link_.requests.empty()) << "nobody was asked";
    return log_.records[0];
  }

  std::unique_ptr<SigningKey> key_;
  std::uint64_t sequence_ = 0;
};

TEST_F(RepresentationExchangeTest, IsRecordedForBothPersons) {
  const Answer answer = Run(ByParent(Good()));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_EQ(log_.records.size(), 2u);
  const Record& childs = log_.records[0];
  EXPECT_EQ(childs.subject(), RecordsCode(kChild));
  EXPECT_EQ(childs.representation_id(), "representation-1");
  EXPECT_EQ(childs.representative(), RecordsCode(kMother));
  EXPECT_FALSE(childs.acting());
  const Record& mothers = log_.records[1];
  EXPECT_EQ(mothers.subject(), RecordsCode(kMother));
  EXPECT_EQ(mothers.representation_id(), "representation-1");
  EXPECT_EQ(mothers.representative(), "");
  EXPECT_TRUE(mothers.acting());
  EXPECT_EQ(mothers.exchange_id(), childs.exchange_id());
  // What the consumer may open says the same of both, and nothing of who acts.
  EXPECT_EQ(OpenedToConsumer(childs).SerializeAsString(),
            OpenedToConsumer(mothers).SerializeAsString());
}

TEST_F(RepresentationExchangeTest, HistoriesShowNoCodeOfEither) {
  ASSERT_TRUE(Run(ByParent(Good())).status.ok());
  for (const char person : {kChild, kMother}) {
    RecordQuery query;
    query.subject = RecordsCode(person);
    const auto page =
        ReadHistory(log_, query, *policy_, Municipalities::kNamed);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->records_size(), 1);
    EXPECT_EQ(page->records(0).subject(), "");
    EXPECT_EQ(page->records(0).representative(), "");
    EXPECT_EQ(page->records(0).representation_id(), "representation-1");
    EXPECT_EQ(page->records(0).acting(), person == kMother);
  }
}

TEST_F(RepresentationExchangeTest, WithoutATokenNothing) {
  Ask ask = TaxAsk(kChild);
  ask.affair = "by-parent";
  const Answer answer = Run(std::move(ask));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(answer.status), "REPRESENTATION_REQUIRED");
  EXPECT_EQ(OnlyRefusal().representation_id(), "");
}

TEST_F(RepresentationExchangeTest, AnAffairInWhichNobodyActsTakesNoToken) {
  Ask ask = ByParent(Good());
  ask.affair = "benefit";
  const Answer answer = Run(std::move(ask));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(answer.status), "REPRESENTATION_INVALID");
  EXPECT_TRUE(link_.requests.empty());
}

TEST_F(RepresentationExchangeTest, WhoeverItIsNotForIsRefusedAndToldNothing) {
  Representation other_consumer = Good();
  other_consumer.consumer = "akatsuki/residents";
  Representation other_agency = Good();
  other_agency.subject = Code("yunagi", kChild);
  Representation other_child = Good();
  other_child.subject = Code("akatsuki", 'd');
  Representation guardian = Good();
  guardian.capacity = Representative::kGuardian;
  std::vector<std::string> texts;
  for (const Representation& said :
       {other_consumer, other_agency, other_child, guardian}) {
    const Answer answer = Run(ByParent(said));
    EXPECT_EQ(ReasonOf(answer.status), "REPRESENTATION_INVALID");
    const std::string text = answer.status.ToString();
    EXPECT_EQ(text.find(said.subject), std::string::npos);
    EXPECT_EQ(text.find(said.representative), std::string::npos);
  }
  EXPECT_TRUE(link_.requests.empty());
  ASSERT_EQ(log_.records.size(), 5u) << "one each, and the mother's of the "
                                        "last: there she was known to act";
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(log_.records[i].kind(), Record::REFUSAL);
    EXPECT_EQ(log_.records[i].subject(), RecordsCode(kChild));
  }
  EXPECT_TRUE(log_.records[4].acting());
}

TEST_F(RepresentationExchangeTest, AForgedTokenIsRefused) {
  const auto forger = *SigningKey::Generate();
  Ask ask = ByParent(Good());
  ask.representation = *SignRepresentation(Good(), *forger, "k");
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "REPRESENTATION_INVALID");
  EXPECT_EQ(OnlyRefusal().representative(), "");
}

TEST_F(RepresentationExchangeTest, AConsentIsNoRepresentationNorTheOtherWay) {
  Consent consent;
  consent.id = "consent-1";
  consent.subject = Code("akatsuki", kChild);
  consent.consumer = "akatsuki/benefits";
  consent.affair = "by-parent";
  consent.method = "psm.tax.v1.TaxService/GetTaxStatus";
  consent.attributes = {"category"};
  consent.issue_time = clock_.Now();
  consent.expire_time = clock_.Now() + absl::Minutes(1);
  const std::string consent_token = *SignConsent(consent, *key_, "k");
  ASSERT_TRUE(consents_.Verify(consent_token, clock_.Now()).ok());
  Ask ask = ByParent(Good());
  ask.representation = consent_token;
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "REPRESENTATION_INVALID");
  const std::string token = *SignRepresentation(Good(), *key_, "k");
  ASSERT_TRUE(consents_.VerifyRepresentation(token, clock_.Now()).ok());
  EXPECT_EQ(ReasonOf(consents_.Verify(token, clock_.Now()).status()),
            "CONSENT_INVALID");
}

TEST_F(RepresentationExchangeTest, AnExpiredTokenIsRefused) {
  Ask ask = ByParent(Good());
  clock_.Advance(absl::Minutes(15));
  Feed({});
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "REPRESENTATION_EXPIRED");
  EXPECT_EQ(OnlyRefusal().reason(), "REPRESENTATION_EXPIRED");
}

TEST_F(RepresentationExchangeTest, AnEndBindsTheNextExchange) {
  ASSERT_TRUE(Run(ByParent(Good())).status.ok());
  Feed({"representation-1"});
  EXPECT_EQ(ReasonOf(Run(ByParent(Good())).status), "REPRESENTATION_ENDED");
  ASSERT_EQ(log_.records.size(), 4u);
  EXPECT_EQ(log_.records[2].representative(), RecordsCode(kMother));
  EXPECT_EQ(log_.records[3].subject(), RecordsCode(kMother));
  EXPECT_EQ(log_.records[3].reason(), "REPRESENTATION_ENDED");
}

// Each representation is counted for itself, in both persons' histories.
TEST_F(RepresentationExchangeTest, AFloodIsCountedForBothPersons) {
  Feed({"representation-1", "representation-2"});
  Representation second = Good();
  second.id = "representation-2";
  constexpr std::uint32_t kOver = 3;
  for (const Representation& said : {Good(), second})
    for (std::uint32_t i = 0; i < RefusalCounter::kIndividualRecords + kOver;
         ++i)
      EXPECT_EQ(ReasonOf(Run(ByParent(said)).status), "REPRESENTATION_ENDED");
  clock_.Advance(absl::Minutes(1));
  const std::vector<Record> counted = refusals_.TakeFinished(clock_.Now());
  ASSERT_EQ(counted.size(), 4u);
  for (std::size_t i = 0; i < counted.size(); ++i) {
    EXPECT_EQ(counted[i].kind(), Record::REFUSALS);
    EXPECT_EQ(counted[i].count(), kOver);
    EXPECT_EQ(counted[i].representation_id(),
              i < 2 ? "representation-1" : "representation-2");
    EXPECT_EQ(counted[i].acting(), i % 2 == 1);
    EXPECT_EQ(counted[i].subject(), RecordsCode(i % 2 == 1 ? kMother : kChild));
  }
}

TEST_F(RepresentationExchangeTest, AnEndBindsTheExchangeInFlight) {
  link_.hold = true;
  Begin(ByParent(Good()));
  Feed({"representation-1"});
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "REPRESENTATION_ENDED");
  EXPECT_EQ(answer_->message, "");
}

TEST_F(RepresentationExchangeTest, TheTokensTimeEndsInFlightToo) {
  log_.hold = true;
  Begin(ByParent(Good()));
  ASSERT_EQ(log_.held.size(), 1u);
  clock_.Advance(absl::Minutes(15));
  Feed({});
  log_.hold = false;
  log_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "REPRESENTATION_EXPIRED");
  EXPECT_EQ(answer_->message, "");
}

TEST_F(RepresentationExchangeTest, StaleKnowledgeOfEndsRefuses) {
  Ask ask = ByParent(Good());
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "CONSENT_STATE_STALE");
}

TEST_F(RepresentationExchangeTest, ARetryIsOfTheSameRepresentation) {
  const std::string id = "11111111-2222-4333-8444-555555555555";
  Ask first = ByParent(Good());
  first.exchange_id = id;
  ASSERT_TRUE(Run(std::move(first)).status.ok());
  clock_.Advance(absl::Milliseconds(900));
  Ask again = ByParent(Good());  // another token of the same
  again.exchange_id = id;
  EXPECT_TRUE(Run(std::move(again)).status.ok());
  EXPECT_EQ(log_.records.size(), 2u) << "recorded once";
  Representation other = Good();
  other.id = "representation-2";
  Ask others = ByParent(other);
  others.exchange_id = id;
  EXPECT_EQ(ReasonOf(Run(std::move(others)).status), "EXCHANGE_ID_REUSED");
}

}  // namespace
}  // namespace psm
