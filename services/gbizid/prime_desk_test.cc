#include "services/gbizid/prime_desk.h"

#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

using Way = v1::PrimeApplication;

class PrimeDeskTest : public Office {
 protected:
  std::string Entry(const std::string& number, const std::string& mail) {
    EXPECT_TRUE(Open(number, mail).ok());
    return Session(mail);
  }
  absl::StatusOr<v1::PrimeApplication> Decide(
      const v1::PrimeApplication& application, bool approve,
      const std::string& note = "", const std::string& number = kAlpha) {
    v1::DecideApplicationRequest request;
    request.set_corporate_number(number);
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_approve(approve);
    request.set_note(note);
    auto decided = primes_.Decide(Call("gbizid/desk"), request);
    if (!decided.ok()) return decided.status();
    return decided->application();
  }
  absl::StatusOr<v1::Account> Suspend(const v1::Account& account,
                                      bool suspended) {
    v1::SetSuspendedRequest request;
    request.set_corporate_number(account.corporate_number());
    request.set_account_id(account.account_id());
    request.set_etag(account.etag());
    request.set_suspended(suspended);
    auto done = primes_.SetSuspended(Call("gbizid/desk"), request);
    if (!done.ok()) return done.status();
    return done->account();
  }
};

TEST_F(PrimeDeskTest, TheRepresentativesCardMakesAPrimeAtOnce) {
  const std::string session = Entry(kAlpha, "a@b");
  const auto applied = Apply(session, kAlpha, Way::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->state(), Way::UNDER_REVIEW);
  const auto before = AccountIn(session);
  const auto prime =
      ShowCard(session, kAlpha, applied->application_id(), "ichiro");
  ASSERT_TRUE(prime.ok()) << prime.status();
  EXPECT_EQ(prime->type(), v1::Account::PRIME);
  EXPECT_EQ(prime->subject(), "") << "a corporation is not a person";
  EXPECT_NE(prime->etag(), before->etag());
  EXPECT_EQ(businesses_.Find(kAlpha)->account_type(),
            v1::GetBusinessResponse::PRIME);
  Again();
  EXPECT_TRUE(
      ShowCard(session, kAlpha, applied->application_id(), "ichiro").ok());
  EXPECT_EQ(representatives_.asked, 1) << "a retry asks nobody";
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, applied->application_id(), "ichiro")
                   .status()),
      "APPLICATION_DECIDED");
}

TEST_F(PrimeDeskTest, AnotherPersonsCardMakesNone) {
  const std::string session = Entry(kAlpha, "a@b");
  const auto applied = Apply(session, kAlpha, Way::CARD);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, applied->application_id(), "saburo")
                   .status()),
      "REPRESENTATIVE_MISMATCH");
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kBeta, applied->application_id(), "futaba")
                   .status()),
      "REPRESENTATIVE_MISMATCH")
      << "the number of another business";
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, applied->application_id(), "nobody")
                   .status()),
      "NAME_UNAVAILABLE");
  EXPECT_EQ(AccountIn(session)->type(), v1::Account::ENTRY);
}

TEST_F(PrimeDeskTest, AnothersApplicationIsNotThere) {
  const std::string mine = Entry(kAlpha, "a@b");
  const std::string other = Entry(kAlpha, "c@d");
  const auto applied = Apply(other, kAlpha, Way::CARD);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(
      ReasonOf(
          ShowCard(mine, kAlpha, applied->application_id(), "ichiro").status()),
      "APPLICATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(ShowCard(mine, kAlpha, "none", "ichiro").status()),
            "APPLICATION_UNKNOWN");
}

TEST_F(PrimeDeskTest, WithoutASessionNobodyIsLookedUp) {
  EXPECT_EQ(ReasonOf(ShowCard("none", kAlpha, "none", "ichiro").status()),
            "SESSION_INVALID");
  EXPECT_EQ(representatives_.asked, 0);
}

