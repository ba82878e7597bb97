#include "services/openid/grant_store.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

class GrantStoreTest : public testing::Test {
 protected:
  std::string NewCode(const std::string& challenge = kChallenge) {
    Grant grant;
    grant.id = NewUuid(SystemRandom());
    grant.client_id = "bank";
    grant.subject = "person-1";
    grant.sub = "sub-1";
    grant.scopes = {"name", "openid"};
    grant.acr = "aal3";
    grant.auth_time = world_.clock.Now();
    return *store_.IssueCode(grant, {kCallback, challenge, "n"});
  }
  absl::StatusOr<IssuedTokens> Redeem(const std::string& code,
                                      const std::string& verifier = kVerifier,
                                      const std::string& uri = kCallback) {
    return store_.RedeemCode(code, *world_.bank, uri, verifier);
  }
  IssuedTokens Tokens() { return *Redeem(NewCode()); }
  bool Opens(const std::string& access_token) {
    return store_.FindAccess(access_token).ok();
  }

  TestWorld world_;
  Profile profile_ = StrictProfile();
  GrantStore store_{world_.database.get(), &world_.clock, &SystemRandom(),
                    &profile_};
};

TEST_F(GrantStoreTest, ACodeBecomesTokensThatNameItsGrant) {
  const auto tokens = Redeem(NewCode());
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->nonce, "n");
  const auto grant = store_.FindAccess(tokens->access_token);
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant->subject, "person-1");
  EXPECT_EQ(grant->scopes, (std::vector<std::string>{"name", "openid"}));
  EXPECT_FALSE(Opens(tokens->refresh_token));
  EXPECT_FALSE(Opens(""));
}

TEST_F(GrantStoreTest, ACodeThatComesTwiceEndsWhatTheFirstGot) {
  const std::string code = NewCode();
  const auto tokens = Redeem(code);
  EXPECT_TRUE(Opens(tokens->access_token));
  EXPECT_TRUE(absl::IsPermissionDenied(Redeem(code).status()));
  EXPECT_FALSE(Opens(tokens->access_token));
  EXPECT_FALSE(store_.Refresh(tokens->refresh_token, *world_.bank).ok());
}

TEST_F(GrantStoreTest, ACodeIsUsedUpByTheFirstWhoComesWhateverHeLacks) {
  struct Case {
    std::string verifier, uri;
    bool other_client;
  };
  for (const Case& bad :
       {Case{"", kCallback, false}, Case{kChallenge, kCallback, false},
        Case{std::string(129, 'a'), kCallback, false},
        Case{kVerifier, "https://bank.example/other?a=b", false},
        Case{kVerifier, "", false}, Case{kVerifier, kCallback, true}}) {
    const std::string code = NewCode();
    EXPECT_TRUE(absl::IsPermissionDenied(
        store_
            .RedeemCode(code, bad.other_client ? *world_.shop : *world_.bank,
                        bad.uri, bad.verifier)
            .status()));
    EXPECT_TRUE(absl::IsPermissionDenied(Redeem(code).status()));
  }
}

TEST_F(GrantStoreTest, AVerifierWithoutAChallengeIsADowngrade) {
  EXPECT_FALSE(Redeem(NewCode("")).ok());
  EXPECT_TRUE(Redeem(NewCode(""), "").ok());
}

TEST_F(GrantStoreTest, TimeEndsCodesAndTokens) {
  const std::string code = NewCode();
  const IssuedTokens tokens = Tokens();
  world_.clock.Advance(profile_.code_life);
  EXPECT_FALSE(Redeem(code).ok());
  world_.clock.Advance(profile_.token_life);
  EXPECT_FALSE(Opens(tokens.access_token));
  const auto refreshed = store_.Refresh(tokens.refresh_token, *world_.bank);
  ASSERT_TRUE(refreshed.ok());
  // However often it is refreshed, the grant ends when it was to end.
  world_.clock.Advance(profile_.refresh_life);
  EXPECT_FALSE(store_.Refresh(refreshed->refresh_token, *world_.bank).ok());
}

