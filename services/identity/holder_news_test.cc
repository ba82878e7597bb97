#include "services/identity/holder_news.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/signing_key.h"
#include "services/identity/basic_items_service.h"
#include "services/identity/consent_store.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using card::CertificateKind;

// A register that answers, refuses or is away, as it is told to.
class FakeRegister final : public ResidentItems {
 public:
  absl::StatusOr<ItemsOfToday> Of(const std::string& subject) override {
    MutexLock lock(mu_);
    ++asked_;
    if (!refusal_.ok()) return refusal_;
    return ItemsOfToday{"雨宮　" + subject, "アマミヤ　ハナコ",
                        "架空県ゆうなぎ市7"};
  }
  void Refuse(absl::Status refusal) {
    MutexLock lock(mu_);
    refusal_ = std::move(refusal);
  }
  int asked() {
    MutexLock lock(mu_);
    return asked_;
  }

 private:
  Mutex mu_;
  absl::Status refusal_ PSM_GUARDED_BY(mu_);
  int asked_ PSM_GUARDED_BY(mu_) = 0;
};

class HolderNewsTest : public testing::Test {
 protected:
  HolderNewsTest() {
    for (const CertificateKind kind :
         {CertificateKind::kAuthentication, CertificateKind::kSignature})
      Issue(kind);
    Start();
  }
  void Start() {
    news_ = std::make_unique<HolderNews>(
        HolderNews::Parts{world_.database.get(), &cards_, &register_,
                          &world_.clock, [this] { ++published_; }});
  }
  void Issue(CertificateKind kind) {
    const auto key = *SigningKey::Generate();
    const std::string pem =
        kind == CertificateKind::kAuthentication
            ? *authority_->Issue("CARD-hanako", *key, now(),
                                 card::kCardLifetime)
            : *authority_->IssueSignature(
                  "CARD-hanako",
                  {"架空　花子", "架空県あかつき市1-2-3", "1990-04-01", 2},
                  *key->Public(), now(), card::kCardLifetime);
    EXPECT_TRUE(
        card::AppendIssued(
            jpki_, {card::Issued(Certificate::ChainFromPem(pem)->front(), kind,
                                 "CARD-hanako", now())})
            .ok());
  }
  absl::Time now() const { return world_.clock.Now(); }

