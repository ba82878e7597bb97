#include "services/gbizid/recovery_desk.h"

#include "gtest/gtest.h"
#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

constexpr char kNew[] = "another long password";

class RecoveryDeskTest : public Office {
 protected:
  void Begin(const std::string& mail) {
    v1::BeginRecoveryRequest request;
    request.set_mail(mail);
    request.set_blind(kBlind);
    const auto begun = recoveries_.Begin(Call(), request);
    EXPECT_TRUE(begun.ok()) << begun.status();
  }
  // From the last mail.
  std::string MailedCode() const {
    const std::string& text = mailer_.mails.back().text;
    const std::string mark = "code: ";
    const std::size_t at = text.find(mark);
    return at == std::string::npos ? "none" : text.substr(at + mark.size(), 10);
  }
  // "" or the reason. With a later one-time password than any before.
  std::string Recover(const std::string& mail, const std::string& code,
                      const std::string& password = kNew) {
    clock_.Advance(kOneTimeStep);
    v1::RecoverPasswordRequest request;
    request.set_mail(mail);
    request.set_code(code);
    request.set_one_time_password(
        secrets_.count(mail) == 0 ? "123456" : Code(secrets_[mail]));
    request.set_new_password(password);
    request.set_blind(kBlind);
    request.set_corporate_number(mail == "c@d" ? kBeta : kAlpha);
    return ReasonOf(recoveries_.Recover(Call(), request).status());
  }
  std::string ByCard(const std::string& mail, const std::string& number,
                     const std::string& subject) {
    v1::RecoverByCardRequest request;
    request.set_subject(subject);
    request.set_corporate_number(number);
    request.set_mail(mail);
    request.set_code(MailedCode());
    request.set_new_password(kNew);
    request.set_blind(kBlind);
    return ReasonOf(recoveries_.RecoverByCard(Call(), request).status());
  }
  std::string Approve(const std::string& number, const std::string& id) {
    v1::ApproveRecoveryRequest request;
    request.set_corporate_number(number);
    request.set_account_id(id);
    v1::Document& paper = *request.add_documents();
    paper.set_name("印鑑証明書");
    paper.set_sha256(std::string(64, 'a'));
    return ReasonOf(recoveries_.Approve(Call("gbizid/desk"), request).status());
  }
};

TEST_F(RecoveryDeskTest, CodeAndAppChangeThePasswordOnceAndEndSessions) {
  ASSERT_TRUE(Open(kAlpha, "a@b").ok());
  const std::string session = Session("a@b");
  Begin("A@b");
  EXPECT_EQ(mailer_.mails.back().to, "a@b");
  const std::string code = MailedCode();
  EXPECT_EQ(Recover("a@b", code), "");
  EXPECT_EQ(mailer_.mails.size(), 2u) << "the holder is told";
  EXPECT_EQ(ReasonOf(AccountIn(session).status()), "SESSION_INVALID");
  EXPECT_FALSE(Enter("a@b").ok());
  EXPECT_TRUE(Enter("a@b", kNew).ok());
  EXPECT_EQ(Recover("a@b", code), "RECOVERY_REFUSED") << "used";
}

TEST_F(RecoveryDeskTest, AnAddressWithoutAnAccountIsAnsweredAndCountedAlike) {
  Begin("nobody@b");
  ASSERT_EQ(mailer_.mails.size(), 1u);
  EXPECT_EQ(MailedCode(), "none");
  EXPECT_EQ(Recover("nobody@b", "AAAAAAAAAA"), "RECOVERY_REFUSED");
  for (int i = 0; i < 5; ++i) Begin("nobody@b");
  EXPECT_EQ(mailer_.mails.size(), static_cast<std::size_t>(kRecoveryCodes));
  clock_.Advance(kRecoveryWindow);
  Begin("nobody@b");
  EXPECT_EQ(mailer_.mails.size(), kRecoveryCodes + 1u);
  // A mail that cannot be sent says nothing to who asks.
  mailer_.status = absl::UnavailableError("full");
  Begin("nobody@b");
}

