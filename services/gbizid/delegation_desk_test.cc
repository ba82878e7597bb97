#include "services/gbizid/delegation_desk.h"

#include "google/protobuf/util/time_util.h"
#include "services/gbizid/acting_desk.h"
#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;

class DelegationDeskTest : public Office {
 protected:
  void SetUp() override {
    alpha_ = Prime(kAlpha, "a@b", "ichiro");
    beta_ = Prime(kBeta, "c@d", "futaba");
    alpha_id_ = AccountIn(alpha_)->account_id();
    beta_id_ = AccountIn(beta_)->account_id();
  }
  // Beta may act for alpha at grants, for 20 minutes from now + `start`.
  absl::StatusOr<v1::Delegation> Offer(
      absl::Duration start = absl::ZeroDuration(),
      const std::string& delegate = kBeta) {
    v1::OfferDelegationRequest request;
    request.set_session(alpha_);
    request.set_corporate_number(kAlpha);
    request.set_delegate(delegate);
    request.set_relying_service(kGrants);
    *request.mutable_start_time() = Stamp(start);
    *request.mutable_end_time() = Stamp(start + absl::Minutes(20));
    return Send(request);
  }
  absl::StatusOr<v1::Delegation> Send(
      const v1::OfferDelegationRequest& request) {
    auto offered = delegations_.Offer(Call(), request);
    if (!offered.ok()) return offered.status();
    return offered->delegation();
  }
  absl::StatusOr<v1::Delegation> Answer(const std::string& session,
                                        const v1::Delegation& delegation,
                                        bool accept) {
    v1::AnswerDelegationRequest request;
    request.set_session(session);
    request.set_corporate_number(kAlpha);
    request.set_delegation_id(delegation.delegation_id());
    request.set_etag(delegation.etag());
    request.set_accept(accept);
    auto answered = delegations_.Answer(Call(), request);
    if (!answered.ok()) return answered.status();
    return answered->delegation();
  }
  absl::StatusOr<v1::Delegation> End(const std::string& session,
                                     const v1::Delegation& delegation) {
    v1::EndDelegationRequest request;
    request.set_session(session);
    request.set_corporate_number(kAlpha);
    request.set_delegation_id(delegation.delegation_id());
    request.set_etag(delegation.etag());
    auto ended = delegations_.End(Call(), request);
    if (!ended.ok()) return ended.status();
    return ended->delegation();
  }
  absl::StatusOr<v1::CheckActingResponse> Check(
      const std::string& account_id, const std::string& principal,
      v1::RoleGrant::Role role = v1::RoleGrant::APPLICANT,
      const std::string& service = kGrants) {
    v1::CheckActingRequest request;
    request.set_account_id(account_id);
    request.set_corporate_number(principal);
    request.set_role(role);
    return acting_.Check(Call(service), request);
  }
  std::string ReasonFor(const std::string& account_id,
                        const std::string& principal,
                        v1::RoleGrant::Role role = v1::RoleGrant::APPLICANT,
                        const std::string& service = kGrants) {
    return ReasonOf(Check(account_id, principal, role, service).status());
  }
  google::protobuf::Timestamp Stamp(absl::Duration from_now) {
    return TimeUtil::MicrosecondsToTimestamp(
        absl::ToUnixMicros(clock_.Now() + from_now));
  }

  std::string alpha_, beta_, alpha_id_, beta_id_;
};

TEST_F(DelegationDeskTest, WhoAcceptedActsForTheOtherAtThatServiceAlone) {
  const auto offered = Offer();
  ASSERT_TRUE(offered.ok()) << offered.status();
  EXPECT_EQ(offered->principal_name(), "株式会社あさひ見本");
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE")
      << "offered, not accepted";
  const auto accepted = Answer(beta_, *offered, true);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  const auto may = Check(beta_id_, kAlpha);
  ASSERT_TRUE(may.ok()) << may.status();
  EXPECT_EQ(may->delegation_id(), offered->delegation_id());
  EXPECT_EQ(may->principal_id(), alpha_id_);
  EXPECT_EQ(may->delegate_corporate_number(), kBeta);
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha, v1::RoleGrant::APPLICANT,
                      "akatsuki/benefits"),
            "DELEGATION_NOT_IN_FORCE");
  EXPECT_EQ(ReasonFor(alpha_id_, kBeta), "DELEGATION_NOT_IN_FORCE")
      << "it has one direction";
}

TEST_F(DelegationDeskTest, ABusinessActsForItself) {
  const auto own = Check(alpha_id_, kAlpha);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->delegation_id(), "");
  EXPECT_EQ(Check(alpha_id_, "")->principal_id(), alpha_id_);
  EXPECT_EQ(own->trade_name(), "") << "a corporation's name is the registry's";
}

