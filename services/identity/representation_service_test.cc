#include "services/identity/representation_service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/policy/consent.h"
#include "services/identity/card/card_items.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

constexpr char kPortal[] = "portal/terminal";

// What the mesh calls persons at an audience, and what it was asked.
class CodesOfAnAudience : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext& call,
                                       const Disclosure& disclosure) override {
    if (!failure.ok()) return failure;
    asked.push_back(disclosure);
    exchange_ids.push_back(call.exchange_id);
    return absl::StrCat(absl::StrReplaceAll(disclosure.audience, {{"/", "-"}}),
                        ".", disclosure.subject);
  }
  absl::Status failure;
  std::vector<Disclosure> asked;
  std::vector<std::string> exchange_ids;
};

class RepresentationTest : public testing::Test {
 protected:
  RepresentationTest() {
    // Hanako and Taro are adults; Jiro is ten and turns 18 in 2033.
    EXPECT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      sql << "UPDATE card_holders SET birth_date = "
                             "'2015-04-02' WHERE subject = 'jiro'";
                      return absl::OkStatus();
                    })
                    .ok());
  }
  std::string NextExchange() {
    return absl::StrCat("00000000-0000-4000-8000-0000000002", ++exchange_);
  }
  // The id, or the reason why there is none.
  std::string Register(const std::string& subject, const std::string& card,
                       v1::Capacity capacity = v1::CAPACITY_PARENT,
                       absl::Time expire = absl::InfiniteFuture()) {
    FakeCall call("akatsuki/residents", "representation-register", {},
                  NextExchange());
    v1::RegisterRepresentationRequest request;
    request.set_subject(subject);
    request.set_representative_card_serial(card);
    request.set_capacity(capacity);
    if (expire != absl::InfiniteFuture())
      request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expire));
    v1::RegisterRepresentationResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.RegisterRepresentation(call.context(), &request, &response));
    expire_ = absl::FromUnixSeconds(response.expire_time().seconds());
    return status.ok() ? response.representation_id() : ReasonOf(status);
  }
  // The person for whom, or the reason why for nobody.
  std::string ActFor(const std::string& representative, const std::string& id,
                     const std::string& consumer = kPortal,
                     std::string exchange_id = "") {
    if (exchange_id.empty()) exchange_id = NextExchange();
    FakeCall call(consumer, "own-request", {}, exchange_id);
    v1::ActForRequest request;
    request.set_subject(representative);
    request.set_representation_id(id);
    v1::ActForResponse response;
    const absl::Status status =
        agency::FromGrpc(service_.ActFor(call.context(), &request, &response));
    token_ = response.token();
    return status.ok() ? response.subject() : ReasonOf(status);
  }
  int Listed(const std::string& representative) {
    FakeCall call(kPortal, "own-request", {"representations"});
    v1::ListRepresentationsRequest request;
    request.set_subject(representative);
    v1::ListRepresentationsResponse response;
    EXPECT_TRUE(
        service_.ListRepresentations(call.context(), &request, &response).ok());
    return response.representations_size();
  }
  std::string End(const std::string& subject, const std::string& id) {
    FakeCall call("akatsuki/residents", "representation-register", {},
                  NextExchange());
    v1::EndRepresentationRequest request;
    request.set_subject(subject);
    request.set_representation_id(id);
    v1::EndRepresentationResponse response;
    return ReasonOf(agency::FromGrpc(
        service_.EndRepresentation(call.context(), &request, &response)));
  }
  // What the gateway reads in the last token, by what it hears of identity.
  absl::StatusOr<Representation> Verified() {
    consent::v1::GetFeedResponse feed;
    feed.add_keys()->set_kid(key_->kid());
    feed.mutable_keys(0)->set_public_key(key_->public_der());
    const auto withdrawals = consents_.WithdrawalsAfter(0, 100);
    EXPECT_TRUE(withdrawals.ok()) << withdrawals.status();
    for (const StoredWithdrawal& stored : *withdrawals) {
      consent::v1::Withdrawal& withdrawal = *feed.add_withdrawals();
      withdrawal.set_consent_id(stored.consent_id);
      withdrawal.set_sequence(stored.sequence);
    }
    gateway_.Update(feed, world_.clock.Monotonic());
    PSM_ASSIGN_OR_RETURN(
        std::shared_ptr<const Representation> read,
        gateway_.VerifyRepresentation(token_, world_.clock.Now()));
    PSM_RETURN_IF_ERROR(gateway_.CheckInForce(*read, world_.clock.Now(),
                                              world_.clock.Monotonic()));
    return *read;
  }
  std::string WhyNot() { return ReasonOf(Verified().status()); }

  TestWorld world_;
  Representations representations_{world_.database.get(), &world_.clock};
  ConsentStore consents_{world_.database.get()};
  std::unique_ptr<ConsentKey> key_ =
      *ConsentKey::OpenOrCreate(world_.folder.File("key.pem"));
  CodesOfAnAudience mesh_;
  ConsentState gateway_{absl::Hours(1)};
  RepresentationService service_{{world_.database.get(), world_.holders.get(),
                                  &representations_, &consents_, key_.get(),
                                  &mesh_, nullptr, &world_.clock,
                                  &SystemRandom()}};
  int exchange_ = 9;
  std::string token_;
  absl::Time expire_;
};

