// Life events that a private company is told of by the person's consent.
#include <memory>
#include <string>
#include <vector>

#include "mesh/exchange/life_events.h"
#include "mesh/exchange/life_fixture.h"
#include "mesh/exchange/own_services.h"
#include "psm/disclosure/v1/disclosure.pb.h"

namespace psm {
namespace {

using events::v1::SubscribeResponse;
using records::v1::Record;

constexpr char kByConsent[] = R"pb(
  agreements {
    id: "bank-events"
    version: 1
    consumer: "bank/customers"
    affair: "address"
    consent {}
    valid_from: "2026-01-01"
    events { types: [ "moved_in", "died" ] }
  }
)pb";

class EventConsentsTest : public LifeFixture {
 protected:
  void SetUp() override {
    LifeFixture::SetUp();
    env().policy = MakePolicy(Text(kByConsent));
    key_ = *SigningKey::Generate();
    Feed({});
  }
  // Identity is heard of: these are withdrawn.
  void Feed(const std::vector<std::string>& withdrawn) {
    consent::v1::GetFeedResponse feed;
    feed.add_keys()->set_kid("k");
    feed.mutable_keys(0)->set_public_key(key_->Public()->ToDer());
    for (const std::string& id : withdrawn) {
      auto& withdrawal = *feed.add_withdrawals();
      withdrawal.set_consent_id(id);
      withdrawal.set_sequence(++sequence_);
    }
    consents_.Update(feed, clock_.Monotonic());
  }
  Consent ConsentOf(char person) {
    Consent consent;
    consent.id = std::string("consent-") + person;
    consent.subject = BankCode(person);
    consent.consumer = "bank/customers";
    consent.affair = "address";
    consent.method = "psm.events.v1.EventsService/Subscribe";
    consent.attributes = {"moved_in"};
    consent.issue_time = clock_.Now();
    consent.expire_time = clock_.Now() + absl::Hours(1);
    return consent;
  }
  std::string Signed(const Consent& consent) {
    return *SignConsent(consent, *key_, "k");
  }
  std::string BankCode(char person) {
    return scopes_->For(SubjectScopeKind::kRelyingParty, "bank")
        .Encode(Person(person));
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      const std::vector<std::string>& tokens, const std::string& resume = "") {
    events::v1::SubscribeRequest request;
    request.set_resume_token(resume);
    for (const std::string& token : tokens) request.add_consents(token);
    Ask ask = MakeAsk(kSubscribePath, "address", request);
    ask.peer = &bank_;
    return Open(std::move(ask));
  }
  void Publish(char person, const std::string& type = "moved_in") {
    events::v1::PublishRequest request;
    request.set_type(type);
    request.set_subject(Code("yunagi", person));
    request.set_effective_date("2026-04-01");
    Ask ask = MakeAsk("/psm.events.v1.EventsService/Publish", "", request);
    ask.peer = &register_;
    const absl::Status published = RunTask(PublishEvent(env(), ask)).status;
    ASSERT_TRUE(published.ok()) << published;
  }
  // How many deliveries to the bank are recorded.
  int Told() {
    int told = 0;
    for (const Record& record : log_.records)
      told += record.consumer() == "bank/customers" &&
              record.kind() == Record::EXCHANGE;
    return told;
  }

  FakePeer bank_{"bank/customers"};
  FakePeer register_{"yunagi/register"};
  std::unique_ptr<SigningKey> key_;
  std::uint64_t sequence_ = 0;
};

TEST_F(EventConsentsTest, OnlyThoseWhoConsentedAreToldOfUnderTheBanksOwnCode) {
  auto stream = Subscribe({Signed(ConsentOf('h'))});
  ASSERT_TRUE(stream.ok()) << stream.status();
  Publish('m');
  Publish('h', "died");
  Publish('h');
  const auto told = Next(**stream);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->size(), 1u) << "nobody else, and nothing else";
  const events::v1::Event& event = told->front().event();
  EXPECT_EQ(event.subject(), BankCode('h'));
  EXPECT_EQ(event.type(), "moved_in");
  ASSERT_EQ(Told(), 1);
  const Record& record = log_.records.back();
  EXPECT_EQ(record.consumer(), "bank/customers");
  EXPECT_EQ(record.consent_id(), "consent-h");
  EXPECT_EQ(record.agreement(), "bank-events");
  EXPECT_EQ(record.subject(), RecordsCode('h'));
  ASSERT_EQ(record.released_size(), 1);
  EXPECT_EQ(record.released(0), "moved_in");
}

TEST_F(EventConsentsTest, WithoutAConsentNobodyIsToldOf) {
  auto stream = Subscribe({});
  ASSERT_TRUE(stream.ok()) << stream.status();
  Publish('h');
  EXPECT_TRUE(Next(**stream)->empty());
  EXPECT_EQ(Told(), 0);
}

TEST_F(EventConsentsTest, WithoutAnAgreementNoConsentHelps) {
  env().policy = MakePolicy(Text());
  EXPECT_EQ(ReasonOf(Subscribe({Signed(ConsentOf('h'))}).status()),
            "NO_AGREEMENT");
}

TEST_F(EventConsentsTest, AWithdrawalBindsTheStreamThatIsOpen) {
  auto stream = Subscribe({Signed(ConsentOf('h'))});
  Publish('h');
  ASSERT_EQ(Next(**stream)->size(), 1u);
  Publish('h');
  Feed({"consent-h"});
  EXPECT_TRUE(Next(**stream)->empty());
  EXPECT_EQ(Told(), 1) << "what is not told is not recorded either";
}