TEST_F(DelegationDeskTest, ItHoldsWithinItsPeriodAlone) {
  const auto offered = Offer(absl::Minutes(5));
  ASSERT_TRUE(Answer(beta_, *offered, true).ok());
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE");
  clock_.Advance(absl::Minutes(5));
  EXPECT_TRUE(Check(beta_id_, kAlpha).ok());
  clock_.Advance(absl::Minutes(20) - absl::Microseconds(1));
  EXPECT_TRUE(Check(beta_id_, kAlpha).ok());
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE");
}

TEST_F(DelegationDeskTest, EitherSideEndsItAndTheNextActIsRefused) {
  for (const std::string* side : {&alpha_, &beta_}) {
    const auto offered = Offer();
    ASSERT_TRUE(offered.ok()) << offered.status();
    const auto accepted = Answer(beta_, *offered, true);
    ASSERT_TRUE(Check(beta_id_, kAlpha).ok());
    EXPECT_EQ(ReasonOf(End(*side, *offered).status()), "ETAG_STALE");
    const auto ended = End(*side, *accepted);
    ASSERT_TRUE(ended.ok()) << ended.status();
    EXPECT_EQ(ended->state(), v1::Delegation::ENDED);
    EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE");
    EXPECT_TRUE(End(*side, *accepted).ok()) << "twice is fine";
    EXPECT_EQ(ReasonOf(Answer(beta_, *ended, true).status()),
              "DELEGATION_ANSWERED");
  }
}

TEST_F(DelegationDeskTest, WhatIsDeclinedNeverHolds) {
  const auto offered = Offer();
  ASSERT_EQ(ReasonOf(Offer().status()), "DELEGATION_EXISTS");
  ASSERT_TRUE(Answer(beta_, *offered, false).ok());
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE");
  EXPECT_TRUE(Offer().ok()) << "offered anew";
}

