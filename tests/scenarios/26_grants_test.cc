// 26. A subsidy through a delegate: a Prime by card lets a Prime by documents
// apply for it; what either may not, or may no longer, is refused, and the
// records say so.
#include <string>

#include "absl/strings/match.h"
#include "mesh/base/durable_file.h"
#include "psm/grants/v1/grants.grpc.pb.h"
#include "services/generator/corporate_number.h"
#include "tests/scenarios/business_scenario.h"

namespace psm::testing {
namespace {

using grants::v1::GrantsService;
using gv1::ActingService;
using gv1::RoleGrant;

class Grants : public BusinessScenario {
 protected:
  // A Member of the Prime that is signed in, with a role at grants.
  static std::string Join(const std::string& prime, const std::string& mail,
                          RoleGrant::Role role) {
    gv1::InviteMemberRequest invite;
    invite.set_session(prime);
    invite.set_mail(mail);
    RoleGrant& grant = *invite.add_roles();
    grant.set_relying_service(kGrants);
    grant.set_role(role);
    gv1::AcceptInvitationRequest accept;
    accept.set_invitation(
        Done(&AccountsService::Stub::InviteMember, invite).invitation());
    accept.set_name("見本　四郎");
    accept.set_password(kPassword);
    accept.set_blind("0123456789abcdef");
    secrets_[mail] = Done(&AccountsService::Stub::AcceptInvitation, accept)
                         .one_time_secret();
    return SignIn(mail);
  }
  // A session at grants of who is signed in at gbizid.
  static std::string EnterGrants(const std::string& session) {
    gv1::IssueTicketRequest issue;
    issue.set_session(session);
    issue.set_relying_service(kGrants);
    grants::v1::SignInRequest request;
    request.set_ticket(Done(&ActingService::Stub::IssueTicket, issue).ticket());
    return Done(&GrantsService::Stub::SignIn, request, kSubsidy).session();
  }
  static auto Start(const std::string& session, const std::string& number) {
    grants::v1::StartApplicationRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_programme("digital-introduction-2026");
    return mesh().Client(kTerminal).Call(&GrantsService::Stub::StartApplication,
                                         {.affair = kSubsidy}, request);
  }
  static auto Submit(const std::string& session,
                     const grants::v1::Application& application) {
    grants::v1::SubmitApplicationRequest request;
    request.set_session(session);
    request.set_corporate_number(application.corporate_number());
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_purpose("受発注システムの導入");
    request.set_amount_yen(1'500'000);
    return mesh().Client(kTerminal).Call(
        &GrantsService::Stub::SubmitApplication, {.affair = kSubsidy}, request);
  }
  // The records of what was asked about a corporation with one outcome.
  static std::size_t Count(const RecordFilter& filter,
                           const std::string& corporation) {
    const auto records = mesh().Records(filter);
    EXPECT_TRUE(records.ok());
    std::size_t count = 0;
    for (const Record& record : *records)
      count += record.corporation() == corporation ? 1 : 0;
    return count;
  }
};

TEST_F(Grants, ADelegateAppliesWhileItMayAndTheRecordsShowForWhom) {
  const std::string alpha = mesh().Person("kakuu").persona().corporate_number();
  const std::string beta = UnassignedCorporateNumber(2);

  // A becomes a Prime by its representative's card, and by nobody else's.
  const std::string a = Open(alpha, "a@alpha.example");
  const auto by_card = Apply(a, alpha, gv1::PrimeApplication::CARD);
  EXPECT_EQ(ReasonOf(ShowCard(a, alpha, by_card, "kenji").status),
            "REPRESENTATIVE_MISMATCH");
  const auto prime = ShowCard(a, alpha, by_card, "taro");
  ASSERT_TRUE(prime.status.ok()) << prime.status;
  EXPECT_EQ(prime->account().type(), gv1::Account::PRIME);
  EXPECT_EQ(prime->account().name(), "株式会社かくう製作所");
  // identity was asked for a name, for that affair, and gave no more.
  const Record asked = OnlyRecord(mesh(), {.consumer = "gbizid/gbizid",
                                           .provider = "identity/identity",
                                           .person = "taro",
                                           .kind = Record::EXCHANGE});
  EXPECT_EQ(asked.affair(), kAccounts);
  EXPECT_EQ(Released(asked), std::vector<std::string>{"name"});

  // B by documents, which an officer approves.
  const std::string b = Open(beta, "b@beta.example");
  ApproveDocuments(Apply(b, beta, gv1::PrimeApplication::DOCUMENTS));
  const std::string viewer = Join(b, "v@beta.example", RoleGrant::VIEWER);
  const std::string at_grants = EnterGrants(b);

  // Nobody acts for A before it says so.
  EXPECT_EQ(ReasonOf(Start(at_grants, alpha).status),
            "DELEGATION_NOT_IN_FORCE");
  gv1::OfferDelegationRequest offer;
  offer.set_session(a);
  offer.set_corporate_number(alpha);
  offer.set_delegate(beta);
  offer.set_relying_service(kGrants);
  offer.mutable_end_time()->set_seconds(
      absl::ToUnixSeconds(mesh().clock().Now() + absl::Hours(24)));
  const auto offered =
      Done(&DelegationsService::Stub::OfferDelegation, offer).delegation();
  EXPECT_EQ(ReasonOf(Start(at_grants, alpha).status), "DELEGATION_NOT_IN_FORCE")
      << "not accepted yet";
  gv1::AnswerDelegationRequest answer;
  answer.set_session(b);
  answer.set_corporate_number(alpha);
  answer.set_delegation_id(offered.delegation_id());
  answer.set_etag(offered.etag());
  answer.set_accept(true);
  const auto accepted =
      Done(&DelegationsService::Stub::AnswerDelegation, answer).delegation();

  // B's Member without the role does not, B does, and nothing is typed.
  EXPECT_EQ(ReasonOf(Start(EnterGrants(viewer), alpha).status),
            "ROLE_INSUFFICIENT");
  const auto draft = Start(at_grants, alpha);
  ASSERT_TRUE(draft.status.ok()) << draft.status;
  const grants::v1::Application& application = draft->application();
  EXPECT_EQ(application.corporate_number(), alpha);
  ASSERT_EQ(application.fields_size(), 8);
  EXPECT_EQ(application.fields(1).value(), "株式会社かくう製作所");
  int registered = 0;
  for (const auto& field : application.fields()) {
    EXPECT_NE(field.value(), "") << field.id() << " was not filled in";
    EXPECT_GT(field.as_of_time().seconds(), 0) << field.id();
    registered += field.provider() == "corporations/corporations" ? 1 : 0;
  }
  EXPECT_EQ(registered, 6) << "the registry says all but employees and capital";
  const Record from_registry =
      OnlyRecord(mesh(), {.consumer = kGrants,
                          .provider = "corporations/corporations",
                          .kind = Record::EXCHANGE});
  EXPECT_EQ(from_registry.corporation(), alpha);
  EXPECT_EQ(from_registry.affair(), kSubsidy);
  const Record from_account = OnlyRecord(mesh(), {.consumer = kGrants,
                                                  .provider = "gbizid/gbizid",
                                                  .method = "GetBusiness",
                                                  .kind = Record::EXCHANGE});
  EXPECT_EQ(Released(from_account),
            (std::vector<std::string>{"capital", "employees"}));
  ASSERT_EQ(application.acts_size(), 1);
  EXPECT_EQ(application.acts(0).delegation_id(), offered.delegation_id());
  EXPECT_EQ(application.acts(0).delegate_corporate_number(), beta);
  const Record checked = OnlyRecord(
      mesh(), {.exchange_id = application.acts(0).check_exchange_id(),
               .consumer = kGrants,
               .provider = "gbizid/gbizid"});
  EXPECT_EQ(checked.corporation(), alpha);

  // A ends it: the next act is refused, with a draft begun before, too.
  gv1::EndDelegationRequest end;
  end.set_session(a);
  end.set_corporate_number(alpha);
  end.set_delegation_id(accepted.delegation_id());
  end.set_etag(accepted.etag());
  Done(&DelegationsService::Stub::EndDelegation, end);
  const auto refused = Submit(at_grants, application);
  EXPECT_EQ(ReasonOf(refused.status), "DELEGATION_NOT_IN_FORCE");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = refused.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::REFUSAL})
                .corporation(),
            alpha);

  // A goes on by itself, and an officer grants it.
  const auto submitted = Submit(EnterGrants(a), application);
  ASSERT_TRUE(submitted.status.ok()) << submitted.status;
  EXPECT_EQ(submitted->application().fields(6).SerializeAsString(),
            application.fields(6).SerializeAsString())
      << "as it was read";
  EXPECT_EQ(submitted->application().acts(1).delegation_id(), "");
  grants::v1::DecideApplicationRequest decide;
  decide.set_corporate_number(alpha);
  decide.set_application_id(application.application_id());
  decide.set_etag(submitted->application().etag());
  decide.set_granted_yen(1'200'000);
  const auto granted = Done(&GrantsService::Stub::DecideApplication, decide,
                            kSubsidy, "grants/desk")
                           .application();
  EXPECT_EQ(granted.state(), grants::v1::Application::GRANTED);
  EXPECT_EQ(granted.acts_size(), 3);

  // A is dissolved: it gets no other, and is told why.
  Dissolve(alpha);
  const auto closed = Start(EnterGrants(a), alpha);
  EXPECT_EQ(ReasonOf(closed.status), "CORPORATION_DISSOLVED");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = closed.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::REFUSAL})
                .reason(),
            "CORPORATION_DISSOLVED");

  // Before, between and after: who was refused stands in the log about A.
  EXPECT_EQ(Count({.consumer = kGrants,
                   .method = "CheckActing",
                   .kind = Record::REFUSAL},
                  alpha),
            4u);
  EXPECT_EQ(Count({.consumer = kGrants,
                   .method = "CheckActing",
                   .kind = Record::EXCHANGE},
                  alpha),
            3u);
}

