#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/policy/consent.h"

namespace psm {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1760000000);

Consent ConsentOf(const std::string& id) {
  Consent consent;
  consent.id = id;
  consent.subject = "s";
  consent.consumer = "bank/customers";
  consent.affair = "customer-address";
  consent.method = "psm.identity.v1.BasicItemsService/GetBasicItems";
  consent.attributes = {"address"};
  consent.issue_time = kNow;
  consent.expire_time = kNow + absl::Hours(1);
  return consent;
}

using Keys = std::vector<std::pair<std::string, const SigningKey*>>;

consent::v1::GetFeedResponse Feed(const Keys& keys,
                                  const std::vector<int>& withdrawals = {}) {
  consent::v1::GetFeedResponse feed;
  for (const auto& [kid, key] : keys) {
    feed.add_keys()->set_kid(kid);
    feed.mutable_keys()->rbegin()->set_public_key(
        key == nullptr ? "junk" : key->Public()->ToDer());
  }
  for (int sequence : withdrawals) {
    feed.add_withdrawals()->set_consent_id("c" + std::to_string(sequence));
    feed.mutable_withdrawals()->rbegin()->set_sequence(
        static_cast<std::uint64_t>(sequence));
  }
  return feed;
}

class ConsentStateTest : public testing::Test {
 protected:
  ConsentStateTest()
      : a_(SigningKey::Generate().value()),
        b_(SigningKey::Generate().value()) {}

  std::string Token(const SigningKey& key, const std::string& kid,
                    const std::string& id = "c1") const {
    return SignConsent(ConsentOf(id), key, kid).value();
  }
  std::string Reason(const std::string& token) {
    return ReasonOf(state_.Verify(token, kNow).status());
  }
  std::string InForce(const std::string& id, int seconds) {
    return ReasonOf(state_.CheckInForce(id, absl::Seconds(seconds)));
  }

  std::unique_ptr<SigningKey> a_;
  std::unique_ptr<SigningKey> b_;
  ConsentState state_{absl::Seconds(10)};
};

TEST_F(ConsentStateTest, NothingHoldsBeforeTheFirstAnswer) {
  const absl::Status status = state_.Verify(Token(*a_, "k"), kNow).status();
  EXPECT_EQ(ReasonOf(status), "CONSENT_STATE_STALE");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(InForce("c1", 0), "CONSENT_STATE_STALE");
  EXPECT_EQ(ReasonOf(ConsentState(absl::InfiniteDuration())
                         .CheckInForce("c1", absl::ZeroDuration())),
            "CONSENT_STATE_STALE");
}

TEST_F(ConsentStateTest, AKeyThatIsRemovedTakesItsTokensWithIt) {
  state_.Update(Feed({{"ka", a_.get()}, {"kb", b_.get()}}), absl::Seconds(1));
  const std::string by_a = Token(*a_, "ka");
  const std::string by_b = Token(*b_, "kb");
  for (int round = 0; round < 2; ++round) {  // the second from the cache
    EXPECT_EQ(Reason(by_a), "");
    EXPECT_EQ(Reason(by_b), "");
  }
  state_.Update(Feed({{"kb", b_.get()}}), absl::Seconds(2));
  EXPECT_EQ(Reason(by_a), "CONSENT_INVALID");
  EXPECT_EQ(Reason(by_b), "");
  state_.Update(Feed({}), absl::Seconds(3));
  EXPECT_EQ(Reason(by_b), "CONSENT_INVALID");
}

TEST_F(ConsentStateTest, AKeyThatIsReplacedUnderItsNameTakesItsTokensWithIt) {
  state_.Update(Feed({{"k", a_.get()}}), absl::Seconds(1));
  const std::string by_a = Token(*a_, "k");
  EXPECT_EQ(Reason(by_a), "");
  state_.Update(Feed({{"k", b_.get()}}), absl::Seconds(2));
  EXPECT_EQ(Reason(by_a), "CONSENT_INVALID");
  EXPECT_EQ(Reason(Token(*b_, "k")), "");
}

