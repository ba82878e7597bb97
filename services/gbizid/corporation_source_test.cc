#include "services/gbizid/corporation_source.h"

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

using corporations::v1::GetCorporationResponse;

constexpr char kNewPassword[] = "another long password";

GetCorporationResponse Registered(corporations::v1::Status status) {
  GetCorporationResponse found;
  found.set_name("株式会社あさひ見本");
  found.set_representative("見本　一郎");
  found.set_status(status);
  return found;
}

TEST(ReadRegisteredTest, OnlyACorporationThatIsCounts) {
  const auto read = ReadRegistered(Registered(corporations::v1::ACTIVE));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "株式会社あさひ見本");
  EXPECT_EQ(read->representative, "見本　一郎");
  const auto merged = ReadRegistered(Registered(corporations::v1::MERGED));
  EXPECT_EQ(ReasonOf(merged.status()), "CORPORATION_MERGED");
  EXPECT_EQ(merged.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      ReasonOf(
          ReadRegistered(Registered(corporations::v1::DISSOLVED)).status()),
      "CORPORATION_DISSOLVED");
}

TEST(ReadRegisteredTest, WhatIsNotSaidIsNotGuessed) {
  GetCorporationResponse nameless = Registered(corporations::v1::ACTIVE);
  nameless.clear_name();
  GetCorporationResponse headless = Registered(corporations::v1::ACTIVE);
  headless.clear_representative();
  for (const GetCorporationResponse& found :
       {nameless, headless, Registered(corporations::v1::STATUS_UNSPECIFIED)}) {
    const absl::Status status = ReadRegistered(found).status();
    EXPECT_EQ(ReasonOf(status), "CORPORATIONS_UNAVAILABLE");
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  }
}

TEST(RegistryCorporationsTest, AWrongNumberIsUnknownAndNobodyIsAsked) {
  RegistryCorporations registry([]() -> std::shared_ptr<grpc::Channel> {
    ADD_FAILURE() << "asked";
    return nullptr;
  });
  EXPECT_EQ(ReasonOf(registry.InBeing(nullptr, "1123456789012").status()),
            "CORPORATION_UNKNOWN");
}