TEST_F(RecoveryDeskTest, ARetrySendsNoSecondMail) {
  Begin("nobody@b");
  Again();
  Begin("nobody@b");
  EXPECT_EQ(mailer_.mails.size(), 1u);
}

TEST_F(RecoveryDeskTest, FiveTriesOrAQuarterOfAnHourEndACode) {
  ASSERT_TRUE(Open(kAlpha, "a@b").ok());
  Begin("a@b");
  for (int i = 0; i < kRecoveryTries; ++i)
    EXPECT_EQ(Recover("a@b", "AAAAAAAAAA"), "RECOVERY_REFUSED");
  EXPECT_EQ(Recover("a@b", MailedCode()), "RECOVERY_REFUSED");
  Begin("a@b");
  clock_.Advance(kRecoveryLife);
  EXPECT_EQ(Recover("a@b", MailedCode()), "RECOVERY_REFUSED");
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", MailedCode(), "short"), "PASSWORD_UNSUITABLE");
  secrets_["a@b"] = secrets_["a@b"].substr(1) + "A";  // another app
  EXPECT_EQ(Recover("a@b", MailedCode()), "RECOVERY_REFUSED");
}

TEST_F(RecoveryDeskTest, AnothersCodeAndALockedAccount) {
  ASSERT_TRUE(Open(kAlpha, "a@b").ok());
  ASSERT_TRUE(Open(kBeta, "c@d").ok());
  Begin("c@d");
  const std::string others = MailedCode();
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", others), "RECOVERY_REFUSED");
  for (int i = 0; i < kMaxTries; ++i) EXPECT_FALSE(Enter("a@b", kNew).ok());
  EXPECT_EQ(Recover("a@b", MailedCode()), "") << "who proves it is not locked";
  EXPECT_TRUE(Enter("a@b", kNew).ok());
}

TEST_F(RecoveryDeskTest, APrimeShowsTheRepresentativesCard) {
  Prime(kAlpha, "a@b", "ichiro");
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", MailedCode()), "CARD_REQUIRED");
  EXPECT_EQ(ByCard("a@b", kAlpha, "futaba"), "RECOVERY_REFUSED");
  EXPECT_EQ(ByCard("a@b", kBeta, "futaba"), "RECOVERY_REFUSED")
      << "another business's representative";
  EXPECT_EQ(ByCard("a@b", "", "ichiro"), "RECOVERY_REFUSED");
  EXPECT_EQ(ByCard("a@b", kAlpha, "ichiro"), "");
  EXPECT_TRUE(Enter("a@b", kNew).ok());
}

TEST_F(RecoveryDeskTest, ASoleProprietorShowsHerOwnCard) {
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string session = Session("shop@b");
  const auto applied = Apply(session, "", v1::PrimeApplication::CARD);
  ASSERT_TRUE(ShowCard(session, "", applied->application_id(), "saburo").ok());
  EXPECT_EQ(Approve("", AccountIn(session)->account_id()), "CARD_REQUIRED");
  Begin("shop@b");
  EXPECT_EQ(ByCard("shop@b", "", "ichiro"), "RECOVERY_REFUSED");
  EXPECT_EQ(ByCard("shop@b", "", "saburo"), "");
  EXPECT_TRUE(Enter("shop@b", kNew).ok());
}

TEST_F(RecoveryDeskTest, AnOfficerWhoSawDocumentsStandsForTheCardOnce) {
  const std::string session = Prime(kAlpha, "a@b", "ichiro");
  const std::string id = AccountIn(session)->account_id();
  EXPECT_EQ(Approve(kBeta, id), "ACCOUNT_UNKNOWN");
  EXPECT_EQ(Approve(kAlpha, id), "");
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", MailedCode()), "");
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", MailedCode()), "CARD_REQUIRED");
  EXPECT_EQ(Approve(kAlpha, id), "");
  clock_.Advance(kApprovalLife);
  Begin("a@b");
  EXPECT_EQ(Recover("a@b", MailedCode()), "CARD_REQUIRED");
}

}  // namespace
}  // namespace psm::gbizid