// Bad actors: an agency that has a valid certificate and no agreement, and one
// that holds another service's ticket.
TEST_F(Grants, NobodyElseAsksWhoActsForWhomOrUsesATicket) {
  const std::string number = UnassignedCorporateNumber(3);
  const std::string session = Open(number, "c@gamma.example");
  gv1::IssueTicketRequest issue;
  issue.set_session(session);
  issue.set_relying_service(kGrants);
  gv1::RedeemTicketRequest redeem;
  redeem.set_ticket(Done(&ActingService::Stub::IssueTicket, issue).ticket());
  const auto stolen = mesh().Client(kBenefits).Call(
      &ActingService::Stub::RedeemTicket, {.affair = kSubsidy}, redeem);
  EXPECT_EQ(ReasonOf(stolen.status), "NO_AGREEMENT");
  gv1::CheckActingRequest check;
  check.set_corporate_number(number);
  check.set_role(RoleGrant::VIEWER);
  const auto curious =
      mesh()
          .Client(kYunagiTax)
          .Call(&ActingService::Stub::CheckActing, {.affair = kSubsidy}, check);
  EXPECT_EQ(ReasonOf(curious.status), "NO_AGREEMENT");

  // A ticket for another service is none here.
  issue.set_relying_service(kBenefits);
  grants::v1::SignInRequest enter;
  enter.set_ticket(Done(&ActingService::Stub::IssueTicket, issue).ticket());
  const auto refused = mesh().Client(kTerminal).Call(
      &GrantsService::Stub::SignIn, {.affair = kSubsidy}, enter);
  EXPECT_EQ(ReasonOf(refused.status), "TICKET_INVALID");
  // And an Entry account acts nowhere.
  EXPECT_EQ(ReasonOf(Start(EnterGrants(session), number).status),
            "ACCOUNT_TYPE_INSUFFICIENT");
}