// Each decision about a corporation, as it comes out after the registry has
// changed its mind; what gbizid was seeded with stays the same throughout.
class AskedRegistryTest : public Office {
 protected:
  std::string Decide(const v1::PrimeApplication& application, bool approve) {
    v1::DecideApplicationRequest request;
    request.set_corporate_number(application.corporate_number());
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_approve(approve);
    request.set_note("登記を確認した");
    return ReasonOf(primes_.Decide(Call("gbizid/desk"), request).status());
  }
  std::string ByCard(const std::string& mail, const std::string& subject) {
    v1::BeginRecoveryRequest begin;
    begin.set_mail(mail);
    begin.set_blind(kBlind);
    EXPECT_TRUE(recoveries_.Begin(Call(), begin).ok());
    const std::string& text = mailer_.mails.back().text;
    const std::string mark = "code: ";
    v1::RecoverByCardRequest request;
    request.set_subject(subject);
    request.set_corporate_number(kAlpha);
    request.set_mail(mail);
    request.set_code(text.substr(text.find(mark) + mark.size(), 10));
    request.set_new_password(kNewPassword);
    request.set_blind(kBlind);
    return ReasonOf(recoveries_.RecoverByCard(Call(), request).status());
  }
  std::string ApproveRecovery(const std::string& account_id) {
    v1::ApproveRecoveryRequest request;
    request.set_corporate_number(kAlpha);
    request.set_account_id(account_id);
    v1::Document& paper = *request.add_documents();
    paper.set_name("印鑑証明書");
    paper.set_sha256(std::string(64, 'a'));
    return ReasonOf(recoveries_.Approve(Call("gbizid/desk"), request).status());
  }
  std::string Offer(const std::string& session) {
    v1::OfferDelegationRequest request;
    request.set_session(session);
    request.set_corporate_number(kAlpha);
    request.set_delegate(kBeta);
    request.set_relying_service(kGrants);
    request.mutable_end_time()->set_seconds(
        absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
    const auto offered = delegations_.Offer(Call(), request);
    if (offered.ok()) offered_ = offered->delegation();
    return ReasonOf(offered.status());
  }
  std::string Answer(const std::string& session, bool accept) {
    v1::AnswerDelegationRequest request;
    request.set_session(session);
    request.set_corporate_number(kAlpha);
    request.set_delegation_id(offered_.delegation_id());
    request.set_etag(offered_.etag());
    request.set_accept(accept);
    return ReasonOf(delegations_.Answer(Call(), request).status());
  }
  v1::Delegation offered_;

  std::string Entry(const std::string& mail) {
    const auto opened = Open(kAlpha, mail);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return Session(mail);
  }
};

TEST_F(AskedRegistryTest, TheNewRepresentativesCardCountsAndTheOldOnesDoesNot) {
  const std::string session = Entry("a@b");
  const auto applied = Apply(session, kAlpha, v1::PrimeApplication::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  corporations_.known[kAlpha].representative = "見本　三郎";
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, applied->application_id(), "ichiro")
                   .status()),
      "REPRESENTATIVE_MISMATCH");
  const auto prime =
      ShowCard(session, kAlpha, applied->application_id(), "saburo");
  ASSERT_TRUE(prime.ok()) << prime.status();

  corporations_.known[kAlpha].representative = "見本　二葉";
  EXPECT_EQ(ByCard("a@b", "saburo"), "RECOVERY_REFUSED");
  EXPECT_FALSE(Enter("a@b", kNewPassword).ok());
  EXPECT_EQ(ByCard("a@b", "futaba"), "");
  EXPECT_TRUE(Enter("a@b", kNewPassword).ok());
}

TEST_F(AskedRegistryTest, AnAccountIsOpenedUnderTheNameThatIsRegistered) {
  corporations_.known[kAlpha].name = "株式会社あたらしい見本";
  EXPECT_EQ(Open(kAlpha, "a@b")->account().name(), "株式会社あたらしい見本");
  const int asked = corporations_.asked;
  Again();
  EXPECT_TRUE(Open(kAlpha, "a@b").ok());
  EXPECT_EQ(corporations_.asked, asked) << "a retry asks nobody";
}

// One that is no more, and one of which nobody says whether it is.
class RefusedCorporationTest : public AskedRegistryTest,
                               public testing::WithParamInterface<std::string> {
};

TEST_P(RefusedCorporationTest, GetsNoAccount) {
  corporations_.refusals[kAlpha] = GetParam();
  EXPECT_EQ(ReasonOf(Open(kAlpha, "a@b").status()), GetParam());
  corporations_.refusals.clear();
  EXPECT_TRUE(Open(kAlpha, "a@b").ok()) << "nothing was left behind";
}

TEST_P(RefusedCorporationTest, BecomesNoPrime) {
  const std::string session = Entry("a@b");
  corporations_.refusals[kAlpha] = GetParam();
  EXPECT_EQ(
      ReasonOf(Apply(session, kAlpha, v1::PrimeApplication::CARD).status()),
      GetParam());
  corporations_.refusals.clear();
  const auto applied = Apply(session, kAlpha, v1::PrimeApplication::CARD);
  ASSERT_TRUE(applied.ok()) << "nothing waits: " << applied.status();

  corporations_.refusals[kAlpha] = GetParam();
  EXPECT_EQ(
      ReasonOf(ShowCard(session, kAlpha, applied->application_id(), "ichiro")
                   .status()),
      GetParam());
  EXPECT_EQ(representatives_.asked, 0) << "nobody's name is looked up";
  EXPECT_EQ(AccountIn(session)->type(), v1::Account::ENTRY);
  corporations_.refusals.clear();
  EXPECT_TRUE(
      ShowCard(session, kAlpha, applied->application_id(), "ichiro").ok())
      << "it waits as before";
}

