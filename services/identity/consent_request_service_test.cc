#include "services/identity/consent_request_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/policy/consent.h"
#include "services/identity/consent_feed_service.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;
using Collected = v1::CollectConsentResponse;

constexpr char kAsker[] = "akatsuki/benefits";

class CodesOfTheAsker : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext&,
                                       const Disclosure& disclosure) override {
    MutexLock lock(mu_);
    asked.push_back(disclosure);
    if (!refusal.ok()) return refusal;
    return "code-of-" + disclosure.subject;
  }
  absl::Status refusal;
  std::vector<Disclosure> asked;

 private:
  Mutex mu_;
};

class ConsentRequestTest : public testing::Test {
 protected:
  std::string Exchange(int number) {
    return absl::StrCat("00000000-0000-4000-8000-0000000001", 10 + number);
  }
  absl::StatusOr<v1::RequestConsentResponse> Request(
      int exchange,
      const std::vector<std::string>& attributes = {"name", "address"},
      const std::string& purpose = "給付金の通知の送付先") {
    FakeCall call(kAsker, "customer-address", {}, Exchange(exchange));
    v1::RequestConsentRequest request;
    request.set_subject("hanako");
    request.set_affair("customer-address");
    request.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
    for (const std::string& attribute : attributes)
      request.add_attributes(attribute);
    request.set_purpose(purpose);
    v1::RequestConsentResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.RequestConsent(call.context(), &request, &response));
    if (!status.ok()) return status;
    return response;
  }
  v1::ListConsentRequestsResponse Pending(const std::string& person) {
    FakeCall call("portal/terminal", "own-request", {"consents"});
    v1::ListConsentRequestsRequest request;
    request.set_subject(person);
    v1::ListConsentRequestsResponse response;
    EXPECT_TRUE(
        service_.ListConsentRequests(call.context(), &request, &response).ok());
    return response;
  }
  absl::StatusOr<v1::AnswerConsentRequestResponse> Answer(
      int exchange, const std::string& id,
      const std::vector<std::string>& attributes,
      const std::string& person = "hanako", int seconds = 0) {
    FakeCall call("portal/terminal", "own-request", {}, Exchange(exchange));
    v1::AnswerConsentRequestRequest request;
    request.set_subject(person);
    request.set_request_id(id);
    for (const std::string& attribute : attributes)
      request.add_attributes(attribute);
    if (seconds != 0) request.mutable_duration()->set_seconds(seconds);
    v1::AnswerConsentRequestResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.AnswerConsentRequest(call.context(), &request, &response));
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<Collected> Collect(const std::string& id,
                                    const std::string& consumer = kAsker,
                                    const std::string& person = "hanako") {
    FakeCall call(consumer, "customer-address", {"token"});
    v1::CollectConsentRequest request;
    request.set_subject(person);
    request.set_request_id(id);
    Collected response;
    const absl::Status status = agency::FromGrpc(
        service_.CollectConsent(call.context(), &request, &response));
    if (!status.ok()) return status;
    return response;
  }
  // What the gateway reads in a token.
  std::shared_ptr<const Consent> Read(const std::string& token) {
    grpc::ServerContext context;
    consent::v1::GetFeedRequest request;
    consent::v1::GetFeedResponse feed;
    EXPECT_TRUE(feed_.GetFeed(&context, &request, &feed).ok());
    gateway_.Update(feed, world_.clock.Monotonic());
    auto consent = gateway_.Verify(token, world_.clock.Now());
    EXPECT_TRUE(consent.ok()) << consent.status();
    return consent.ok() ? *consent : std::make_shared<const Consent>();
  }

  TestWorld world_;
  std::unique_ptr<ConsentKey> key_ =
      *ConsentKey::OpenOrCreate(world_.folder.File("key.pem"));
  ConsentStore store_{world_.database.get()};
  ConsentRequests requests_{world_.database.get()};
  CodesOfTheAsker disclosures_;
  ConsentIssuer issuer_{{world_.holders.get(), key_.get(), &disclosures_,
                         &world_.clock, &SystemRandom()}};
  ConsentRequestService service_{{world_.database.get(), world_.holders.get(),
                                  &requests_, &issuer_, &world_.clock,
                                  &SystemRandom()}};
  FeedProgress progress_;
  ConsentFeedService feed_{&store_, key_.get(), &progress_};
  ConsentState gateway_{absl::Hours(1)};
};