TEST_F(DelegationDeskTest, NobodyAnswersOrEndsWhatIsNotTheirs) {
  const auto offered = Offer();
  EXPECT_EQ(ReasonOf(Answer(alpha_, *offered, true).status()),
            "DELEGATION_UNKNOWN")
      << "the principal cannot accept for the other";
  // A third business.
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string shop = Session("shop@b");
  const auto applied = Apply(shop, "", v1::PrimeApplication::CARD);
  EXPECT_EQ(ReasonOf(Answer(shop, *offered, true).status()), "PRIME_REQUIRED");
  ASSERT_TRUE(ShowCard(shop, "", applied->application_id(), "saburo").ok());
  EXPECT_EQ(ReasonOf(Answer(shop, *offered, true).status()),
            "DELEGATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(End(shop, *offered).status()), "DELEGATION_UNKNOWN");
  v1::ListDelegationsRequest request;
  request.set_session(shop);
  EXPECT_EQ(delegations_.List(Call(), request)->delegations_size(), 0);
  request.set_session(beta_);
  EXPECT_EQ(delegations_.List(Call(), request)->delegations_size(), 1);
}

TEST_F(DelegationDeskTest, ADelegateCannotPassItOn) {
  ASSERT_TRUE(Answer(beta_, *Offer(), true).ok());
  v1::OfferDelegationRequest request;
  request.set_session(beta_);
  request.set_corporate_number(kAlpha);  // not its own
  request.set_delegate(alpha_id_);
  request.set_relying_service(kGrants);
  *request.mutable_end_time() = Stamp(absl::Hours(1));
  EXPECT_EQ(ReasonOf(Send(request).status()), "DELEGATION_MALFORMED");
}

TEST_F(DelegationDeskTest, AnOfferNamesAnotherPrimeAndAPeriod) {
  EXPECT_EQ(ReasonOf(Offer({}, kAlpha).status()), "DELEGATION_MALFORMED");
  EXPECT_EQ(ReasonOf(Offer({}, beta_id_).status()), "DELEGATE_UNKNOWN")
      << "a corporation is named by its number";
  EXPECT_EQ(ReasonOf(Offer({}, "").status()), "DELEGATE_UNKNOWN");
  EXPECT_EQ(ReasonOf(Offer(-absl::Hours(1)).status()), "DELEGATION_MALFORMED")
      << "over before it is offered";
  v1::OfferDelegationRequest request;
  request.set_session(alpha_);
  request.set_corporate_number(kAlpha);
  request.set_delegate(kBeta);
  request.set_relying_service(kGrants);
  EXPECT_EQ(ReasonOf(Send(request).status()), "DELEGATION_MALFORMED");
  *request.mutable_end_time() = Stamp(kMaxDelegation + absl::Seconds(1));
  EXPECT_EQ(ReasonOf(Send(request).status()), "DELEGATION_MALFORMED");
  request.mutable_end_time()->set_seconds(std::int64_t{1} << 62);
  EXPECT_EQ(ReasonOf(Send(request).status()), "DELEGATION_MALFORMED");
  *request.mutable_end_time() = Stamp(absl::Hours(1));
  request.set_relying_service("grants");
  EXPECT_EQ(ReasonOf(Send(request).status()), "DELEGATION_MALFORMED");
  request.set_relying_service(kGrants);
  EXPECT_TRUE(Send(request).ok());
}

TEST_F(DelegationDeskTest, MembersActByTheirRoles) {
  ASSERT_TRUE(Answer(beta_, *Offer(), true).ok());
  const std::string viewer =
      Join(beta_, "v@b", v1::RoleGrant::VIEWER).account_id();
  const std::string applicant =
      Join(beta_, "p@b", v1::RoleGrant::APPLICANT).account_id();
  EXPECT_EQ(ReasonFor(viewer, kAlpha), "ROLE_INSUFFICIENT");
  EXPECT_TRUE(Check(viewer, kAlpha, v1::RoleGrant::VIEWER).ok());
  EXPECT_TRUE(Check(applicant, kAlpha).ok());
  EXPECT_TRUE(Check(applicant, kBeta).ok()) << "its own business";
  EXPECT_EQ(ReasonFor(applicant, kBeta, v1::RoleGrant::VIEWER, "x/y"),
            "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonFor(beta_id_, kBeta, v1::RoleGrant::ROLE_UNSPECIFIED),
            "ROLE_INSUFFICIENT");
}

TEST_F(DelegationDeskTest, WhoIsSuspendedNeitherActsNorIsActedFor) {
  ASSERT_TRUE(Answer(beta_, *Offer(), true).ok());
  const auto suspend = [&](const std::string& session) {
    const auto account = AccountIn(session);
    v1::SetSuspendedRequest request;
    request.set_corporate_number(account->corporate_number());
    request.set_account_id(account->account_id());
    request.set_etag(account->etag());
    request.set_suspended(true);
    EXPECT_TRUE(primes_.SetSuspended(Call("gbizid/desk"), request).ok());
  };
  const std::string member =
      Join(beta_, "p@b", v1::RoleGrant::APPLICANT).account_id();
  suspend(alpha_);
  EXPECT_EQ(ReasonFor(beta_id_, kAlpha), "DELEGATION_NOT_IN_FORCE");
  suspend(beta_);
  EXPECT_EQ(ReasonFor(beta_id_, kBeta), "ACCOUNT_NOT_USABLE");
  EXPECT_EQ(ReasonFor(member, kBeta), "ACCOUNT_NOT_USABLE");
  EXPECT_EQ(ReasonFor("none", kBeta), "ACCOUNT_NOT_USABLE");
}

TEST_F(DelegationDeskTest, AnEntryActsNowhere) {
  ASSERT_TRUE(Open(kBeta, "e@b").ok());
  const std::string entry = AccountIn(Session("e@b"))->account_id();
  EXPECT_EQ(ReasonFor(entry, kBeta), "ACCOUNT_TYPE_INSUFFICIENT");
}

TEST_F(DelegationDeskTest, ATicketIsGoodOnceForItsServiceForFiveMinutes) {
  v1::IssueTicketRequest issue;
  issue.set_session(alpha_);
  issue.set_relying_service(kGrants);
  const auto ticket = acting_.Issue(Call(), issue);
  ASSERT_TRUE(ticket.ok()) << ticket.status();
  v1::RedeemTicketRequest redeem;
  redeem.set_ticket(ticket->ticket());
  EXPECT_EQ(
      ReasonOf(acting_.Redeem(Call("akatsuki/benefits"), redeem).status()),
      "TICKET_INVALID")
      << "another service's";
  const auto redeemed = acting_.Redeem(Call(kGrants), redeem);
  ASSERT_TRUE(redeemed.ok()) << redeemed.status();
  EXPECT_EQ(redeemed->account_id(), alpha_id_);
  EXPECT_EQ(redeemed->corporate_number(), kAlpha);
  Again();
  EXPECT_TRUE(acting_.Redeem(Call(kGrants), redeem).ok()) << "a retry";
  EXPECT_EQ(ReasonOf(acting_.Redeem(Call(kGrants), redeem).status()),
            "TICKET_INVALID");

  const auto late = acting_.Issue(Call(), issue);
  clock_.Advance(kTicketLifetime);
  redeem.set_ticket(late->ticket());
  EXPECT_EQ(ReasonOf(acting_.Redeem(Call(kGrants), redeem).status()),
            "TICKET_INVALID");
  redeem.set_ticket(alpha_);  // a session is no ticket
  EXPECT_EQ(ReasonOf(acting_.Redeem(Call(kGrants), redeem).status()),
            "TICKET_INVALID");
  issue.set_relying_service("grants");
  EXPECT_EQ(ReasonOf(acting_.Issue(Call(), issue).status()),
            "RELYING_SERVICE_MALFORMED");
}

}  // namespace
}  // namespace psm::gbizid
