#include "services/identity/consent_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/policy/consent.h"
#include "services/identity/consent_feed_service.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

constexpr char kMethod[] = "psm.identity.v1.BasicItemsService/GetBasicItems";
constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kExchange[] = "00000000-0000-4000-8000-00000000000a";
constexpr char kOther[] = "00000000-0000-4000-8000-00000000000b";

class FakeDisclosures : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext& call,
                                       const Disclosure& disclosure) override {
    asked.push_back(disclosure);
    exchanges.push_back(call.exchange_id);
    if (!refusal.ok()) return refusal;
    return "sub-of-" + disclosure.subject;
  }
  absl::Status refusal;
  std::vector<Disclosure> asked;
  std::vector<std::string> exchanges;
};

v1::GrantConsentRequest Request(const std::string& subject = "hanako") {
  v1::GrantConsentRequest request;
  request.set_subject(subject);
  request.set_consumer(kBank);
  request.set_affair("customer-address");
  request.set_method(kMethod);
  request.add_attributes("kana");
  request.add_attributes("address");
  request.add_attributes("kana");
  return request;
}

class ConsentServiceTest : public testing::Test {
 protected:
  ConsentServiceTest()
      : key_(*ConsentKey::OpenOrCreate(world_.folder.File("key.pem"))),
        issuer_({world_.holders.get(), key_.get(), &disclosures_, &world_.clock,
                 &SystemRandom()}),
        service_(ConsentService::Parts{world_.database.get(), &store_, &issuer_,
                                       &world_.clock}) {}

  absl::StatusOr<v1::GrantConsentResponse> Grant(
      const v1::GrantConsentRequest& request,
      const std::string& exchange = kExchange,
      const std::vector<std::string>& attributes = {"token"},
      const std::string& consumer = "portal/terminal") {
    FakeCall call(consumer, "own-request", attributes, exchange);
    v1::GrantConsentResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.GrantConsent(call.context(), &request, &response));
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<v1::WithdrawConsentResponse> Withdraw(
      const std::string& subject, const std::string& id) {
    FakeCall call("portal/terminal", "own-request", {});
    v1::WithdrawConsentRequest request;
    request.set_subject(subject);
    request.set_consent_id(id);
    v1::WithdrawConsentResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.WithdrawConsent(call.context(), &request, &response));
    if (!status.ok()) return status;
    return response;
  }
  v1::ListConsentsResponse List(const std::string& subject,
                                const std::vector<std::string>& attributes = {
                                    "consents"}) {
    FakeCall call("portal/terminal", "own-request", attributes);
    v1::ListConsentsRequest request;
    request.set_subject(subject);
    v1::ListConsentsResponse response;
    EXPECT_TRUE(
        service_.ListConsents(call.context(), &request, &response).ok());
    return response;
  }
  // What the gateway knows after it asked the feed once more.
  void FollowFeed() {
    grpc::ServerContext context;
    consent::v1::GetFeedRequest request;
    request.set_after_sequence(gateway_.sequence());
    consent::v1::GetFeedResponse feed;
    ASSERT_TRUE(feed_.GetFeed(&context, &request, &feed).ok());
    gateway_.Update(feed, world_.clock.Monotonic());
  }

  TestWorld world_;
  std::unique_ptr<ConsentKey> key_;
  ConsentStore store_{world_.database.get()};
  FakeDisclosures disclosures_;
  ConsentIssuer issuer_;
  ConsentService service_;
  FeedProgress progress_;
  ConsentFeedService feed_{&store_, key_.get(), &progress_};
  ConsentState gateway_{absl::Seconds(1)};
};

TEST_F(ConsentServiceTest, TheFeedsProgressIsWhatTheGatewayAskedBeyond) {
  EXPECT_TRUE(progress_.AwaitTaken(0, absl::ZeroDuration()));
  EXPECT_FALSE(progress_.AwaitTaken(1, absl::ZeroDuration()));
  progress_.Asked(2);
  progress_.Asked(1);  // a gateway that starts anew
  EXPECT_TRUE(progress_.AwaitTaken(2, absl::ZeroDuration()));
}

TEST_F(ConsentServiceTest, TheGatewayBelievesATokenAndFindsInItWhatWasSaid) {
  const auto granted = Grant(Request());
  ASSERT_TRUE(granted.ok()) << granted.status();
  FollowFeed();
  const auto consent = gateway_.Verify(granted->token(), world_.clock.Now());
  ASSERT_TRUE(consent.ok()) << consent.status();
  EXPECT_EQ((*consent)->id, granted->consent_id());
  EXPECT_EQ((*consent)->subject, "sub-of-hanako");
  EXPECT_EQ((*consent)->consumer, kBank);
  EXPECT_EQ((*consent)->affair, "customer-address");
  EXPECT_EQ((*consent)->method, kMethod);
  EXPECT_EQ((*consent)->attributes,
            (std::vector<std::string>{"address", "kana"}));
  EXPECT_EQ(absl::ToUnixSeconds((*consent)->expire_time),
            granted->expire_time().seconds());
  EXPECT_EQ((*consent)->expire_time - (*consent)->issue_time, kDefaultConsent);
  EXPECT_TRUE(
      gateway_.CheckInForce(granted->consent_id(), world_.clock.Monotonic())
          .ok());
}