TEST_P(RefusedCorporationTest, IsApprovedByNoOfficerButMayBeRefused) {
  const std::string session = Entry("a@b");
  const auto applied = Apply(session, kAlpha, v1::PrimeApplication::DOCUMENTS);
  ASSERT_TRUE(applied.ok()) << applied.status();
  corporations_.refusals[kAlpha] = GetParam();
  EXPECT_EQ(Decide(*applied, true), GetParam());
  EXPECT_EQ(AccountIn(session)->type(), v1::Account::ENTRY);
  EXPECT_EQ(primes_.List(Call("gbizid/desk"), {})->applications_size(), 1)
      << "it waits as before";
  const int asked = corporations_.asked;
  EXPECT_EQ(Decide(*applied, false), "");
  EXPECT_EQ(corporations_.asked, asked) << "a refusal asks nobody";
}

TEST_P(RefusedCorporationTest, RecoversNoPassword) {
  const std::string session = Prime(kAlpha, "a@b", "ichiro");
  const std::string id = AccountIn(session)->account_id();
  corporations_.refusals[kAlpha] = GetParam();
  EXPECT_EQ(ByCard("a@b", "ichiro"), GetParam());
  EXPECT_EQ(ApproveRecovery(id), GetParam());
  EXPECT_TRUE(AccountIn(session).ok()) << "the session goes on";
  EXPECT_TRUE(Enter("a@b").ok()) << "the old password stays";
  corporations_.refusals.clear();
  EXPECT_EQ(ApproveRecovery(id), "");
}

TEST_P(RefusedCorporationTest, NeitherDelegatesNorIsDelegatedTo) {
  const std::string principal = Prime(kAlpha, "a@b", "ichiro");
  const std::string delegate = Prime(kBeta, "c@d", "futaba");
  for (const char* gone : {kAlpha, kBeta}) {
    corporations_.refusals[gone] = GetParam();
    EXPECT_EQ(Offer(principal), GetParam()) << gone;
    corporations_.refusals.clear();
    EXPECT_EQ(Offer(principal), "") << "nothing was left behind";
    corporations_.refusals[gone] = GetParam();
    EXPECT_EQ(Answer(delegate, true), GetParam()) << gone;
    EXPECT_EQ(Answer(delegate, false), "") << "to decline asks nobody";
    corporations_.refusals.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(Reasons, RefusedCorporationTest,
                         testing::Values("CORPORATION_MERGED",
                                         "CORPORATION_DISSOLVED",
                                         "CORPORATIONS_UNAVAILABLE"));

TEST_F(AskedRegistryTest, ASoleProprietorIsInNoRegistryAndNobodyAsks) {
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string session = Session("shop@b");
  const auto applied = Apply(session, "", v1::PrimeApplication::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_TRUE(ShowCard(session, "", applied->application_id(), "saburo").ok());
  EXPECT_EQ(corporations_.asked, 0);
}

TEST_F(AskedRegistryTest, WhoMayNotAskAnywayHasTheRegistryAskedNothing) {
  const std::string session = Prime(kAlpha, "a@b", "ichiro");
  const int asked = corporations_.asked;
  EXPECT_EQ(
      ReasonOf(Apply("none", kAlpha, v1::PrimeApplication::CARD).status()),
      "SESSION_INVALID");
  EXPECT_EQ(
      ReasonOf(Apply(session, kAlpha, v1::PrimeApplication::CARD).status()),
      "ENTRY_REQUIRED");
  EXPECT_EQ(ApproveRecovery("none"), "ACCOUNT_UNKNOWN");
  EXPECT_EQ(corporations_.asked, asked);
}

}  // namespace
}  // namespace psm::gbizid
