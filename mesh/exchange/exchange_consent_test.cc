// Exchanges whose legal basis is the subject's consent.
#include <string>
#include <vector>

#include "mesh/exchange/exchange_fixture.h"
#include "mesh/exchange/steps.h"
#include "psm/identity/v1/basic_items.pb.h"

namespace psm {
namespace {

constexpr char kItems[] = "/psm.identity.v1.BasicItemsService/GetBasicItems";

class ConsentExchangeTest : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    key_ = *SigningKey::Generate();
    Feed({});
    identity::v1::GetBasicItemsResponse items;
    items.set_name("name");
    items.set_address("address");
    link_.providers[kItems] = Answering(items);
  }

  void Feed(std::vector<std::string> withdrawn) {
    consent::v1::GetFeedResponse feed;
    feed.add_keys()->set_kid("k");
    feed.mutable_keys(0)->set_public_key(key_->Public()->ToDer());
    for (const std::string& id : withdrawn) {
      feed.add_withdrawals()->set_consent_id(id);
      feed.mutable_withdrawals(feed.withdrawals_size() - 1)
          ->set_sequence(++sequence_);
    }
    consents_.Update(feed, clock_.Monotonic());
  }

  std::string Token(char person, std::string consumer = "bank/customers") {
    Consent consent;
    consent.id = "consent-1";
    consent.subject = scopes_->For(SubjectScopeKind::kRelyingParty, "bank")
                          .Encode(Person(person));
    consent.consumer = consumer;
    consent.affair = "address";
    consent.method = "psm.identity.v1.BasicItemsService/GetBasicItems";
    consent.attributes = {"address"};
    consent.issue_time = clock_.Now();
    consent.expire_time = clock_.Now() + absl::Hours(1);
    return *SignConsent(consent, *key_, "k");
  }

  Ask ItemsAsk(const std::string& token) {
    Ask ask = MakeAsk(kItems, "address", identity::v1::GetBasicItemsRequest());
    ask.peer = &bank_;
    ask.consent = token;
    return ask;
  }

  FakePeer bank_{"bank/customers"};
  std::unique_ptr<SigningKey> key_;
  std::uint64_t sequence_ = 0;
};

TEST_F(ConsentExchangeTest, TheTokenNamesThePersonToTheProvider) {
  Answer answer = Run(ItemsAsk(Token('h')));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  identity::v1::GetBasicItemsRequest asked;
  ASSERT_TRUE(asked.ParseFromString(link_.requests.at(0).message));
  EXPECT_EQ(asked.subject(), Code("identity", 'h'));
  identity::v1::GetBasicItemsResponse got;
  ASSERT_TRUE(got.ParseFromString(answer.message));
  EXPECT_EQ(got.address(), "address");
  EXPECT_EQ(got.name(), "");
  EXPECT_EQ(log_.records.at(0).consent_id(), "consent-1");
  EXPECT_EQ(log_.records.at(0).subject(), RecordsCode('h'));
}

TEST_F(ConsentExchangeTest, TheProviderHearsWhichConsentAndNoOtherAgencyCan) {
  const auto heard = [&](std::size_t request) {
    std::vector<std::string> ids;
    for (const auto& [key, value] : link_.requests.at(request).metadata) {
      EXPECT_NE(key, "psm-consent") << "the token stays here";
      if (key == "psm-consent-id") ids.push_back(value);
    }
    return ids;
  };
  const std::string token = Token('h');
  ASSERT_TRUE(Run(ItemsAsk(token)).status.ok());
  ASSERT_TRUE(Run(ItemsAsk(token)).status.ok());
  const std::string id = ConsentIdFor("identity", "consent-1");
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(heard(0), std::vector<std::string>{id});
  EXPECT_EQ(heard(1), std::vector<std::string>{id}) << "the same consent";
  EXPECT_NE(ConsentIdFor("identity", "consent-2"), id);
  EXPECT_NE(ConsentIdFor("accounts", "consent-1"), id);
}

TEST_F(ConsentExchangeTest, WithoutConsentNothing) {
  EXPECT_EQ(ReasonOf(Run(ItemsAsk("")).status), "CONSENT_REQUIRED");
}

TEST_F(ConsentExchangeTest, ARelyingPartyMayNotNameThePersonItself) {
  identity::v1::GetBasicItemsRequest request;
  request.set_subject(scopes_->For(SubjectScopeKind::kRelyingParty, "bank")
                          .Encode(Person('h')));
  Ask ask = ItemsAsk(Token('h'));
  ask.message = request.SerializeAsString();
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "SUBJECT_NOT_ACCEPTED");
}

TEST_F(ConsentExchangeTest, AWithdrawalBindsTheNextExchange) {
  std::string token = Token('h');
  ASSERT_TRUE(Run(ItemsAsk(token)).status.ok());
  Feed({"consent-1"});
  Answer answer = Run(ItemsAsk(token));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(answer.status), "CONSENT_WITHDRAWN");
}

TEST_F(ConsentExchangeTest, AWithdrawalBindsTheExchangeInFlight) {
  link_.hold = true;
  Begin(ItemsAsk(Token('h')));
  Feed({"consent-1"});
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "CONSENT_WITHDRAWN");
  EXPECT_EQ(answer_->message, "");
}

TEST_F(ConsentExchangeTest, AWithdrawalBindsAnExchangeThatWaitsForItsRecord) {
  log_.hold = true;
  Begin(ItemsAsk(Token('h')));
  ASSERT_EQ(log_.held.size(), 1u);
  Feed({"consent-1"});
  log_.hold = false;
  log_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "CONSENT_WITHDRAWN");
  EXPECT_EQ(answer_->message, "");
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_EQ(log_.records[0].kind(), records::v1::Record::EXCHANGE);
  EXPECT_EQ(log_.records[1].kind(), records::v1::Record::REFUSAL);
  EXPECT_EQ(log_.records[1].exchange_id(), log_.records[0].exchange_id());
}

TEST_F(ConsentExchangeTest, StaleKnowledgeOfWithdrawalsRefuses) {
  clock_.Advance(absl::Seconds(2));
  Answer answer = Run(ItemsAsk(Token('h')));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(answer.status), "CONSENT_STATE_STALE");
}

TEST_F(ConsentExchangeTest, ATokenOfAnotherConsumerOrPersonIsRefused) {
  EXPECT_EQ(ReasonOf(Run(ItemsAsk(Token('h', "akatsuki/benefits"))).status),
            "CONSENT_INVALID");
  Ask ask = ItemsAsk(Token('h'));
  ask.peer = &peer_;  // akatsuki/benefits: the token's subject is not its code
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "CONSENT_INVALID");
  clock_.Advance(absl::Hours(2));
  Feed({});
}

TEST_F(ConsentExchangeTest, AnExpiredTokenIsRefused) {
  std::string token = Token('h');
  clock_.Advance(absl::Hours(2));
  Feed({});
  EXPECT_EQ(ReasonOf(Run(ItemsAsk(token)).status), "CONSENT_EXPIRED");
}

}  // namespace
}  // namespace psm