TEST_F(ConsentServiceTest, TheMeshRecordsTheDisclosureFirst) {
  ASSERT_TRUE(Grant(Request()).ok());
  ASSERT_EQ(disclosures_.asked.size(), 1u);
  EXPECT_EQ(disclosures_.asked[0].audience, kBank);
  EXPECT_EQ(disclosures_.asked[0].affair, "customer-address");
  EXPECT_EQ(disclosures_.asked[0].subject, "hanako");
  EXPECT_EQ(disclosures_.asked[0].method, kMethod);
  EXPECT_EQ(disclosures_.asked[0].attributes,
            (std::vector<std::string>{"address", "kana"}));
  EXPECT_EQ(disclosures_.exchanges[0], kExchange);
}

TEST_F(ConsentServiceTest, NoDisclosureNoConsent) {
  struct Row {
    absl::StatusCode code;
    const char* reason;
    absl::StatusCode expected_code;
    const char* expected_reason;
  };
  using Code = absl::StatusCode;
  for (const Row& row : {Row{Code::kPermissionDenied, "NO_AGREEMENT",
                             Code::kFailedPrecondition, "CONSENT_NOT_POSSIBLE"},
                         Row{Code::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE",
                             Code::kFailedPrecondition, "CONSENT_NOT_POSSIBLE"},
                         Row{Code::kInvalidArgument, "ATTRIBUTE_UNKNOWN",
                             Code::kFailedPrecondition, "CONSENT_NOT_POSSIBLE"},
                         Row{Code::kFailedPrecondition, "CONSENT_TOO_LONG",
                             Code::kFailedPrecondition, "CONSENT_NOT_POSSIBLE"},
                         Row{Code::kFailedPrecondition, "NO_AUTOMATIC_ANSWER",
                             Code::kFailedPrecondition, "NO_AUTOMATIC_ANSWER"},
                         Row{Code::kUnavailable, "RECORD_NOT_DURABLE",
                             Code::kUnavailable, "DISCLOSURE_UNAVAILABLE"},
                         Row{Code::kInvalidArgument, "SUBJECT_CODE_INVALID",
                             Code::kInternal, "DISCLOSURE_FAILED"},
                         Row{Code::kPermissionDenied, "NOT_A_DISCLOSING_AGENCY",
                             Code::kInternal, "DISCLOSURE_FAILED"}}) {
    disclosures_.refusal =
        MakeError(row.code, row.reason, Party::kGateway, "text");
    const absl::Status status = Grant(Request()).status();
    EXPECT_EQ(status.code(), row.expected_code) << row.reason;
    EXPECT_EQ(ReasonOf(status), row.expected_reason) << row.reason;
  }
  EXPECT_EQ(List("hanako").consents_size(), 0);
  // An error is not kept: the retry that may succeed does.
  disclosures_.refusal = absl::OkStatus();
  EXPECT_TRUE(Grant(Request()).ok());
}

TEST_F(ConsentServiceTest, ARetryGetsTheSameTokenAndAsksNobody) {
  const auto first = Grant(Request());
  world_.clock.Advance(absl::Minutes(5));
  const auto again = Grant(Request());
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(disclosures_.asked.size(), 1u);
  EXPECT_EQ(List("hanako").consents_size(), 1);
}

TEST_F(ConsentServiceTest, AnExchangeIdGivesNobodyElsesToken) {
  const auto hanako = Grant(Request("hanako"));
  const auto taro = Grant(Request("taro"));
  EXPECT_NE(hanako->token(), taro->token());
  const auto elsewhere =
      Grant(Request("hanako"), kExchange, {"token"}, "akatsuki/tax");
  EXPECT_NE(hanako->token(), elsewhere->token());
  EXPECT_EQ(List("hanako").consents_size(), 2);
  EXPECT_EQ(List("taro").consents_size(), 1);
}

TEST_F(ConsentServiceTest, ATokenThatIsNotGrantedStaysHereEvenInARetry) {
  EXPECT_FALSE(Grant(Request())->token().empty());
  EXPECT_TRUE(Grant(Request(), kExchange, {})->token().empty());
  EXPECT_TRUE(Grant(Request(), kOther, {"consents"})->token().empty());
}