TEST_F(ConsentRequestTest, APersonGrantsAPartAndTheTokenSaysThatPartAlone) {
  const std::string id = Request(1)->request_id();
  ASSERT_EQ(Pending("hanako").requests_size(), 1);
  const v1::ConsentRequest shown = Pending("hanako").requests(0);
  EXPECT_EQ(shown.consumer(), kAsker);
  EXPECT_EQ(shown.purpose(), "給付金の通知の送付先");
  EXPECT_EQ(Collect(id)->state(), Collected::PENDING);
  EXPECT_TRUE(disclosures_.asked.empty()) << "a request discloses nothing";
  const auto answer = Answer(2, id, {"address"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(disclosures_.asked.size(), 1u);
  EXPECT_EQ(disclosures_.asked[0].attributes,
            std::vector<std::string>{"address"});
  const Collected collected = *Collect(id);
  EXPECT_EQ(collected.state(), Collected::GRANTED);
  const auto consent = Read(collected.token());
  EXPECT_EQ(consent->attributes, std::vector<std::string>{"address"});
  EXPECT_EQ(consent->consumer, kAsker);
  EXPECT_EQ(consent->subject, "code-of-hanako");
  EXPECT_EQ(consent->id, answer->consent_id());
  EXPECT_EQ(Pending("hanako").requests_size(), 0);
  EXPECT_EQ(store_.List("hanako")->size(), 1u);
}

TEST_F(ConsentRequestTest, WhoGrantsNothingHasDeclined) {
  const std::string id = Request(1)->request_id();
  EXPECT_EQ(Answer(2, id, {})->consent_id(), "");
  EXPECT_EQ(Collect(id)->state(), Collected::DECLINED);
  EXPECT_EQ(Collect(id)->token(), "");
  EXPECT_TRUE(disclosures_.asked.empty());
  EXPECT_EQ(store_.List("hanako")->size(), 0u);
}

TEST_F(ConsentRequestTest, NobodyGrantsMoreOrForLongerThanWasAsked) {
  const std::string id = Request(1, {"address"})->request_id();
  EXPECT_EQ(ReasonOf(Answer(2, id, {"address", "name"}).status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(ReasonOf(Answer(3, id, {"Address"}).status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(ReasonOf(Answer(4, id, {"address"}, "hanako", 31 * 86400).status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(Collect(id)->state(), Collected::PENDING);
  ASSERT_TRUE(Answer(5, id, {"address"}, "hanako", 60).ok());
  const auto consent = Read(Collect(id)->token());
  EXPECT_EQ(consent->expire_time - consent->issue_time, absl::Seconds(60));
}

TEST_F(ConsentRequestTest, AnothersRequestIsAnsweredAsNone) {
  const std::string id = Request(1)->request_id();
  const absl::Status anothers = Answer(2, id, {"address"}, "taro").status();
  const absl::Status none = Answer(3, "no-such-id", {"address"}).status();
  EXPECT_EQ(ReasonOf(anothers), "REQUEST_UNKNOWN");
  EXPECT_EQ(anothers, none);
  EXPECT_EQ(Pending("taro").requests_size(), 0);
  EXPECT_EQ(ReasonOf(Collect(id, "akatsuki/tax").status()), "REQUEST_UNKNOWN");
  EXPECT_EQ(ReasonOf(Collect(id, kAsker, "taro").status()), "REQUEST_UNKNOWN");
}

TEST_F(ConsentRequestTest, ARequestIsAnsweredOnceAndARetryHasTheSameAnswer) {
  const std::string id = Request(1)->request_id();
  const auto first = Answer(2, id, {"address"});
  EXPECT_EQ(Answer(2, id, {"address"})->consent_id(), first->consent_id());
  EXPECT_EQ(ReasonOf(Answer(3, id, {"address"}).status()), "REQUEST_ANSWERED");
  EXPECT_EQ(store_.List("hanako")->size(), 1u);
  EXPECT_EQ(Request(1)->request_id(), id) << "nor does a retry ask twice";
  EXPECT_EQ(Pending("hanako").requests_size(), 0);
}

TEST_F(ConsentRequestTest, OfManyAnswersAtOnceOneMakesAConsent) {
  const std::string id = Request(1)->request_id();
  std::vector<std::thread> terminals;
  std::vector<std::string> reasons(6);
  for (int i = 0; i < 6; ++i) {
    terminals.emplace_back([&, i] {
      reasons[static_cast<std::size_t>(i)] =
          ReasonOf(Answer(10 + i, id, {"address"}).status());
    });
  }
  for (std::thread& terminal : terminals) terminal.join();
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), ""), 1);
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "REQUEST_ANSWERED"), 5);
  EXPECT_EQ(store_.List("hanako")->size(), 1u);
}

TEST_F(ConsentRequestTest, ARequestEndsAfterAWeek) {
  const std::string id = Request(1)->request_id();
  world_.clock.Advance(kRequestLifetime);
  EXPECT_EQ(Pending("hanako").requests_size(), 0);
  EXPECT_EQ(Collect(id)->state(), Collected::EXPIRED);
  EXPECT_EQ(ReasonOf(Answer(2, id, {"address"}).status()), "REQUEST_ANSWERED");
}

TEST_F(ConsentRequestTest, APersonIsNotFloodedByOneAsker) {
  for (int i = 0; i < kMostPending; ++i) ASSERT_TRUE(Request(i).ok());
  EXPECT_EQ(ReasonOf(Request(50).status()), "TOO_MANY_REQUESTS");
  ASSERT_TRUE(Answer(51, Pending("hanako").requests(0).request_id(), {}).ok());
  EXPECT_TRUE(Request(52).ok());
}

TEST_F(ConsentRequestTest, WhatCannotBeConsentedToIsNotAskedFor) {
  EXPECT_EQ(ReasonOf(Request(1, {}).status()), "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(ReasonOf(Request(2, {"x y"}).status()), "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(ReasonOf(Request(3, {"name"}, "").status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(ReasonOf(Request(4, {"name"}, std::string(501, 'x')).status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(Pending("hanako").requests_size(), 0);
}

TEST_F(ConsentRequestTest, WithoutAnAgreementNothingIsGrantedAndItStillWaits) {
  const std::string id = Request(1)->request_id();
  disclosures_.refusal = MakeError(absl::StatusCode::kPermissionDenied,
                                   "NO_AGREEMENT", Party::kConsumer, "no");
  EXPECT_EQ(ReasonOf(Answer(2, id, {"address"}).status()),
            "CONSENT_NOT_POSSIBLE");
  EXPECT_EQ(Collect(id)->state(), Collected::PENDING);
  // Of a protected person: she hears it, and who asked does not.
  disclosures_.refusal =
      MakeError(absl::StatusCode::kFailedPrecondition, "NO_AUTOMATIC_ANSWER",
                Party::kProvider, "no");
  EXPECT_EQ(ReasonOf(Answer(3, id, {"address"}).status()),
            "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(Collect(id)->state(), Collected::PENDING);
}

}  // namespace
}  // namespace psm::identity