TEST_F(ConsentStateTest, ATokenIsVerifiedByTheKeyThatItNamesAlone) {
  state_.Update(Feed({{"ka", a_.get()}, {"kb", b_.get()}}), absl::Seconds(1));
  EXPECT_EQ(Reason(Token(*a_, "kb")), "CONSENT_INVALID");
  EXPECT_EQ(Reason(Token(*a_, "ka")), "");
}

TEST_F(ConsentStateTest, ALateAnswerBringsNoOldKeysBack) {
  state_.Update(Feed({{"kb", b_.get()}}), absl::Seconds(5));
  state_.Update(Feed({{"ka", a_.get()}}), absl::Seconds(4));
  EXPECT_EQ(Reason(Token(*a_, "ka")), "CONSENT_INVALID");
  EXPECT_EQ(Reason(Token(*b_, "kb")), "");
  // Nor does it make knowledge older; but what it says was withdrawn is.
  state_.Update(Feed({{"ka", a_.get()}}, {1}), absl::Seconds(3));
  EXPECT_EQ(InForce("c2", 15), "");
  EXPECT_EQ(InForce("c1", 15), "CONSENT_WITHDRAWN");
}

TEST_F(ConsentStateTest, AKeyThatIsNoneIsPassedOver) {
  state_.Update(Feed({{"junk", nullptr}, {"k", a_.get()}, {"k", b_.get()}}),
                absl::Seconds(1));
  EXPECT_EQ(Reason(Token(*a_, "k")), "");
  EXPECT_EQ(Reason(Token(*b_, "k")), "CONSENT_INVALID");
  EXPECT_EQ(Reason(Token(*a_, "junk")), "CONSENT_INVALID");
}

TEST_F(ConsentStateTest, AWithdrawalBindsEveryLaterExchange) {
  state_.Update(Feed({{"k", a_.get()}}), absl::Seconds(1));
  const std::string token = Token(*a_, "k", "c1");
  EXPECT_EQ(Reason(token), "");
  EXPECT_EQ(InForce("c1", 1), "");
  state_.Update(Feed({{"k", a_.get()}}, {1}), absl::Seconds(2));
  EXPECT_EQ(Reason(token), "") << "the token is authentic still";
  const absl::Status status = state_.CheckInForce("c1", absl::Seconds(2));
  EXPECT_EQ(ReasonOf(status), "CONSENT_WITHDRAWN");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(InForce("c2", 2), "");
  // For good: neither an answer without it nor old age revives it.
  state_.Update(Feed({{"k", a_.get()}}), absl::Seconds(3));
  EXPECT_EQ(InForce("c1", 3), "CONSENT_WITHDRAWN");
  EXPECT_EQ(InForce("c1", 1000), "CONSENT_WITHDRAWN");
}

TEST_F(ConsentStateTest, KnowledgeAgesFromTheMomentOfTheQuestion) {
  state_.Update(Feed({}), absl::Seconds(100));
  EXPECT_EQ(InForce("c", 100), "");
  EXPECT_EQ(InForce("c", 110), "");
  const absl::Status status = state_.CheckInForce("c", absl::Seconds(111));
  EXPECT_EQ(ReasonOf(status), "CONSENT_STATE_STALE");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(DetailOf(status)->party, Party::kGateway);
  state_.Update(Feed({}), absl::Seconds(105));
  EXPECT_EQ(InForce("c", 111), "");
}

TEST_F(ConsentStateTest, AsksAfterTheLastSequenceWithoutAGap) {
  EXPECT_EQ(state_.sequence(), 0u);
  state_.Update(Feed({}, {1, 2, 3}), absl::Seconds(1));
  EXPECT_EQ(state_.sequence(), 3u);
  state_.Update(Feed({}, {2, 3, 4}), absl::Seconds(2));  // an overlap is well
  EXPECT_EQ(state_.sequence(), 4u);
}

TEST_F(ConsentStateTest, AMissingWithdrawalKeepsKnowledgeFromBecomingFresh) {
  state_.Update(Feed({}, {1}), absl::Seconds(1));
  state_.Update(Feed({}, {3}), absl::Seconds(10));
  EXPECT_EQ(state_.sequence(), 1u) << "so that 2 is asked for again";
  EXPECT_EQ(InForce("c3", 10), "CONSENT_WITHDRAWN");
  EXPECT_EQ(InForce("c9", 11), "");
  EXPECT_EQ(InForce("c9", 12), "CONSENT_STATE_STALE");
  state_.Update(Feed({}, {2, 3}), absl::Seconds(12));
  EXPECT_EQ(state_.sequence(), 3u);
  EXPECT_EQ(InForce("c9", 12), "");
  EXPECT_EQ(InForce("c2", 12), "CONSENT_WITHDRAWN");
}

TEST_F(ConsentStateTest, APartOfTheFeedDoesNotMakeKnowledgeFresh) {
  consent::v1::GetFeedResponse part = Feed({}, {1});
  part.set_more(true);
  state_.Update(part, absl::Seconds(1));
  EXPECT_EQ(state_.sequence(), 1u);
  EXPECT_EQ(InForce("c1", 1), "CONSENT_WITHDRAWN");
  EXPECT_EQ(InForce("c9", 1), "CONSENT_STATE_STALE");
  state_.Update(Feed({}, {2}), absl::Seconds(1));
  EXPECT_EQ(InForce("c9", 1), "");
}

TEST_F(ConsentStateTest, TheSameTokenIsVerifiedOnce) {
  state_.Update(Feed({{"k", a_.get()}}), absl::Seconds(1));
  const std::string token = Token(*a_, "k");
  const auto first = state_.Verify(token, kNow);
  ASSERT_TRUE(first.ok());
  // The same object comes back, also after the feed has repeated its keys.
  EXPECT_EQ(state_.Verify(token, kNow)->get(), first->get());
  state_.Update(Feed({{"k", a_.get()}, {"kb", b_.get()}}), absl::Seconds(2));
  EXPECT_EQ(state_.Verify(token, kNow)->get(), first->get());
}

TEST_F(ConsentStateTest, TheCacheIsBoundedAndKeepsWhatIsInUse) {
  constexpr std::size_t kSize = 8;
  ConsentState state(absl::Seconds(10), kSize);
  state.Update(Feed({{"k", a_.get()}}), absl::Seconds(1));
  const std::string used = Token(*a_, "k", "used");
  const std::string idle = Token(*a_, "k", "idle");
  const auto used_first = state.Verify(used, kNow);
  ASSERT_TRUE(used_first.ok());
  const std::weak_ptr<const Consent> idle_first = *state.Verify(idle, kNow);
  std::vector<std::weak_ptr<const Consent>> others;
  for (std::size_t i = 0; i < 10 * kSize; ++i) {
    others.push_back(
        *state.Verify(Token(*a_, "k", "c" + std::to_string(i)), kNow));
    if (i % (kSize / 2) == 0) {
      EXPECT_EQ(state.Verify(used, kNow)->get(), used_first->get());
    }
  }
  std::size_t held = 0;
  for (const auto& other : others) held += !other.expired();
  EXPECT_LE(held, 2 * kSize);
  EXPECT_GE(held, kSize / 2);
  EXPECT_TRUE(idle_first.expired()) << "the cache still holds it";
  EXPECT_TRUE(state.Verify(idle, kNow).ok()) << "it is only verified anew";
}

TEST_F(ConsentStateTest, KeysMayChangeWhileTokensAreVerified) {
  const std::string by_a = Token(*a_, "k");
  const consent::v1::GetFeedResponse feed_a = Feed({{"k", a_.get()}});
  const consent::v1::GetFeedResponse feed_b = Feed({{"k", b_.get()}});
  std::atomic<bool> done = false;
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i)
    workers.emplace_back([&] {
      while (!done) {
        const std::string reason = Reason(by_a);
        EXPECT_TRUE(reason.empty() || reason == "CONSENT_INVALID" ||
                    reason == "CONSENT_STATE_STALE")
            << reason;
        InForce("c1", 0);
      }
    });
  for (int i = 1; i <= 200; ++i) {
    state_.Update(i % 2 == 1 ? feed_a : feed_b, absl::Seconds(i));
    // Whatever the workers have put into the cache meanwhile.
    EXPECT_EQ(Reason(by_a), i % 2 == 1 ? "" : "CONSENT_INVALID");
  }
  done = true;
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace psm