TEST_F(PrimeDeskTest, ABusinessHasOnePrime) {
  Prime(kAlpha, "a@b", "ichiro");
  const std::string second = Entry(kAlpha, "c@d");
  const auto applied = Apply(second, kAlpha, Way::CARD);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(
      ReasonOf(ShowCard(second, kAlpha, applied->application_id(), "ichiro")
                   .status()),
      "PRIME_EXISTS");
  EXPECT_EQ(AccountIn(second)->type(), v1::Account::ENTRY);
}

TEST_F(PrimeDeskTest, AnOfficerApprovesByDocuments) {
  const std::string session = Entry(kAlpha, "a@b");
  ASSERT_TRUE(Apply(session, kAlpha, Way::DOCUMENTS).ok());
  const auto listed = primes_.List(Call("gbizid/desk"), {});
  ASSERT_EQ(listed->applications_size(), 1);
  const v1::PrimeApplication& waiting = listed->applications(0);
  EXPECT_EQ(waiting.corporate_number(), kAlpha);
  ASSERT_EQ(waiting.documents_size(), 1);
  EXPECT_EQ(waiting.documents(0).name(), "印鑑証明書");
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, waiting.application_id(), "ichiro")
                   .status()),
      "APPLICATION_UNKNOWN")
      << "it is not by card";
  EXPECT_EQ(ReasonOf(Decide(waiting, true, "", kBeta).status()),
            "APPLICATION_UNKNOWN");
  const auto approved = Decide(waiting, true);
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->state(), Way::APPROVED);
  EXPECT_EQ(AccountIn(session)->type(), v1::Account::PRIME);
  EXPECT_EQ(primes_.List(Call("gbizid/desk"), {})->applications_size(), 0);
  EXPECT_EQ(ReasonOf(Decide(*approved, false, "no").status()),
            "APPLICATION_DECIDED");
}

TEST_F(PrimeDeskTest, OfTwoOfficersTheSecondIsTold) {
  const std::string session = Entry(kAlpha, "a@b");
  const auto applied = Apply(session, kAlpha, Way::DOCUMENTS);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(ReasonOf(Decide(*applied, false).status()), "NOTE_REQUIRED");
  ASSERT_TRUE(Decide(*applied, false, "印影が不鮮明").ok());
  EXPECT_EQ(ReasonOf(Decide(*applied, true).status()), "ETAG_STALE");
  EXPECT_EQ(AccountIn(session)->type(), v1::Account::ENTRY);
  EXPECT_TRUE(Apply(session, kAlpha, Way::DOCUMENTS).ok()) << "once more";
}

TEST_F(PrimeDeskTest, OneApplicationWaitsAtATime) {
  const std::string session = Entry(kAlpha, "a@b");
  ASSERT_TRUE(Apply(session, kAlpha, Way::DOCUMENTS).ok());
  EXPECT_EQ(ReasonOf(Apply(session, kAlpha, Way::CARD).status()),
            "APPLICATION_PENDING");
}

TEST_F(PrimeDeskTest, AnApplicationSaysWhatItIsAbout) {
  const std::string session = Entry(kAlpha, "a@b");
  EXPECT_EQ(ReasonOf(Apply(session, kBeta, Way::CARD).status()),
            "ENTRY_REQUIRED")
      << "the record would name another business";
  EXPECT_EQ(ReasonOf(Apply(session, kAlpha, Way::WAY_UNSPECIFIED).status()),
            "DOCUMENTS_MALFORMED");
  v1::ApplyForPrimeRequest request;
  request.set_session(session);
  request.set_corporate_number(kAlpha);
  request.set_way(Way::DOCUMENTS);
  EXPECT_EQ(ReasonOf(primes_.Apply(Call(), request).status()),
            "DOCUMENTS_MALFORMED");
  v1::Document& paper = *request.add_documents();
  paper.set_name("印鑑証明書");
  paper.set_sha256(std::string(64, 'G'));
  EXPECT_EQ(ReasonOf(primes_.Apply(Call(), request).status()),
            "DOCUMENTS_MALFORMED");
  const std::string prime = Prime(kBeta, "c@d", "futaba");
  EXPECT_EQ(ReasonOf(Apply(prime, kBeta, Way::CARD).status()),
            "ENTRY_REQUIRED");
}

