#include "services/gbizid/sign_in_desk.h"

#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

constexpr char kMail[] = "alpha@example.test";

class SignInDeskTest : public Office {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Open(kAlpha, "Alpha@Example.test").ok());
    secrets_[kMail] = secrets_["Alpha@Example.test"];
  }
  std::string ReasonIn(const absl::StatusOr<v1::SignInResponse>& entered) {
    return ReasonOf(entered.status());
  }
};

TEST_F(SignInDeskTest, PasswordAndOneTimePasswordOpenASession) {
  const auto entered = Enter("ALPHA@example.test");
  EXPECT_EQ(ReasonIn(entered), "SIGN_IN_REFUSED") << "no code for that name";
  const auto right = Enter(kMail);
  ASSERT_TRUE(right.ok()) << right.status();
  EXPECT_EQ(right->account().type(), v1::Account::ENTRY);
  EXPECT_EQ(right->account().name(), "株式会社あさひ見本");
  const auto account = AccountIn(right->session());
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->corporate_number(), kAlpha);
}

TEST_F(SignInDeskTest, WhateverIsWrongTheAnswerIsTheSame) {
  clock_.Advance(kOneTimeStep);
  const std::string code = Code(secrets_[kMail]);
  const auto wrong_password = EnterWith(kMail, "wrong password!", code);
  const auto wrong_code = EnterWith(kMail, kPassword, "000000");
  const auto unknown = EnterWith("nobody@example.test", kPassword, code);
  const auto no_mail = EnterWith("", kPassword, code);
  for (const auto* refused :
       {&wrong_password, &wrong_code, &unknown, &no_mail}) {
    EXPECT_EQ(ReasonIn(*refused), "SIGN_IN_REFUSED");
    EXPECT_EQ(refused->status(), wrong_password.status());
  }
}

TEST_F(SignInDeskTest, AOneTimePasswordOpensOneSession) {
  clock_.Advance(kOneTimeStep);
  const std::string code = Code(secrets_[kMail]);
  ASSERT_TRUE(EnterWith(kMail, kPassword, code).ok());
  EXPECT_EQ(ReasonIn(EnterWith(kMail, kPassword, code)), "SIGN_IN_REFUSED");
  EXPECT_TRUE(Enter(kMail).ok());
}

TEST_F(SignInDeskTest, ARetryOfASignInGetsTheSameSession) {
  clock_.Advance(kOneTimeStep);
  const std::string code = Code(secrets_[kMail]);
  const auto first = EnterWith(kMail, kPassword, code);
  Again();
  const auto again = EnterWith(kMail, kPassword, code);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->session(), again->session());
}

TEST_F(SignInDeskTest, FiveWrongTriesLockAndTimeUnlocks) {
  for (int i = 0; i < kMaxTries; ++i)
    EXPECT_EQ(ReasonIn(Enter(kMail, "wrong password!")), "SIGN_IN_REFUSED");
  EXPECT_EQ(ReasonIn(Enter(kMail)), "SIGN_IN_REFUSED") << "locked";
  clock_.Advance(kLockTime);
  ASSERT_TRUE(Enter(kMail).ok());
  // All five are there again.
  for (int i = 0; i < kMaxTries - 1; ++i)
    EXPECT_FALSE(Enter(kMail, "wrong password!").ok());
  EXPECT_TRUE(Enter(kMail).ok());
}

TEST_F(SignInDeskTest, WrongOneTimePasswordsCountAsTries) {
  for (int i = 0; i < kMaxTries; ++i)
    EXPECT_FALSE(EnterWith(kMail, kPassword, "000000").ok());
  EXPECT_EQ(ReasonIn(Enter(kMail)), "SIGN_IN_REFUSED");
}