TEST_F(ConsentServiceTest, OnlyCardHoldersConsent) {
  for (const char* subject : {"", "nobody"}) {
    const absl::Status status = Grant(Request(subject)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(status), "PERSON_UNKNOWN");
  }
  EXPECT_TRUE(disclosures_.asked.empty());
}

TEST_F(ConsentServiceTest, MalformedRequestsReachNobody) {
  std::vector<v1::GrantConsentRequest> requests;
  const auto changed = [&requests]() -> v1::GrantConsentRequest& {
    requests.push_back(Request());
    return requests.back();
  };
  for (const char* consumer :
       {"", "bank", "a/b/c", "A/b", "a/b\n", "/b", "a/", "a b/c"})
    changed().set_consumer(consumer);
  for (const char* affair : {"", "X", "a\r\nb", "a b", "-a"})
    changed().set_affair(affair);
  changed().set_affair(std::string(64, 'a'));
  for (const char* method : {"", "psm.identity.v1.HistoryService", "a/b\n",
                             "a/b/c", "/ListHistory", "ListHistory/"})
    changed().set_method(method);
  changed().clear_attributes();
  changed().add_attributes("");
  changed().add_attributes("a,b");
  changed().add_attributes("Address");
  for (int i = 0; i < 33; ++i)
    requests.back().add_attributes("a" + std::to_string(i));
  for (const long long seconds :
       {0LL, -1LL, 365LL * 86400 + 1, 9223372036854775807LL})
    changed().mutable_duration()->set_seconds(seconds);
  changed().mutable_duration()->set_nanos(1);
  for (const v1::GrantConsentRequest& request : requests) {
    EXPECT_EQ(ReasonOf(Grant(request).status()), "CONSENT_NOT_POSSIBLE")
        << request.ShortDebugString();
  }
  EXPECT_TRUE(disclosures_.asked.empty());
}

TEST_F(ConsentServiceTest, TheDurationIsThePersonsChoice) {
  v1::GrantConsentRequest request = Request();
  request.mutable_duration()->set_seconds(365 * 86400);
  const auto granted = Grant(request);
  ASSERT_TRUE(granted.ok()) << granted.status();
  EXPECT_EQ(granted->expire_time().seconds(),
            absl::ToUnixSeconds(world_.clock.Now()) + 365 * 86400);
}

TEST_F(ConsentServiceTest, AWithdrawalReachesTheGateway) {
  const auto granted = Grant(Request());
  const auto kept = Grant(Request(), kOther);
  FollowFeed();
  const auto withdrawn = Withdraw("hanako", granted->consent_id());
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  FollowFeed();
  EXPECT_EQ(ReasonOf(gateway_.CheckInForce(granted->consent_id(),
                                           world_.clock.Monotonic())),
            "CONSENT_WITHDRAWN");
  EXPECT_TRUE(
      gateway_.CheckInForce(kept->consent_id(), world_.clock.Monotonic()).ok());
  world_.clock.Advance(absl::Minutes(1));
  EXPECT_EQ(Withdraw("hanako", granted->consent_id())->SerializeAsString(),
            withdrawn->SerializeAsString());
  EXPECT_EQ(ReasonOf(Withdraw("taro", kept->consent_id()).status()),
            "CONSENT_UNKNOWN");
}

TEST_F(ConsentServiceTest, APersonSeesTheirConsentsAndNeverATokenInThem) {
  const auto granted = Grant(Request());
  world_.clock.Advance(absl::Seconds(1));
  ASSERT_TRUE(Grant(Request(), kOther).ok());
  ASSERT_TRUE(Withdraw("hanako", granted->consent_id()).ok());
  const auto list = List("hanako");
  ASSERT_EQ(list.consents_size(), 2);
  const v1::Consent& older = list.consents(1);
  EXPECT_EQ(older.consent_id(), granted->consent_id());
  EXPECT_EQ(older.consumer(), kBank);
  EXPECT_EQ(older.affair(), "customer-address");
  EXPECT_EQ(older.method(), kMethod);
  EXPECT_EQ(older.attributes_size(), 2);
  EXPECT_EQ(older.grant_time().seconds(), 1760000000);
  EXPECT_EQ(older.expire_time().seconds(), granted->expire_time().seconds());
  EXPECT_EQ(older.withdraw_time().seconds(), 1760000001);
  EXPECT_FALSE(list.consents(0).has_withdraw_time());
  EXPECT_EQ(list.SerializeAsString().find(granted->token()), std::string::npos);
  EXPECT_EQ(List("hanako", {}).consents_size(), 0);
  EXPECT_EQ(List("taro").consents_size(), 0);
}

}  // namespace
}  // namespace psm::identity