TEST_F(EventConsentsTest, AWithdrawalDuringTheRecordingBindsWhatWaits) {
  auto stream = Subscribe({Signed(ConsentOf('h'))});
  Publish('h');
  log_.hold = true;
  absl::StatusOr<Deliveries> deliveries = absl::UnknownError("not yet");
  Start((*stream)->Next(),
        [&](auto result) { deliveries = std::move(result); });
  executor_.RunAll();
  Feed({"consent-h"});
  log_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(deliveries.ok()) << deliveries.status();
  EXPECT_TRUE(deliveries->messages.empty());
}

TEST_F(EventConsentsTest, WhileWithdrawalsAreNotKnownNothingIsToldNorLost) {
  const std::string token = Signed(ConsentOf('h'));
  auto stream = Subscribe({token});
  SubscribeResponse begin;
  ASSERT_TRUE(begin.ParseFromString((*stream)->Begin()));
  Publish('h');
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(ReasonOf(Next(**stream).status()), "CONSENT_STATE_STALE");
  EXPECT_EQ(Told(), 0);
  Feed({});
  auto again = Subscribe({token}, begin.resume_token());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Next(**again)->size(), 1u);
}

TEST_F(EventConsentsTest, WhatHappenedBeforeAConsentStaysUntold) {
  auto before = Subscribe({});
  SubscribeResponse begin;
  ASSERT_TRUE(begin.ParseFromString((*before)->Begin()));
  Publish('h');
  clock_.Advance(absl::Seconds(2));
  Feed({});
  auto stream = Subscribe({Signed(ConsentOf('h'))}, begin.resume_token());
  EXPECT_TRUE(Next(**stream)->empty());
  Publish('h');
  EXPECT_EQ(Next(**stream)->size(), 1u);
}

TEST_F(EventConsentsTest, AConsentEndsWhenItsTimeIsOver) {
  auto stream = Subscribe({Signed(ConsentOf('h'))});
  clock_.Advance(absl::Hours(1));
  Feed({});
  Publish('h');
  EXPECT_TRUE(Next(**stream)->empty());
  // Nor is a token that has ended an error: the others go on.
  Consent ended = ConsentOf('h');
  ended.issue_time = clock_.Now() - absl::Hours(2);
  ended.expire_time = clock_.Now() - absl::Hours(1);
  auto both = Subscribe({Signed(ended), Signed(ConsentOf('m'))});
  ASSERT_TRUE(both.ok()) << both.status();
  Publish('h');
  Publish('m');
  EXPECT_EQ(Next(**both)->size(), 1u);
}

TEST_F(EventConsentsTest, ATokenForAnythingElseOpensNothingAndStopsNobody) {
  std::vector<Consent> wrong(5, ConsentOf('h'));
  wrong[0].consumer = "akatsuki/benefits";
  wrong[1].affair = "benefit";
  wrong[2].method = "psm.identity.v1.BasicItemsService/GetBasicItems";
  wrong[3].subject = Code("akatsuki", 'h');
  std::vector<std::string> tokens = {Signed(ConsentOf('m'))};
  for (std::size_t i = 0; i < 4; ++i) tokens.push_back(Signed(wrong[i]));
  // A forger's, whose key nobody has published.
  tokens.push_back(*SignConsent(wrong[4], *(*SigningKey::Generate()), "k"));
  tokens.push_back("junk");
  auto stream = Subscribe(tokens);
  ASSERT_TRUE(stream.ok()) << stream.status();
  SubscribeResponse begin;
  ASSERT_TRUE(begin.ParseFromString((*stream)->Begin()));
  EXPECT_EQ(std::vector<int>(begin.refused_consents().begin(),
                             begin.refused_consents().end()),
            (std::vector<int>{1, 2, 3, 4, 5, 6}));
  Publish('h');
  Publish('m');
  const auto told = Next(**stream);
  ASSERT_TRUE(told.ok() && told->size() == 1u) << told.status();
  EXPECT_EQ(told->front().event().subject(), BankCode('m'))
      << "the good one goes on";
  EXPECT_EQ(ReasonOf(Subscribe(std::vector<std::string>(257, "x")).status()),
            "TOO_MANY_CONSENTS");
}

TEST_F(EventConsentsTest, OfAProtectedPersonNoConsentTells) {
  auto stream = Subscribe({Signed(ConsentOf('h'))});
  FakePeer yunagi("yunagi/residents");
  ASSERT_TRUE(Protect(yunagi, 'h').status.ok());
  Publish('h');
  EXPECT_TRUE(Next(**stream)->empty());
  EXPECT_EQ(Told(), 0);
}

TEST_F(EventConsentsTest, WhatCanBeConsentedToTheAgreementSays) {
  FakePeer identity("identity/identity");
  const auto disclose = [&](const std::vector<std::string>& types) {
    disclosure::v1::DiscloseRequest request;
    request.set_audience("bank/customers");
    request.set_subject(Code("identity", 'h'));
    request.set_method("psm.events.v1.EventsService/Subscribe");
    for (const std::string& type : types) request.add_attributes(type);
    Ask ask = MakeAsk("/psm.disclosure.v1.DisclosureService/Disclose",
                      "address", request);
    ask.peer = &identity;
    return RunTask(Disclose(env(), ask));
  };
  const Answer told = disclose({"moved_in"});
  ASSERT_TRUE(told.status.ok()) << told.status;
  disclosure::v1::DiscloseResponse response;
  ASSERT_TRUE(response.ParseFromString(told.message));
  EXPECT_EQ(response.code(), BankCode('h'));
  EXPECT_EQ(log_.records.back().consumer(), "bank/customers");
  EXPECT_EQ(log_.records.back().agreement(), "bank-events");
  EXPECT_EQ(log_.records.back().consent_id(), "");
  EXPECT_EQ(ReasonOf(disclose({"moved_in", "account_changed"}).status),
            "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(disclose({}).status), "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(disclose(std::vector<std::string>(65, "moved_in")).status),
            "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm
