#include "services/identity/consent_store.h"

#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

class ConsentStoreTest : public testing::Test {
 protected:
  void Insert(const std::string& id, const std::string& subject) {
    StoredConsent consent;
    consent.id = id;
    consent.subject = subject;
    consent.consumer = "hoshizora-bank/customers";
    consent.affair = "customer-address";
    consent.method = "psm.identity.v1.BasicItemsService/GetBasicItems";
    consent.attributes = {"address", "kana"};
    consent.grant_time = world_.clock.Now();
    consent.expire_time = world_.clock.Now() + absl::Hours(1);
    ASSERT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      ConsentStore::Insert(sql, consent);
                      return absl::OkStatus();
                    })
                    .ok());
    world_.clock.Advance(absl::Seconds(1));
  }

  TestWorld world_;
  ConsentStore store_{world_.database.get()};
};

TEST_F(ConsentStoreTest, ListsThePersonsOwnNewestFirst) {
  Insert("c1", "hanako");
  Insert("c2", "taro");
  Insert("c3", "hanako");
  const auto list = *store_.List("hanako");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].id, "c3");
  EXPECT_EQ(list[1].id, "c1");
  EXPECT_EQ(list[1].subject, "hanako");
  EXPECT_EQ(list[1].consumer, "hoshizora-bank/customers");
  EXPECT_EQ(list[1].affair, "customer-address");
  EXPECT_EQ(list[1].attributes, (std::vector<std::string>{"address", "kana"}));
  EXPECT_EQ(list[1].expire_time - list[1].grant_time, absl::Hours(1));
  EXPECT_FALSE(list[1].withdraw_time.has_value());
  EXPECT_TRUE(store_.List("nobody")->empty());
}

TEST_F(ConsentStoreTest, WithdrawingTwiceIsWithdrawingOnce) {
  Insert("c1", "hanako");
  const absl::Time first = world_.clock.Now();
  EXPECT_EQ(*store_.Withdraw("hanako", "c1", first), first);
  EXPECT_EQ(*store_.Withdraw("hanako", "c1", first + absl::Hours(1)), first);
  EXPECT_EQ(*store_.List("hanako")->front().withdraw_time, first);
  EXPECT_EQ(store_.WithdrawalsAfter(0)->size(), 1u);
}

TEST_F(ConsentStoreTest, NobodyWithdrawsAnotherPersonsConsent) {
  Insert("c1", "hanako");
  for (const auto& [subject, id] :
       std::vector<std::pair<std::string, std::string>>{
           {"taro", "c1"}, {"hanako", "c2"}, {"", "c1"}, {"hanako", ""}}) {
    const absl::Status status =
        store_.Withdraw(subject, id, world_.clock.Now()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(status), "CONSENT_UNKNOWN");
  }
  EXPECT_TRUE(store_.WithdrawalsAfter(0)->empty());
}

TEST_F(ConsentStoreTest, TheFeedGoesOnWhereItWasLeft) {
  for (int i = 1; i <= 5; ++i) {
    Insert(absl::StrCat("c", i), "hanako");
    ASSERT_TRUE(
        store_.Withdraw("hanako", absl::StrCat("c", i), world_.clock.Now())
            .ok());
  }
  const auto all = *store_.WithdrawalsAfter(0);
  ASSERT_EQ(all.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(all[i].sequence, i + 1);
    EXPECT_EQ(all[i].consent_id, absl::StrCat("c", i + 1));
  }
  EXPECT_EQ(store_.WithdrawalsAfter(3)->front().sequence, 4u);
  EXPECT_TRUE(store_.WithdrawalsAfter(5)->empty());
  const auto part = *store_.WithdrawalsAfter(1, 2);
  ASSERT_EQ(part.size(), 2u);
  EXPECT_EQ(part.back().sequence, 3u);
}

TEST_F(ConsentStoreTest, AFeedThatIsBehindSaysSo) {
  for (const std::uint64_t sequence : {std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(ReasonOf(store_.WithdrawalsAfter(sequence).status()),
              "FEED_BEHIND");
  }
}

TEST_F(ConsentStoreTest, WithdrawalsAtOnceLeaveNoGap) {
  constexpr int kWriters = 4, kEach = 6;
  for (int i = 0; i < kWriters * kEach; ++i)
    Insert(absl::StrCat("c", i), "hanako");
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([this, w] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(store_
                        .Withdraw("hanako", absl::StrCat("c", w * kEach + i),
                                  world_.clock.Now())
                        .ok());
      }
    });
  }
  // A follower that asks on and on sees every sequence, one after the other.
  std::uint64_t seen = 0;
  while (seen < kWriters * kEach) {
    const auto news = store_.WithdrawalsAfter(seen);
    ASSERT_TRUE(news.ok()) << news.status();
    for (const StoredWithdrawal& withdrawal : *news)
      ASSERT_EQ(withdrawal.sequence, ++seen);
  }
  for (std::thread& writer : writers) writer.join();
}

TEST_F(ConsentStoreTest, AWithdrawalOutlivesARestart) {
  Insert("c1", "hanako");
  ASSERT_TRUE(store_.Withdraw("hanako", "c1", world_.clock.Now()).ok());
  auto again = *agency::Database::Open(world_.folder.File("identity.sqlite"),
                                       Migrations());
  EXPECT_EQ(ConsentStore(again.get()).WithdrawalsAfter(0)->size(), 1u);
}

}  // namespace
}  // namespace psm::identity