TEST_F(PrimeDeskTest, ASoleProprietorIsThePersonOfTheCard) {
  const std::string session = Entry("", "shop@b");
  EXPECT_EQ(AccountIn(session)->corp_type(), v1::Account::SOLE_PROPRIETOR);
  EXPECT_EQ(ReasonOf(Apply(session, "", Way::DOCUMENTS).status()),
            "CARD_REQUIRED");
  const auto applied = Apply(session, "", Way::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto prime = ShowCard(session, "", applied->application_id(), "saburo");
  ASSERT_TRUE(prime.ok()) << prime.status();
  EXPECT_EQ(prime->subject(), "saburo");
  EXPECT_EQ(prime->name(), "見本商店");
  v1::CheckActingRequest check;
  check.set_account_id(prime->account_id());
  check.set_role(v1::RoleGrant::APPLICANT);
  const auto acting = acting_.Check(Call(kGrants), check);
  ASSERT_TRUE(acting.ok()) << acting.status();
  EXPECT_EQ(acting->subject(), "saburo");
  EXPECT_EQ(acting->trade_name(), "見本商店");

  const std::string second = Entry("", "stall@b");
  const auto again = Apply(second, "", Way::CARD);
  EXPECT_EQ(
      ReasonOf(
          ShowCard(second, "", again->application_id(), "saburo").status()),
      "PRIME_EXISTS");
}

TEST_F(PrimeDeskTest, ASuspendedAccountIsSignedOutAndStaysOut) {
  const std::string session = Prime(kAlpha, "a@b", "ichiro");
  const std::string member_mail = "m@b";
  Join(session, member_mail, v1::RoleGrant::APPLICANT);
  const std::string member = Session(member_mail);
  const auto account = AccountIn(session);
  const auto suspended = Suspend(*account, true);
  ASSERT_TRUE(suspended.ok()) << suspended.status();
  EXPECT_EQ(suspended->state(), v1::Account::SUSPENDED);
  EXPECT_EQ(ReasonOf(AccountIn(session).status()), "SESSION_INVALID");
  EXPECT_EQ(ReasonOf(AccountIn(member).status()), "SESSION_INVALID");
  EXPECT_EQ(ReasonOf(Enter("a@b").status()), "ACCOUNT_SUSPENDED");
  EXPECT_EQ(ReasonOf(Enter(member_mail).status()), "ACCOUNT_SUSPENDED");
  EXPECT_EQ(ReasonOf(Enter("a@b", "wrong password!").status()),
            "SIGN_IN_REFUSED");
  EXPECT_EQ(ReasonOf(Suspend(*account, false).status()), "ETAG_STALE");
  ASSERT_TRUE(Suspend(*suspended, false).ok());
  EXPECT_TRUE(Enter("a@b").ok());
  EXPECT_TRUE(Enter(member_mail).ok());
}

TEST_F(PrimeDeskTest, AnAccountIsShownWithItsBusinessAlone) {
  Prime(kAlpha, "a@b", "ichiro");
  v1::ShowAccountRequest request;
  request.set_account_id(AccountIn(Session("a@b"))->account_id());
  EXPECT_EQ(ReasonOf(primes_.Show(Call("gbizid/desk"), request).status()),
            "ACCOUNT_UNKNOWN");
  request.set_corporate_number(kAlpha);
  EXPECT_EQ(primes_.Show(Call("gbizid/desk"), request)->account().mail(),
            "a@b");
}

}  // namespace
}  // namespace psm::gbizid
