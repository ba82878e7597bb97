#include "services/gbizid/account_rules.h"

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::gbizid {
namespace {

TEST(AccountRulesTest, AMailAddressHasOneAtAndNoSpace) {
  EXPECT_EQ(*CheckedMail("Alpha@Example.TEST"), "alpha@example.test");
  EXPECT_TRUE(CheckedMail("a@b").ok());
  EXPECT_TRUE(CheckedMail(std::string(250, 'a') + "@b.c").ok());
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("a@"), std::string("@b"),
        std::string("a@b@c"), std::string("a b@c"), std::string("a@b\n"),
        std::string("あ@b"), std::string("a\0@b", 4),
        std::string(251, 'a') + "@b.c"})
    EXPECT_EQ(ReasonOf(CheckedMail(bad).status()), "MAIL_MALFORMED") << bad;
}

TEST(AccountRulesTest, APasswordIsLongAndNotTheMailAddress) {
  EXPECT_TRUE(CheckPassword("123456789012", "alpha@b.c").ok());
  EXPECT_TRUE(CheckPassword(std::string(128, 'x'), "alpha@b.c").ok());
  for (const std::string& bad :
       {std::string(), std::string("12345678901"), std::string(129, 'x'),
        std::string("xxxxALPHAxxxxx")})
    EXPECT_EQ(ReasonOf(CheckPassword(bad, "alpha@b.c")), "PASSWORD_UNSUITABLE")
        << bad;
}

TEST(AccountRulesTest, RolesAreReadAsTheyWereWritten) {
  Roles roles;
  v1::RoleGrant* grant = roles.Add();
  grant->set_relying_service("grants/grants");
  grant->set_role(v1::RoleGrant::APPLICANT);
  grant = roles.Add();
  grant->set_relying_service("akatsuki/benefits");
  grant->set_role(v1::RoleGrant::VIEWER);
  const auto text = EncodeRoles(roles);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "akatsuki/benefits=1,grants/grants=2");
  const Roles read = DecodeRoles(*text);
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(read[1].relying_service(), "grants/grants");
  EXPECT_EQ(read[1].role(), v1::RoleGrant::APPLICANT);
  EXPECT_EQ(DecodeRoles("").size(), 0);
  EXPECT_EQ(DecodeRoles("a/b=7,x,=,a/b=").size(), 0);
}

TEST(AccountRulesTest, ARoleIsOfOneSystemOnce) {
  for (const char* service :
       {"", "grants", "grants/", "/grants", "Grants/grants", "a/b/c",
        "a/b=1,c/d", "1a/b", "a/ b"}) {
    Roles roles;
    v1::RoleGrant& grant = *roles.Add();
    grant.set_relying_service(service);
    grant.set_role(v1::RoleGrant::VIEWER);
    EXPECT_EQ(ReasonOf(EncodeRoles(roles).status()), "ROLE_MALFORMED")
        << service;
    grant.set_relying_service("grants/grants");
    EXPECT_TRUE(EncodeRoles(roles).ok());
    *roles.Add() = v1::RoleGrant(grant);
    EXPECT_FALSE(EncodeRoles(roles).ok()) << "twice";
  }
  Roles none;
  none.Add()->set_relying_service("grants/grants");
  EXPECT_FALSE(EncodeRoles(none).ok());
  none[0].set_role(static_cast<v1::RoleGrant::Role>(9));
  EXPECT_FALSE(EncodeRoles(none).ok());
}

TEST(AccountRulesTest, APrimeMayAllAnEntryNothingAMemberWhatItsRolesSay) {
  v1::Account account;
  account.set_type(v1::Account::PRIME);
  EXPECT_EQ(RoleAt(account, "a/b"), v1::RoleGrant::APPLICANT);
  account.set_type(v1::Account::MEMBER);
  EXPECT_EQ(RoleAt(account, "a/b"), v1::RoleGrant::ROLE_UNSPECIFIED);
  *account.mutable_roles() = DecodeRoles("a/b=1");
  EXPECT_EQ(RoleAt(account, "a/b"), v1::RoleGrant::VIEWER);
  EXPECT_EQ(RoleAt(account, "a/bb"), v1::RoleGrant::ROLE_UNSPECIFIED);
  account.set_type(v1::Account::ENTRY);
  EXPECT_EQ(RoleAt(account, "a/b"), v1::RoleGrant::ROLE_UNSPECIFIED);
}

TEST(AccountRulesTest, NamesDifferInMoreThanSpaces) {
  EXPECT_TRUE(IsSameName("見本　一郎", "見本 一郎"));
  EXPECT_TRUE(IsSameName("見本一郎", "見本　一郎"));
  EXPECT_FALSE(IsSameName("見本　一郎", "見本　二郎"));
  EXPECT_FALSE(IsSameName("", ""));
  EXPECT_FALSE(IsSameName(" ", "　"));
}

}  // namespace
}  // namespace psm::gbizid