TEST_F(RepresentationTest, TheTokenNamesBothByTheCallersCodes) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(Listed("hanako"), 1);
  EXPECT_EQ(ActFor("hanako", id), "jiro");
  const auto said = Verified();
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(said->id, id);
  EXPECT_EQ(said->subject, "portal-terminal.jiro");
  EXPECT_EQ(said->representative, "portal-terminal.hanako");
  EXPECT_EQ(said->consumer, kPortal);
  EXPECT_EQ(said->capacity, Representative::kParent);
  EXPECT_EQ(said->expire_time - said->issue_time, absl::Minutes(15));
  // The mesh has recorded it for both, under ids of their own.
  ASSERT_EQ(mesh_.asked.size(), 2u);
  EXPECT_EQ(mesh_.asked[0].audience, kPortal);
  EXPECT_EQ(mesh_.asked[0].method,
            "psm.identity.v1.RepresentationService/ActFor");
  EXPECT_EQ(mesh_.asked[0].affair, "own-request");
  EXPECT_TRUE(IsUuid(mesh_.exchange_ids[0]));
  EXPECT_NE(mesh_.exchange_ids[0], mesh_.exchange_ids[1]);
}

TEST_F(RepresentationTest, ARetryGetsTheSameTokenAndDisclosesNothingMore) {
  const std::string id = Register("jiro", "CARD-hanako");
  const std::string exchange = NextExchange();
  ASSERT_EQ(ActFor("hanako", id, kPortal, exchange), "jiro");
  const std::string first = token_;
  ASSERT_EQ(ActFor("hanako", id, kPortal, exchange), "jiro");
  EXPECT_EQ(token_, first);
  EXPECT_EQ(mesh_.asked.size(), 2u);
}

TEST_F(RepresentationTest, WithoutTheMeshsRecordThereIsNoToken) {
  const std::string id = Register("jiro", "CARD-hanako");
  mesh_.failure = agency::Refusal(absl::StatusCode::kUnavailable,
                                  "RECORD_NOT_DURABLE", "the log is full");
  EXPECT_EQ(ActFor("hanako", id), "RECORD_NOT_DURABLE");
  EXPECT_EQ(token_, "");
}