// The password that a Member forgot: the mailed code and the app, and the
// record names the business; who has neither is answered like anybody.
TEST_F(Grants, AForgottenPasswordIsRecoveredAndOnRecord) {
  const std::string number = UnassignedCorporateNumber(3);
  const std::string mail = "e@epsilon.example";
  Open(number, mail);
  gv1::BeginRecoveryRequest begin;
  begin.set_mail(mail);
  begin.set_blind("0123456789abcdef");
  Done(&AccountsService::Stub::BeginRecovery, begin);
  begin.set_mail("nobody@epsilon.example");
  Done(&AccountsService::Stub::BeginRecovery, begin);

  const std::string sent =
      ReadFile(mesh().folder().root() + "/files/gbizid/gbizid/mail/000.txt")
          .value_or("");
  ASSERT_TRUE(absl::StrContains(sent, "To: " + mail)) << sent;
  gv1::RecoverPasswordRequest recover;
  recover.set_mail(mail);
  recover.set_corporate_number(number);
  recover.set_code("AAAAAAAAAA");
  recover.set_one_time_password(NextCode(mail));
  recover.set_new_password("another long password");
  recover.set_blind("0123456789abcdef");
  const auto try_it = [&] {
    return mesh().Client(kTerminal).Call(
        &AccountsService::Stub::RecoverPassword, {.affair = kAccounts},
        recover);
  };
  const auto refused = try_it();
  EXPECT_EQ(ReasonOf(refused.status), "RECOVERY_REFUSED");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = refused.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::REFUSAL})
                .reason(),
            "RECOVERY_REFUSED");
  recover.set_code(sent.substr(sent.find("code: ") + 6, 10));
  const auto recovered = try_it();
  ASSERT_TRUE(recovered.status.ok()) << recovered.status;
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = recovered.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::EXCHANGE})
                .corporation(),
            number);
}

// Whoever reads the logs of the processes learns no password and no session.
TEST_F(Grants, LogsHoldNoSecretAndNoName) {
  const std::string session =
      Open(UnassignedCorporateNumber(4), "d@delta.example");
  for (const char* system : {"gbizid/gbizid", "grants/grants"}) {
    const std::string log = ReadFile(mesh().folder().Log(system)).value_or("");
    for (const std::string& secret :
         {std::string(kPassword), session, std::string("delta.example"),
          std::string("太郎"), secrets_["d@delta.example"]})
      EXPECT_FALSE(absl::StrContains(log, secret)) << system;
  }
}

}  // namespace
}  // namespace psm::testing