  absl::Status Hear(const std::string& type,
                    const std::string& subject = "hanako") {
    agency::LifeEvent event;
    event.id = absl::StrCat("event-", ++events_);
    event.type = type;
    event.subject = subject;
    event.effective_date = "2026-11-22";
    // Each a second after the one before, and never ahead of the clock.
    event.publish_time = now() - absl::Hours(1) + absl::Seconds(events_);
    return world_.database->Write(
        [&](soci::session& sql) { return news_->Keep(sql, event); });
  }
  // Waits for the state, which some thread makes.
  template <typename Condition>
  static bool Await(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  CardHolder Hanako() { return **world_.holders->Find("hanako"); }
  // Why the certificate of that kind ended; kNone: it is in force.
  RevocationReason Ended(CertificateKind kind) {
    for (const RegisteredCertificate& certificate :
         *certificates_.OfCard("CARD-hanako")) {
      if (certificate.kind == kind) return certificate.reason;
    }
    ADD_FAILURE() << "there is no certificate of the kind";
    return RevocationReason::kNone;
  }
  std::string Items(const std::vector<std::string>& attributes) {
    agency::FakeCall call("akatsuki/benefits", "customer-address", attributes);
    v1::GetBasicItemsRequest request;
    request.set_subject("hanako");
    v1::GetBasicItemsResponse response;
    const grpc::Status status =
        BasicItemsService(world_.holders.get())
            .GetBasicItems(call.context(), &request, &response);
    return status.ok() ? absl::StrCat(response.name(), response.kana(),
                                      response.address(), response.birth_date())
                       : ReasonOf(agency::FromGrpc(status));
  }

  TestWorld world_;
  const std::string jpki_ = world_.folder.File("jpki");
  const std::unique_ptr<card::CardAuthority> authority_ =
      *card::CardAuthority::OpenOrCreate(jpki_, now());
  CertificateRegister certificates_{world_.database.get(), jpki_};
  CardRegister cards_{world_.database.get(), authority_.get(), &certificates_,
                      &world_.clock};
  FakeRegister register_;
  std::atomic<int> published_{0};
  int events_ = 0;
  std::unique_ptr<HolderNews> news_;
};

TEST_F(HolderNewsTest, AnotherNameEndsTheSignatureAndTheItemsFollow) {
  ASSERT_TRUE(Hear("name_changed").ok());
  ASSERT_TRUE(Await([&] { return Hanako().name == "雨宮　hanako"; }));
  EXPECT_EQ(Ended(CertificateKind::kSignature),
            RevocationReason::kAffiliationChanged);
  EXPECT_EQ(Ended(CertificateKind::kAuthentication), RevocationReason::kNone);
  EXPECT_EQ(Items({"kana"}), "アマミヤ　ハナコ");
  EXPECT_GT(published_, 0) << "the list has to say it";
}

TEST_F(HolderNewsTest, ItemsKnownToBeOtherOnesAreGivenToNobody) {
  register_.Refuse(absl::FailedPreconditionError("protected"));
  ASSERT_TRUE(Hear("moved_within").ok());
  ASSERT_TRUE(Await([&] { return register_.asked() > 0; }));
  EXPECT_EQ(Ended(CertificateKind::kSignature),
            RevocationReason::kAffiliationChanged);
  EXPECT_EQ(Items({"address"}), "ITEMS_OUTDATED");
  EXPECT_EQ(Items({"kana", "birth_date"}), "カクウ　hanako1990-04-01")
      << "who has moved has the name of before";
  register_.Refuse(absl::OkStatus());
  world_.clock.Advance(absl::Hours(2));
  ASSERT_TRUE(Await([&] { return !Hanako().address_outdated; }));
  EXPECT_EQ(Items({"address"}), "架空県ゆうなぎ市7");
}

TEST_F(HolderNewsTest, WhatARegisterThatIsAwayLeavesOpenIsAskedForAgain) {
  register_.Refuse(absl::UnavailableError("away"));
  ASSERT_TRUE(Hear("moved_in").ok());
  ASSERT_TRUE(Await([&] { return register_.asked() > 0; }));
  EXPECT_TRUE(Hanako().address_outdated);
  news_.reset();
  register_.Refuse(absl::OkStatus());
  Start();
  ASSERT_TRUE(Await([&] { return !Hanako().address_outdated; }));
  EXPECT_EQ(Hanako().address, "架空県ゆうなぎ市7");
}

TEST_F(HolderNewsTest, WithALifeEndsAllThatThePersonHadHere) {
  ConsentStore consents(world_.database.get());
  const auto grant = [&](const std::string& id, const std::string& subject) {
    ASSERT_TRUE(world_.database
                    ->Write([&](soci::session& sql) -> absl::Status {
                      ConsentStore::Insert(sql, {id,
                                                 subject,
                                                 "hoshizora-bank/customers",
                                                 "customer-address",
                                                 "m",
                                                 {"address"},
                                                 now(),
                                                 now() + absl::Hours(24),
                                                 {}});
                      return absl::OkStatus();
                    })
                    .ok());
  };
  grant("c1", "hanako");
  grant("c2", "hanako");
  grant("c3", "taro");
  ASSERT_TRUE(consents.Withdraw("hanako", "c1", now()).ok());
  ASSERT_TRUE(
      world_.database
          ->Write([&](soci::session& sql) -> absl::Status {
            sql << "INSERT INTO openid_grants VALUES ('g1', 'client', "
                   "'hanako', 's', '', 'aal3', 0, 9999999999, 0), ('g2', "
                   "'client', 'taro', 's', '', 'aal3', 0, 9999999999, 0)";
            sql << "INSERT INTO representations VALUES ('r1', 'taro', "
                   "'hanako', 1, 0, 9999999999, 0)";
            return absl::OkStatus();
          })
          .ok());
  ASSERT_TRUE(Hear("died").ok());
  ASSERT_TRUE(Await([&] { return Hanako().died; }));
  EXPECT_EQ(Ended(CertificateKind::kSignature), RevocationReason::kCessation);
  EXPECT_EQ(Ended(CertificateKind::kAuthentication),
            RevocationReason::kCessation);
  const auto withdrawn = *consents.WithdrawalsAfter(0);
  ASSERT_EQ(withdrawn.size(), 3u) << "one had been before";
  for (std::size_t i = 0; i < withdrawn.size(); ++i)
    EXPECT_EQ(withdrawn[i].sequence, i + 1)
        << "the gateway follows without gaps";
  EXPECT_EQ(
      (std::set<std::string>{withdrawn[1].consent_id, withdrawn[2].consent_id}),
      (std::set<std::string>{"c2", "r1"}))
      << "a consent and a representation";
  long long grants = 0, representations = 0;
  ASSERT_TRUE(world_.database
                  ->Read([&](soci::session& sql) -> absl::Status {
                    sql << "SELECT COUNT(*) FROM openid_grants WHERE "
                           "revoke_time <> 0",
                        soci::into(grants);
                    sql << "SELECT COUNT(*) FROM representations WHERE "
                           "end_time <> 0",
                        soci::into(representations);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(grants, 1);
  EXPECT_EQ(representations, 1);
  EXPECT_EQ(register_.asked(), 0) << "nothing of the dead is asked for";
}

// A counter told of her new address before the event of her new name came.
TEST_F(HolderNewsTest, AnotherNameIsNotLostBehindANewerAddress) {
  HolderChange change;
  change.subject = "hanako";
  change.address = "架空県ゆうなぎ市1";
  change.change_time = now();
  ASSERT_TRUE(cards_.OnChange(change).ok());
  ASSERT_TRUE(Hear("name_changed").ok());
  EXPECT_TRUE(Await([&] { return Hanako().name == "雨宮　hanako"; }));
  EXPECT_FALSE(Hanako().name_outdated);
}

TEST_F(HolderNewsTest, ADeathHoldsHoweverLateItIsHeardOf) {
  HolderChange change;
  change.subject = "hanako";
  change.address = "架空県ゆうなぎ市1";
  change.change_time = now();
  ASSERT_TRUE(cards_.OnChange(change).ok());
  ASSERT_TRUE(Hear("died").ok());
  EXPECT_TRUE(Await([&] { return Hanako().died; }));
}

TEST_F(HolderNewsTest, OthersLivesLeaveNoTrace) {
  ASSERT_TRUE(Hear("name_changed", "nobody").ok());
  ASSERT_TRUE(Hear("household_changed").ok());
  long long kept = -1;
  ASSERT_TRUE(world_.database
                  ->Read([&](soci::session& sql) -> absl::Status {
                    sql << "SELECT COUNT(*) FROM heard_events",
                        soci::into(kept);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(kept, 0);
  EXPECT_EQ(Ended(CertificateKind::kSignature), RevocationReason::kNone);
}

}  // namespace
}  // namespace psm::identity