TEST_F(SignInDeskTest, OfManyGuessesAtOnceNoMoreThanFiveAreLookedAt) {
  clock_.Advance(kOneTimeStep);
  const std::string code = Code(secrets_[kMail]);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    agency::CallContext call = Call();
    threads.emplace_back([this, call, code] {
      v1::SignInRequest request;
      request.set_mail(kMail);
      request.set_password("wrong password!");
      request.set_one_time_password(code);
      request.set_blind(kBlind);
      EXPECT_FALSE(sign_ins_.SignIn(call, request).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  long long tries = 0;
  ASSERT_TRUE(database_
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT tries FROM accounts", soci::into(tries);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(tries, kMaxTries);
  EXPECT_FALSE(EnterWith(kMail, kPassword, code).ok()) << "locked";
}

TEST_F(SignInDeskTest, SessionsEndByThemselvesAndWhenSignedOut) {
  const std::string first = Session(kMail);
  const std::string second = Session(kMail);
  v1::SignOutRequest request;
  request.set_session(first);
  EXPECT_TRUE(sign_ins_.SignOut(Call(), request).ok());
  EXPECT_TRUE(sign_ins_.SignOut(Call(), request).ok()) << "twice is fine";
  EXPECT_EQ(ReasonOf(AccountIn(first).status()), "SESSION_INVALID");
  EXPECT_TRUE(AccountIn(second).ok());
  clock_.Advance(kSessionLifetime);
  EXPECT_EQ(ReasonOf(AccountIn(second).status()), "SESSION_INVALID");
  for (const std::string& forged :
       {std::string(), std::string("' OR 1=1 --"), second + "a",
        second.substr(0, second.find('.'))})
    EXPECT_EQ(ReasonOf(AccountIn(forged).status()), "SESSION_INVALID");
}

TEST_F(SignInDeskTest, AChangedPasswordEndsAllSessions) {
  const std::string session = Session(kMail);
  v1::ChangePasswordRequest request;
  request.set_session(session);
  request.set_old_password("wrong password!");
  request.set_new_password("another password");
  request.set_blind(kBlind);
  EXPECT_EQ(ReasonOf(sign_ins_.ChangePassword(Call(), request).status()),
            "SIGN_IN_REFUSED");
  request.set_old_password(kPassword);
  request.set_new_password("short");
  EXPECT_EQ(ReasonOf(sign_ins_.ChangePassword(Call(), request).status()),
            "PASSWORD_UNSUITABLE");
  request.set_new_password("another password");
  ASSERT_TRUE(sign_ins_.ChangePassword(Call(), request).ok());
  Again();
  EXPECT_TRUE(sign_ins_.ChangePassword(Call(), request).ok()) << "a retry";
  EXPECT_EQ(ReasonOf(AccountIn(session).status()), "SESSION_INVALID");
  EXPECT_FALSE(Enter(kMail).ok());
  EXPECT_TRUE(Enter(kMail, "another password").ok());
}

TEST_F(SignInDeskTest, WithoutABlindNothingThatCarriesAPasswordIsTaken) {
  v1::SignInRequest request;
  request.set_mail(kMail);
  request.set_password(kPassword);
  request.set_blind("0123456789abcde");
  EXPECT_EQ(ReasonOf(sign_ins_.SignIn(Call(), request).status()),
            "BLIND_REQUIRED");
}

// What a thief of the database has: neither passwords nor what opens a session
// nor the apps' secrets, in the kept answers neither.
TEST_F(SignInDeskTest, TheDatabaseHoldsNoSecret) {
  const std::string session = Session(kMail);
  const std::string proof = session.substr(session.find('.') + 1);
  ASSERT_GT(proof.size(), 40u);
  for (const char* file : {"gbizid.sqlite", "gbizid.sqlite-wal"}) {
    std::ifstream in(folder_.File(file), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(absl::StrContains(bytes, kPassword));
    EXPECT_FALSE(absl::StrContains(bytes, proof));
    EXPECT_FALSE(absl::StrContains(bytes, secrets_[kMail]));
  }
}

// Threat 36.
TEST_F(SignInDeskTest, TextThatLooksLikeSqlIsText) {
  const std::string evil = "x'||(SELECT'y')||'@b";
  ASSERT_TRUE(Open(kBeta, evil).ok());
  const auto entered = Enter(evil);
  ASSERT_TRUE(entered.ok()) << entered.status();
  EXPECT_EQ(entered->account().mail(), absl::AsciiStrToLower(evil));
  EXPECT_FALSE(Enter("'OR'1'='1@b").ok());
}

}  // namespace
}  // namespace psm::gbizid