TEST_F(GrantStoreTest, ARefreshTokenThatComesTwiceEndsTheFamily) {
  const IssuedTokens first = Tokens();
  const auto second = store_.Refresh(first.refresh_token, *world_.bank);
  ASSERT_TRUE(second.ok());
  EXPECT_NE(second->refresh_token, first.refresh_token);
  EXPECT_TRUE(Opens(first.access_token));
  EXPECT_FALSE(store_.Refresh(first.refresh_token, *world_.bank).ok());
  EXPECT_FALSE(store_.Refresh(second->refresh_token, *world_.bank).ok());
  EXPECT_FALSE(Opens(first.access_token));
  EXPECT_FALSE(Opens(second->access_token));
}

TEST_F(GrantStoreTest, ARefreshTokenInOtherHandsEndsTheFamily) {
  const IssuedTokens tokens = Tokens();
  EXPECT_FALSE(store_.Refresh(tokens.refresh_token, *world_.shop).ok());
  EXPECT_FALSE(store_.Refresh(tokens.refresh_token, *world_.bank).ok());
  EXPECT_FALSE(store_.Refresh(tokens.access_token, *world_.bank).ok());
}

TEST_F(GrantStoreTest, OfManyAtTheSameTimeOneRedeemsAndOneRefreshes) {
  const std::string code = NewCode();
  const std::string refresh = Tokens().refresh_token;
  std::atomic<int> redeemed{0}, refreshed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      redeemed += Redeem(code).ok() ? 1 : 0;
      refreshed += store_.Refresh(refresh, *world_.bank).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(redeemed, 1);
  EXPECT_EQ(refreshed, 1);
}

TEST_F(GrantStoreTest, RevokingIsTheClientsOwn) {
  const IssuedTokens tokens = Tokens();
  EXPECT_TRUE(store_.Revoke(tokens.grant.id, "shop").ok());
  EXPECT_TRUE(Opens(tokens.access_token));
  EXPECT_TRUE(store_.Revoke(tokens.grant.id, "bank").ok());
  EXPECT_FALSE(Opens(tokens.access_token));
  EXPECT_TRUE(store_.Revoke("none", "bank").ok());
}

TEST_F(GrantStoreTest, AssertionsAreAClientsOwn) {
  const absl::Time end = world_.clock.Now() + absl::Minutes(1);
  EXPECT_TRUE(*store_.UseAssertion("a", "j", end));
  EXPECT_FALSE(*store_.UseAssertion("a", "j", end));
  EXPECT_TRUE(*store_.UseAssertion("b", "j", end));
  EXPECT_TRUE(*store_.UseAssertion("a", "'; DROP TABLE openid_grants;--", end));
  EXPECT_TRUE(Redeem(NewCode()).ok());
}

TEST_F(GrantStoreTest, TheDatabaseHoldsNoCodeAndNoToken) {
  const std::string code = NewCode();
  const auto tokens = Redeem(code);
  // The write-ahead log beside it, too.
  const std::string all =
      world_.folder.Read("db.sqlite") + world_.folder.Read("db.sqlite-wal");
  EXPECT_NE(all.find("openid_grants"), std::string::npos);
  for (const std::string& secret :
       {code, tokens->access_token, tokens->refresh_token})
    EXPECT_EQ(all.find(secret), std::string::npos);
}

TEST_F(GrantStoreTest, WhatIsOverIsRemoved) {
  Tokens();
  world_.clock.Advance(profile_.refresh_life);
  NewCode();
  long long grants = 0, codes = 0, tokens = 0;
  EXPECT_TRUE(
      world_.database
          ->Read([&](soci::session& sql) -> absl::Status {
            sql << "SELECT COUNT(*) FROM openid_grants", soci::into(grants);
            sql << "SELECT COUNT(*) FROM openid_codes", soci::into(codes);
            sql << "SELECT COUNT(*) FROM openid_tokens", soci::into(tokens);
            return absl::OkStatus();
          })
          .ok());
  EXPECT_EQ(grants, 1);
  EXPECT_EQ(codes, 1);
  EXPECT_EQ(tokens, 0);
}

}  // namespace
}  // namespace psm::openid
