#include "mesh/exchange/life_events.h"

#include "mesh/exchange/life_fixture.h"
#include "mesh/exchange/own_services.h"

namespace psm {
namespace {

using events::v1::SubscribeResponse;
using records::v1::Record;

constexpr char kPublishId[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";

class LifeEventsExchangeTest : public LifeFixture {
 protected:
  Ask PublishAsk(const Peer& peer, const std::string& type = "moved_in",
                 char person = 'h') {
    events::v1::PublishRequest request;
    request.set_type(type);
    const std::string system = peer.system_id();
    request.set_subject(Code(system.substr(0, system.find('/')), person));
    request.set_effective_date("2026-04-01");
    Ask ask = MakeAsk("/psm.events.v1.EventsService/Publish", "", request);
    ask.peer = &peer;
    return ask;
  }
  absl::Status Publish(const Peer& peer, const std::string& type = "moved_in",
                       char person = 'h') {
    return RunTask(PublishEvent(env(), PublishAsk(peer, type, person))).status;
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      const Peer& peer, const std::string& token = "",
      const std::string& affair = "benefit") {
    events::v1::SubscribeRequest request;
    request.set_resume_token(token);
    Ask ask = MakeAsk(kSubscribePath, affair, request);
    ask.peer = &peer;
    return Open(std::move(ask));
  }
  static std::string TokenOf(const std::string& message) {
    SubscribeResponse response;
    EXPECT_TRUE(response.ParseFromString(message));
    EXPECT_FALSE(response.has_event());
    return response.resume_token();
  }

  FakePeer register_{"yunagi/register"};
};

TEST_F(LifeEventsExchangeTest, EachConsumerGetsItsOwnCodeAndEachIsRecorded) {
  auto pension = Subscribe(pension_);
  auto benefits = Subscribe(benefits_);
  ASSERT_TRUE(pension.ok()) << pension.status();
  ASSERT_TRUE(benefits.ok()) << benefits.status();
  ASSERT_TRUE(Publish(register_).ok());
  const auto first = Next(**pension);
  const auto second = Next(**benefits);
  ASSERT_TRUE(first.ok() && first->size() == 1u) << first.status();
  ASSERT_TRUE(second.ok() && second->size() == 1u) << second.status();
  const events::v1::Event& event = first->front().event();
  EXPECT_EQ(event.subject(), Code("pension", 'h'));
  EXPECT_EQ(second->front().event().subject(), Code("akatsuki", 'h'));
  EXPECT_EQ(event.type(), "moved_in");
  EXPECT_EQ(event.effective_date(), "2026-04-01");
  EXPECT_EQ(event.publisher(), "yunagi/register");
  EXPECT_NE(event.id(), second->front().event().id());
  ASSERT_EQ(log_.records.size(), 3u);  // its publication, two deliveries
  const Record& delivery = log_.records[1];
  EXPECT_EQ(delivery.kind(), Record::EXCHANGE);
  EXPECT_EQ(delivery.consumer(), "pension/desk");
  EXPECT_EQ(delivery.provider(), "yunagi/register");
  EXPECT_EQ(delivery.agreement(), "pension-household");
  EXPECT_EQ(delivery.exchange_id(), event.id());
  EXPECT_EQ(delivery.subject(), RecordsCode('h'));
  EXPECT_EQ(delivery.dataset(), "events");
  ASSERT_EQ(delivery.released_size(), 1);
  EXPECT_EQ(delivery.released(0), "moved_in");
  EXPECT_TRUE(Next(**pension)->empty());
}

TEST_F(LifeEventsExchangeTest, WhoHasNoAgreementIsRefusedAndThatIsRecorded) {
  FakePeer stranger("accounts/desk");
  EXPECT_EQ(ReasonOf(Subscribe(stranger).status()), "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(Subscribe(pension_, "", "arrears").status()),
            "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(Subscribe(pension_, "", "").status()), "AFFAIR_REQUIRED");
  EXPECT_EQ(log_.records.size(), 3u);
}

TEST_F(LifeEventsExchangeTest, WhatIsNotAgreedIsNotGivenAndNotRecorded) {
  auto pension = Subscribe(pension_);
  ASSERT_TRUE(pension.ok());
  ASSERT_TRUE(Publish(register_, "died").ok());
  EXPECT_TRUE(Next(**pension)->empty());
  EXPECT_EQ(log_.records.size(), 1u);
}

TEST_F(LifeEventsExchangeTest, AnAgreementThatIsGoneBindsWhatWaits) {
  auto pension = Subscribe(pension_);
  ASSERT_TRUE(pension.ok());
  ASSERT_TRUE(Publish(register_).ok());
  env().policy = MakePolicy(kConfiguration);
  EXPECT_TRUE(absl::IsPermissionDenied(Next(**pension).status()));
}

TEST_F(LifeEventsExchangeTest, WhatEndsWhileItIsRecordedStaysHere) {
  auto pension = Subscribe(pension_);
  ASSERT_TRUE(pension.ok());
  ASSERT_TRUE(Publish(register_).ok());
  log_.hold = true;
  absl::StatusOr<Deliveries> deliveries = absl::UnknownError("not yet");
  Start((*pension)->Next(),
        [&](auto result) { deliveries = std::move(result); });
  executor_.RunAll();
  EXPECT_FALSE(deliveries.ok()) << "nothing leaves before its record";
  env().policy = MakePolicy(kConfiguration);
  log_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(deliveries.ok()) << deliveries.status();
  EXPECT_TRUE(deliveries->messages.empty());
}

TEST_F(LifeEventsExchangeTest, NothingLeavesThatIsNotRecorded) {
  auto pension = Subscribe(pension_);
  ASSERT_TRUE(pension.ok());
  ASSERT_TRUE(Publish(register_).ok());
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  EXPECT_EQ(ReasonOf(Next(**pension).status()), "RECORD_NOT_DURABLE");
}

TEST_F(LifeEventsExchangeTest, ATokenGoesOnBehindItsEventAndRecordsItOnce) {
  auto pension = Subscribe(pension_);
  const std::string begin = TokenOf((*pension)->Begin());
  for (char person : {'a', 'b', 'c'})
    ASSERT_TRUE(Publish(register_, "moved_in", person).ok());
  const auto first = Next(**pension);
  ASSERT_EQ(first->size(), 3u);
  const std::size_t records = log_.records.size();

  auto again = Subscribe(pension_, (*first)[0].resume_token());
  ASSERT_TRUE(again.ok()) << again.status();
  const auto rest = Next(**again);
  ASSERT_EQ(rest->size(), 2u);
  EXPECT_EQ((*rest)[0].event().id(), (*first)[1].event().id());
  EXPECT_EQ(log_.records.size(), records);
  EXPECT_EQ(Next(**Subscribe(pension_, begin))->size(), 3u);
  // Without one: what comes from now on.
  EXPECT_TRUE(Next(**Subscribe(pension_))->empty());
}

TEST_F(LifeEventsExchangeTest, ATokenIsOfOneConsumerAndAffair) {
  const std::string token = TokenOf((*Subscribe(pension_))->Begin());
  EXPECT_EQ(ReasonOf(Subscribe(benefits_, token).status()),
            "RESUME_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(Subscribe(pension_, "junk").status()),
            "RESUME_TOKEN_INVALID");
}

TEST_F(LifeEventsExchangeTest, OnlyWhatAConfigurationListsIsPublished) {
  EXPECT_EQ(ReasonOf(Publish(pension_)), "NOT_A_PUBLISHER");
  EXPECT_EQ(ReasonOf(Publish(register_, "account_changed")), "NOT_A_PUBLISHER");
  Ask foreign = PublishAsk(register_);
  events::v1::PublishRequest request;
  ASSERT_TRUE(request.ParseFromString(foreign.message));
  request.set_subject(Code("akatsuki", 'h'));
  foreign.message = request.SerializeAsString();
  EXPECT_EQ(ReasonOf(RunTask(PublishEvent(env(), foreign)).status),
            "SUBJECT_CODE_INVALID");
  request.set_subject(Code("yunagi", 'h'));
  for (const char* day : {"", "2026-02-30", "2026-4-1", "tomorrow"}) {
    request.set_effective_date(day);
    foreign.message = request.SerializeAsString();
    EXPECT_EQ(ReasonOf(RunTask(PublishEvent(env(), foreign)).status),
              "EVENT_MALFORMED");
  }
  EXPECT_EQ(events_->last_sequence(), 0u);
}

TEST_F(LifeEventsExchangeTest, ARetryIsNoSecondEventAndNoSecondRecord) {
  Ask ask = PublishAsk(register_);
  ask.exchange_id = kPublishId;
  ASSERT_TRUE(RunTask(PublishEvent(env(), ask)).status.ok());
  ASSERT_TRUE(RunTask(PublishEvent(env(), ask)).status.ok());
  EXPECT_EQ(events_->last_sequence(), 1u);
  EXPECT_EQ(log_.records.size(), 1u);
  Ask other = PublishAsk(register_, "moved_in", 'm');
  other.exchange_id = kPublishId;
  EXPECT_EQ(ReasonOf(RunTask(PublishEvent(env(), other)).status),
            "EXCHANGE_ID_REUSED");
  // The record failed, the event is there: the retry makes it whole.
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  ask.exchange_id = "00000000-0000-4000-8000-00000000000b";
  EXPECT_FALSE(RunTask(PublishEvent(env(), ask)).status.ok());
  log_.failure = absl::OkStatus();
  EXPECT_TRUE(RunTask(PublishEvent(env(), ask)).status.ok());
  EXPECT_EQ(events_->last_sequence(), 2u);
}

TEST_F(LifeEventsExchangeTest, AProtectedPersonsEventNamesNoMunicipality) {
  ASSERT_TRUE(Protect(yunagi_, 'h').status.ok());
  auto pension = Subscribe(pension_);
  auto benefits = Subscribe(benefits_);
  ASSERT_TRUE(Publish(register_).ok());
  const auto told = Next(**pension);
  ASSERT_TRUE(told.ok() && told->size() == 1u) << told.status();
  EXPECT_EQ(told->front().event().publisher(), "");
  // The consumer may have its record opened to it.
  EXPECT_EQ(log_.records.back().consumer(), "pension/desk");
  EXPECT_EQ(log_.records.back().provider(), kGatewaySystem);
  // Its agreement names the publisher: that it came would say who it was.
  EXPECT_TRUE(Next(**benefits)->empty());
  // Others' events say whose they are.
  FakePeer accounts("accounts/desk");
  ASSERT_TRUE(Publish(accounts, "account_changed").ok());
  EXPECT_EQ(Next(**pension)->front().event().publisher(), "accounts/desk");
}

}  // namespace
}  // namespace psm
