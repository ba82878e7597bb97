#include "services/gbizid/account_desk.h"
#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

class AccountDeskTest : public Office {
 protected:
  absl::StatusOr<std::string> Invite(const std::string& session,
                                     const std::string& mail) {
    v1::InviteMemberRequest request;
    request.set_session(session);
    request.set_mail(mail);
    auto invited = accounts_.InviteMember(Call(), request);
    if (!invited.ok()) return invited.status();
    return invited->invitation();
  }
  absl::StatusOr<v1::Account> Update(const std::string& session,
                                     const v1::Account& member,
                                     v1::RoleGrant::Role role,
                                     bool suspended = false) {
    v1::UpdateMemberRequest request;
    request.set_session(session);
    request.set_account_id(member.account_id());
    request.set_etag(member.etag());
    request.set_suspended(suspended);
    v1::RoleGrant& grant = *request.add_roles();
    grant.set_relying_service(kGrants);
    grant.set_role(role);
    auto updated = accounts_.UpdateMember(Call(), request);
    if (!updated.ok()) return updated.status();
    return updated->account();
  }
};

TEST_F(AccountDeskTest, AnEntryIsOfABusinessThatThereIs) {
  const auto opened = Open(kAlpha, "a@b");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->account().type(), v1::Account::ENTRY);
  EXPECT_EQ(opened->account().name(), "株式会社あさひ見本");
  EXPECT_EQ(opened->one_time_secret().size(), 32u);
  EXPECT_EQ(ReasonOf(Open("9123456789011", "c@d").status()),
            "BUSINESS_MALFORMED");
  EXPECT_EQ(ReasonOf(Open("5011001098992", "c@d").status()),
            "BUSINESS_UNKNOWN");
  v1::OpenEntryRequest both;
  both.set_corporate_number(kAlpha);
  both.set_trade_name("見本商店");
  both.set_mail("c@d");
  both.set_password(kPassword);
  both.set_blind(kBlind);
  EXPECT_EQ(ReasonOf(accounts_.OpenEntry(Call(), both).status()),
            "BUSINESS_MALFORMED");
  both.clear_corporate_number();
  both.set_trade_name("a\nb");
  EXPECT_EQ(ReasonOf(accounts_.OpenEntry(Call(), both).status()),
            "BUSINESS_MALFORMED");
}

TEST_F(AccountDeskTest, AMailAddressHasOneAccount) {
  ASSERT_TRUE(Open(kAlpha, "a@b").ok());
  EXPECT_EQ(ReasonOf(Open(kBeta, "A@B").status()), "MAIL_TAKEN");
}

TEST_F(AccountDeskTest, ARetryOpensNoSecondAccount) {
  const auto first = Open(kAlpha, "a@b");
  Again();
  const auto again = Open(kAlpha, "a@b");
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
}

TEST_F(AccountDeskTest, AMemberBelongsToItsPrime) {
  const std::string prime = Prime(kAlpha, "a@b", "ichiro");
  const v1::Account member = Join(prime, "m@b", v1::RoleGrant::VIEWER);
  EXPECT_EQ(member.type(), v1::Account::MEMBER);
  EXPECT_EQ(member.parent_id(), AccountIn(prime)->account_id());
  EXPECT_EQ(member.corporate_number(), kAlpha);
  EXPECT_EQ(member.name(), "見本　四郎");
  ASSERT_EQ(member.roles_size(), 1);
  EXPECT_EQ(member.roles(0).role(), v1::RoleGrant::VIEWER);
  EXPECT_TRUE(Enter("m@b").ok());
  v1::ListMembersRequest request;
  request.set_session(prime);
  const auto members = accounts_.ListMembers(Call(), request);
  ASSERT_EQ(members->members_size(), 1);
  EXPECT_EQ(members->members(0).mail(), "m@b");
}

TEST_F(AccountDeskTest, AnInvitationIsGoodOnceForSevenDays) {
  const std::string prime = Prime(kAlpha, "a@b", "ichiro");
  const auto invitation = Invite(prime, "m@b");
  ASSERT_TRUE(invitation.ok());
  for (const std::string& forged :
       {std::string(), invitation->substr(0, 36), *invitation + "a"})
    EXPECT_EQ(ReasonOf(Accept(forged).status()), "INVITATION_INVALID");
  ASSERT_TRUE(Accept(*invitation).ok());
  EXPECT_EQ(ReasonOf(Accept(*invitation).status()), "INVITATION_INVALID");
  const auto late = Invite(Session("a@b"), "n@b");
  clock_.Advance(kInvitationLifetime);
  EXPECT_EQ(ReasonOf(Accept(*late).status()), "INVITATION_INVALID");
}

TEST_F(AccountDeskTest, OnlyAPrimeInvites) {
  const std::string prime = Prime(kAlpha, "a@b", "ichiro");
  Join(prime, "m@b", v1::RoleGrant::APPLICANT);
  ASSERT_TRUE(Open(kBeta, "e@b").ok());
  for (const char* mail : {"m@b", "e@b"})
    EXPECT_EQ(ReasonOf(Invite(Session(mail), "x@b").status()),
              "PRIME_REQUIRED");
  EXPECT_EQ(ReasonOf(Invite("none", "x@b").status()), "SESSION_INVALID");
  EXPECT_EQ(ReasonOf(Invite(prime, "m@b").status()), "MAIL_TAKEN");
}

TEST_F(AccountDeskTest, OfTwoChangesOfAMemberNoneIsLost) {
  const std::string prime = Prime(kAlpha, "a@b", "ichiro");
  const v1::Account member = Join(prime, "m@b", v1::RoleGrant::VIEWER);
  const auto changed = Update(prime, member, v1::RoleGrant::APPLICANT);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->roles(0).role(), v1::RoleGrant::APPLICANT);
  EXPECT_EQ(ReasonOf(Update(prime, member, v1::RoleGrant::VIEWER).status()),
            "ETAG_STALE");
  const std::string session = Session("m@b");
  EXPECT_EQ(AccountIn(session)->roles(0).role(), v1::RoleGrant::APPLICANT);
  ASSERT_TRUE(Update(prime, *changed, v1::RoleGrant::APPLICANT, true).ok());
  EXPECT_EQ(ReasonOf(AccountIn(session).status()), "SESSION_INVALID");
  EXPECT_EQ(ReasonOf(Enter("m@b").status()), "ACCOUNT_SUSPENDED");
}

TEST_F(AccountDeskTest, AnothersMemberIsNotThere) {
  const std::string alpha = Prime(kAlpha, "a@b", "ichiro");
  const std::string beta = Prime(kBeta, "c@d", "futaba");
  const v1::Account member = Join(alpha, "m@b", v1::RoleGrant::VIEWER);
  EXPECT_EQ(ReasonOf(Update(beta, member, v1::RoleGrant::APPLICANT).status()),
            "ACCOUNT_UNKNOWN");
  EXPECT_EQ(
      ReasonOf(
          Update(beta, *AccountIn(alpha), v1::RoleGrant::APPLICANT).status()),
      "ACCOUNT_UNKNOWN");
}

}  // namespace
}  // namespace psm::gbizid