TEST_F(RepresentationTest, ActingEndsByItselfAndWithTheRepresentation) {
  const std::string id = Register("jiro", "CARD-hanako");
  ASSERT_EQ(ActFor("hanako", id), "jiro");
  world_.clock.Advance(absl::Minutes(15));
  EXPECT_EQ(WhyNot(), "REPRESENTATION_EXPIRED");
  ASSERT_EQ(ActFor("hanako", id), "jiro");
  EXPECT_EQ(WhyNot(), "");
  EXPECT_EQ(End("taro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(WhyNot(), "");
  EXPECT_EQ(End("jiro", id), "");
  EXPECT_EQ(End("jiro", id), "") << "twice";
  EXPECT_EQ(WhyNot(), "REPRESENTATION_ENDED");
  EXPECT_EQ(ActFor("hanako", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(token_, "");
  EXPECT_EQ(Listed("hanako"), 0);
}

TEST_F(RepresentationTest, ADeathEndsAllThatThePersonHad) {
  const std::string as_parent = Register("jiro", "CARD-hanako");
  Register("taro", "CARD-hanako", v1::CAPACITY_GUARDIAN);
  ASSERT_EQ(ActFor("hanako", as_parent), "jiro");
  ASSERT_TRUE(world_.database
                  ->Write([&](soci::session& sql) {
                    Representations::EndAllOf(sql, "hanako",
                                              world_.clock.Now());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(WhyNot(), "REPRESENTATION_ENDED");
  EXPECT_EQ(*consents_.LastSequence(), 2u);
  EXPECT_EQ(Listed("hanako"), 0);
}

// Whatever is asked in the last seconds of a representation, its token ends
// with it.
TEST_F(RepresentationTest, WhatStandsIsNotRegisteredBesideItself) {
  const std::string id = Register("jiro", "CARD-hanako");
  const absl::Time coming_of_age = expire_;
  EXPECT_EQ(Register("jiro", "CARD-hanako"), id);
  EXPECT_EQ(Register("jiro", "CARD-hanako", v1::CAPACITY_PARENT, expire_), id);
  EXPECT_EQ(Register("jiro", "CARD-hanako", v1::CAPACITY_PARENT,
                     coming_of_age - absl::Hours(24)),
            "REPRESENTATION_STANDS");
  EXPECT_EQ(Listed("hanako"), 1);
  // Another parent and another kind are others.
  EXPECT_NE(Register("jiro", "CARD-taro"), id);
  const std::string guardian =
      Register("jiro", "CARD-hanako", v1::CAPACITY_GUARDIAN);
  const absl::Time five_years = expire_;
  world_.clock.Advance(absl::Hours(1));
  EXPECT_EQ(Register("jiro", "CARD-hanako", v1::CAPACITY_GUARDIAN), guardian);
  EXPECT_EQ(expire_, five_years) << "it is not prolonged by that";
  EXPECT_EQ(Listed("hanako"), 2);

  EXPECT_EQ(End("jiro", guardian), "");
  EXPECT_EQ(End("jiro", id), "");
  EXPECT_EQ(Listed("hanako"), 0) << "there was no second one";
  EXPECT_EQ(ActFor("hanako", id), "REPRESENTATION_UNKNOWN");
  EXPECT_NE(Register("jiro", "CARD-hanako"), id);
  EXPECT_EQ(Listed("hanako"), 1);
}

TEST_F(RepresentationTest, NoTokenOutlivesItsRepresentation) {
  const std::string id = Register("jiro", "CARD-hanako", v1::CAPACITY_PARENT,
                                  world_.clock.Now() + absl::Minutes(4));
  const absl::Time end = expire_;
  ASSERT_EQ(ActFor("hanako", id), "jiro");
  const auto said = Verified();
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_LE(said->expire_time, end);
}

TEST_F(RepresentationTest, NobodyUsesAnothersRepresentation) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(ActFor("taro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(ActFor("jiro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(ActFor("hanako", "no-such-id"), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Listed("taro"), 0);
}

TEST_F(RepresentationTest, AParentsEndsWhenTheChildComesOfAge) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(expire_, absl::FromCivil(absl::CivilDay(2033, 4, 2), JapanTime()));
  world_.clock.Advance(expire_ - world_.clock.Now());
  EXPECT_EQ(ActFor("hanako", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Register("jiro", "CARD-hanako"), "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_TRUE(IsUuid(Register("jiro", "CARD-hanako", v1::CAPACITY_GUARDIAN)));
}

TEST_F(RepresentationTest, WhoMayNotRepresentIsRefused) {
  EXPECT_EQ(Register("taro", "CARD-hanako"), "REPRESENTATION_NOT_POSSIBLE")
      << "an adult has no parent to act for him";
  EXPECT_EQ(Register("taro", "CARD-jiro", v1::CAPACITY_GUARDIAN),
            "REPRESENTATION_NOT_POSSIBLE")
      << "a child is no guardian";
  EXPECT_EQ(Register("taro", "CARD-taro", v1::CAPACITY_GUARDIAN),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Register("taro", "CARD-hanako", v1::CAPACITY_UNSPECIFIED),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Register("jiro", "CARD-nobody"), "PERSON_UNKNOWN");
  EXPECT_EQ(Register("nobody", "CARD-hanako"), "PERSON_UNKNOWN");
  EXPECT_EQ(Register("jiro", "CARD-hanako", v1::CAPACITY_PARENT,
                     world_.clock.Now() - absl::Hours(1)),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Listed("hanako"), 0);
}

}  // namespace
}  // namespace psm::identity
