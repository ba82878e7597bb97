#include "services/grants/grants_desk.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/grants/application_store.h"

namespace psm::grants {
namespace {

using gbizid::v1::RoleGrant;

constexpr char kAlpha[] = "7123456789012";
constexpr char kBeta[] = "4011001098993";
constexpr char kProgramme[] = "digital-introduction-2026";

// gbizid, corporations and identity: alpha and beta's Primes act for
// themselves, beta for alpha while `delegated`; a viewer of beta's. Fails the
// test when it is asked inside a transaction.
class FakeSources final : public Sources {
 public:
  explicit FakeSources(agency::Database* database) : database_(*database) {}

  absl::StatusOr<gbizid::v1::RedeemTicketResponse> Redeem(
      const agency::CallContext&, const std::string& ticket) override {
    Ask();
    if (ticket.rfind("ticket of ", 0) != 0)
      return agency::Refusal(absl::StatusCode::kPermissionDenied,
                             "TICKET_INVALID", "no");
    gbizid::v1::RedeemTicketResponse holder;
    holder.set_account_id(ticket.substr(10));
    return holder;
  }

  absl::StatusOr<Authority> Check(const agency::CallContext&,
                                  const std::string& account_id,
                                  const Principal& principal,
                                  RoleGrant::Role role) override {
    Ask();
    if (account_id == "viewer" && role != RoleGrant::VIEWER)
      return Denied("ROLE_INSUFFICIENT");
    Authority authority;
    authority.exchange_id = absl::StrCat("check ", asked);
    gbizid::v1::CheckActingResponse& acting = authority.acting;
    if (account_id == "shop") {
      acting.set_subject("saburo");
      acting.set_principal_id("shop");
      acting.set_trade_name("三郎商店");
      acting.mutable_as_of_time()->set_seconds(4'000);
      return authority;
    }
    const std::string own = account_id == "alpha" ? kAlpha : kBeta;
    acting.set_corporate_number(principal.corporate_number);
    acting.set_principal_id(
        absl::StrCat("prime of ", principal.corporate_number));
    if (principal.corporate_number == own) return authority;
    if (!delegated) return Denied("DELEGATION_NOT_IN_FORCE");
    acting.set_delegation_id("delegation");
    acting.set_delegate_corporate_number(own);
    return authority;
  }

  absl::StatusOr<corporations::v1::GetCorporationResponse> Corporation(
      const agency::CallContext&, const std::string& number) override {
    Ask();
    corporations::v1::GetCorporationResponse registered;
    registered.set_corporate_number(number);
    registered.set_name("株式会社あさひ見本");
    registered.set_kana("アサヒミホン");
    registered.set_address("架空県あかつき市暁中央1丁目1番1号");
    registered.set_representative("見本　一郎");
    registered.set_establishment_date("2004-10-01");
    registered.set_status(status);
    registered.mutable_as_of_time()->set_seconds(1'000);
    if (absl::Status active = CheckActive(registered); !active.ok())
      return active;
    return registered;
  }

  absl::StatusOr<gbizid::v1::GetBusinessResponse> Business(
      const agency::CallContext&, const std::string& number) override {
    Ask();
    if (missing)
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "EVIDENCE_MISSING", "no");
    gbizid::v1::GetBusinessResponse business;
    business.set_corporate_number(number);
    business.set_employees(employees);
    business.set_capital_yen(10'000'000);
    business.mutable_as_of_time()->set_seconds(2'000);
    return business;
  }

  absl::StatusOr<identity::v1::GetBasicItemsResponse> NameOf(
      const agency::CallContext&, const std::string&) override {
    Ask();
    identity::v1::GetBasicItemsResponse person;
    person.set_name("見本　三郎");
    person.mutable_as_of_time()->set_seconds(3'000);
    return person;
  }

  bool delegated = true;
  bool missing = false;
  corporations::v1::Status status = corporations::v1::ACTIVE;
  int employees = 24;
  int asked = 0;

 private:
  static absl::Status Denied(const std::string& reason) {
    return agency::Refusal(absl::StatusCode::kPermissionDenied, reason, "no");
  }
  void Ask() {
    ++asked;
    EXPECT_TRUE(
        database_.Write([](soci::session&) { return absl::OkStatus(); }).ok());
  }
  agency::Database& database_;
};

class GrantsDeskTest : public testing::Test {
 protected:
  agency::CallContext Call() {
    if (!again_) ++calls_;
    again_ = false;
    agency::CallContext call;
    call.consumer = "portal/terminal";
    call.exchange_id = absl::StrCat("exchange ", calls_);
    return call;
  }
  void Again() { again_ = true; }

  std::string Session(const std::string& account) {
    v1::SignInRequest request;
    request.set_ticket("ticket of " + account);
    const auto signed_in = desk_.SignIn(Call(), request);
    EXPECT_TRUE(signed_in.ok()) << signed_in.status();
    return signed_in.ok() ? signed_in->session() : "";
  }
  absl::StatusOr<v1::Application> Start(
      const std::string& session, const std::string& number = kAlpha,
      const std::string& programme = kProgramme) {
    v1::StartApplicationRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_programme(programme);
    auto started = desk_.Start(Call(), request);
    if (!started.ok()) return started.status();
    return started->application();
  }
  absl::StatusOr<v1::Application> Submit(const std::string& session,
                                         const v1::Application& application,
                                         std::int64_t amount = 1'000'000,
                                         const std::string& number = kAlpha) {
    v1::SubmitApplicationRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_purpose("受発注システムの導入");
    request.set_amount_yen(amount);
    auto submitted = desk_.Submit(Call(), request);
    if (!submitted.ok()) return submitted.status();
    return submitted->application();
  }
  absl::StatusOr<v1::Application> Get(const std::string& session,
                                      const std::string& id,
                                      const std::string& number = kAlpha) {
    v1::GetApplicationRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_application_id(id);
    auto got = desk_.Get(Call(), request);
    if (!got.ok()) return got.status();
    return got->application();
  }
  absl::StatusOr<v1::Application> Decide(const v1::Application& application,
                                         std::int64_t granted,
                                         const std::string& note = "") {
    v1::DecideApplicationRequest request;
    request.set_corporate_number(application.corporate_number());
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_granted_yen(granted);
    request.set_note(note);
    auto decided = desk_.Decide(Call(), request);
    if (!decided.ok()) return decided.status();
    return decided->application();
  }

  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};  // 29 May 2026
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("grants.sqlite"), ApplicationStore::Migrations());
  gbizid::TokenKey tokens_{
      SecretBytes(std::string(gbizid::TokenKey::kSize, 'k'))};
  ProgrammeSet programmes_ = *ProgrammeSet::Load(PSM_GRANT_PROGRAMMES_FOLDER);
  FakeSources sources_{database_.get()};
  GrantsDesk desk_{{database_.get(), &tokens_, &programmes_, &sources_, &clock_,
                    &SystemRandom()}};
  int calls_ = 0;
  bool again_ = false;
};

TEST_F(GrantsDeskTest, TheFormFillsItselfIn) {
  const auto draft = Start(Session("alpha"));
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->state(), v1::Application::DRAFT);
  ASSERT_EQ(draft->fields_size(), 8);
  EXPECT_EQ(draft->fields(1).value(), "株式会社あさひ見本");
  EXPECT_EQ(draft->fields(6).value(), "24");
  for (int i = 0; i < draft->fields_size(); ++i) {
    const v1::Field& field = draft->fields(i);
    EXPECT_NE(field.value(), "") << field.id();
    EXPECT_EQ(field.provider(),
              i < 6 ? "corporations/corporations" : "gbizid/gbizid");
    EXPECT_EQ(field.as_of_time().seconds(), i < 6 ? 1'000 : 2'000)
        << "each says as of when";
  }
  ASSERT_EQ(draft->acts_size(), 1);
  EXPECT_EQ(draft->acts(0).account_id(), "alpha");
  EXPECT_EQ(draft->acts(0).delegation_id(), "");
}

TEST_F(GrantsDeskTest, WhoActedForWhomIsKept) {
  const std::string beta = Session("beta");
  const auto draft = Start(beta);
  ASSERT_TRUE(draft.ok()) << draft.status();
  const auto submitted = Submit(beta, *draft);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const auto decided = Decide(*submitted, 800'000);
  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_EQ(decided->state(), v1::Application::GRANTED);

  const auto read = Get(Session("alpha"), draft->application_id());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), decided->SerializeAsString());
  EXPECT_EQ(read->granted_yen(), 800'000);
  ASSERT_EQ(read->acts_size(), 3);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read->acts(i).account_id(), "beta");
    EXPECT_EQ(read->acts(i).delegation_id(), "delegation");
    EXPECT_EQ(read->acts(i).delegate_corporate_number(), kBeta);
    EXPECT_NE(read->acts(i).check_exchange_id(), "");
  }
  EXPECT_NE(read->acts(0).check_exchange_id(),
            read->acts(1).check_exchange_id())
      << "each act is asked about";
  EXPECT_EQ(read->acts(2).account_id(), "") << "an officer";
}

TEST_F(GrantsDeskTest, ADelegationThatEndsBindsTheNextAct) {
  const std::string beta = Session("beta");
  const auto draft = Start(beta);
  ASSERT_TRUE(draft.ok());
  sources_.delegated = false;
  EXPECT_EQ(ReasonOf(Submit(beta, *draft).status()), "DELEGATION_NOT_IN_FORCE");
  EXPECT_EQ(ReasonOf(Get(beta, draft->application_id()).status()),
            "DELEGATION_NOT_IN_FORCE");
  EXPECT_EQ(ReasonOf(Start(beta, kAlpha).status()), "DELEGATION_NOT_IN_FORCE");
  EXPECT_TRUE(Submit(Session("alpha"), *draft).ok())
      << "the business itself goes on";
}

TEST_F(GrantsDeskTest, AViewerSeesAndDoesNothing) {
  const auto draft = Start(Session("beta"), kBeta);
  ASSERT_TRUE(draft.ok());
  const std::string viewer = Session("viewer");
  EXPECT_EQ(ReasonOf(Start(viewer, kBeta).status()), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(Submit(viewer, *draft, 1000, kBeta).status()),
            "ROLE_INSUFFICIENT");
  EXPECT_TRUE(Get(viewer, draft->application_id(), kBeta).ok());
}

TEST_F(GrantsDeskTest, AnothersApplicationIsNotThere) {
  const auto draft = Start(Session("alpha"));
  ASSERT_TRUE(draft.ok());
  const std::string beta = Session("beta");
  EXPECT_EQ(ReasonOf(Get(beta, draft->application_id(), kBeta).status()),
            "APPLICATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(Submit(beta, *draft, 1000, kBeta).status()),
            "APPLICATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(Get(beta, "none", kBeta).status()), "APPLICATION_UNKNOWN");
}

TEST_F(GrantsDeskTest, ABusinessHasOneApplicationAProgramme) {
  const std::string alpha = Session("alpha");
  const auto draft = Start(alpha);
  ASSERT_TRUE(draft.ok());
  EXPECT_EQ(ReasonOf(Start(alpha).status()), "APPLICATION_EXISTS");
  EXPECT_EQ(ReasonOf(Start(Session("beta")).status()), "APPLICATION_EXISTS")
      << "nor by a delegate";
  EXPECT_TRUE(Start(Session("beta"), kBeta).ok());
  const auto submitted = Submit(alpha, *draft);
  ASSERT_TRUE(Decide(*submitted, 0, "計画が不明確").ok());
  EXPECT_TRUE(Start(alpha).ok()) << "once more after a refusal";
}

TEST_F(GrantsDeskTest, ProgrammesHavePeriodsLimitsAndApplicants) {
  const std::string alpha = Session("alpha");
  EXPECT_EQ(ReasonOf(Start(alpha, kAlpha, "none").status()),
            "PROGRAMME_UNKNOWN");
  EXPECT_EQ(ReasonOf(Start(alpha, kAlpha, "factory-energy-2026").status()),
            "PROGRAMME_CLOSED");
  sources_.employees = 301;
  EXPECT_EQ(ReasonOf(Start(alpha).status()), "NOT_ELIGIBLE");
  sources_.employees = 300;
  sources_.missing = true;
  EXPECT_EQ(ReasonOf(Start(alpha).status()), "EVIDENCE_MISSING");
  sources_.missing = false;
  const auto draft = Start(alpha);
  ASSERT_TRUE(draft.ok()) << draft.status();
  for (const std::int64_t amount : {-1, 0, 4'500'001})
    EXPECT_EQ(ReasonOf(Submit(alpha, *draft, amount).status()),
              "PLAN_MALFORMED");
  EXPECT_TRUE(Submit(alpha, *draft, 4'500'000).ok());
}

TEST_F(GrantsDeskTest, ASoleProprietorAppliesAsAPerson) {
  const auto draft = Start(Session("shop"), "");
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->subject(), "saburo");
  ASSERT_EQ(draft->fields_size(), 2);
  EXPECT_EQ(draft->fields(0).value(), "見本　三郎");
  EXPECT_EQ(draft->fields(0).provider(), "identity/identity");
  EXPECT_EQ(draft->fields(1).value(), "三郎商店");
  EXPECT_EQ(draft->fields(1).provider(), "gbizid/gbizid");
  EXPECT_EQ(draft->fields(1).as_of_time().seconds(), 4'000);
  sources_.status = corporations::v1::DISSOLVED;
  const auto submitted = Submit(Session("shop"), *draft, 1'000'000, "");
  EXPECT_TRUE(submitted.ok())
      << "nobody asks the registry about a person: " << submitted.status();
}

TEST_F(GrantsDeskTest, ACorporationThatIsNoMoreGetsNoSubsidy) {
  const std::string alpha = Session("alpha");
  const std::pair<corporations::v1::Status, const char*> kNoMore[] = {
      {corporations::v1::MERGED, "CORPORATION_MERGED"},
      {corporations::v1::DISSOLVED, "CORPORATION_DISSOLVED"},
      {corporations::v1::STATUS_UNSPECIFIED, "EVIDENCE_MISSING"}};
  for (const auto& [status, reason] : kNoMore) {
    sources_.status = status;
    EXPECT_EQ(ReasonOf(Start(alpha).status()), reason);
  }
  sources_.status = corporations::v1::ACTIVE;
  const auto draft = Start(alpha);
  ASSERT_TRUE(draft.ok()) << draft.status();
  for (const auto& [status, reason] : kNoMore) {
    sources_.status = status;
    EXPECT_EQ(ReasonOf(Submit(alpha, *draft).status()), reason)
        << "closed between the draft and its handing in";
  }
  EXPECT_TRUE(Get(alpha, draft->application_id()).ok()) << "it may be read";
  sources_.status = corporations::v1::ACTIVE;
  EXPECT_TRUE(Submit(alpha, *draft).ok());
}

TEST_F(GrantsDeskTest, ARetryAsksNobodyAndChangesNothing) {
  const std::string alpha = Session("alpha");
  const auto draft = Start(alpha);
  ASSERT_TRUE(draft.ok());
  const int asked = sources_.asked;
  Again();
  const auto again = Start(alpha);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->SerializeAsString(), draft->SerializeAsString());
  const auto submitted = Submit(alpha, *draft);
  Again();
  EXPECT_EQ(Submit(alpha, *draft)->etag(), submitted->etag());
  EXPECT_EQ(sources_.asked, asked + 2) << "gbizid and corporations, once";
}

TEST_F(GrantsDeskTest, WhoReadAnOlderStateIsRefused) {
  const std::string alpha = Session("alpha");
  const auto draft = Start(alpha);
  const auto submitted = Submit(alpha, *draft);
  ASSERT_TRUE(submitted.ok());
  EXPECT_EQ(ReasonOf(Submit(alpha, *draft).status()), "ETAG_STALE");
  EXPECT_EQ(ReasonOf(Submit(alpha, *submitted).status()),
            "APPLICATION_SUBMITTED");
  EXPECT_EQ(ReasonOf(Decide(*draft, 1000).status()), "ETAG_STALE");
  EXPECT_EQ(ReasonOf(Decide(*submitted, 1'000'001).status()),
            "DECISION_MALFORMED");
  EXPECT_EQ(ReasonOf(Decide(*submitted, 0).status()), "DECISION_MALFORMED");
  EXPECT_EQ(ReasonOf(Decide(*submitted, -1, "x").status()),
            "DECISION_MALFORMED");
  const auto listed = desk_.ListSubmitted(Call(), {});
  ASSERT_EQ(listed->applications_size(), 1);
  const auto decided = Decide(*submitted, 1'000'000);
  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_EQ(ReasonOf(Decide(*decided, 1000).status()), "NOT_SUBMITTED");
  EXPECT_EQ(desk_.ListSubmitted(Call(), {})->applications_size(), 0);
}

TEST_F(GrantsDeskTest, SessionsAreOfTicketsAndEnd) {
  v1::SignInRequest request;
  request.set_ticket("forged");
  EXPECT_EQ(ReasonOf(desk_.SignIn(Call(), request).status()), "TICKET_INVALID");
  const std::string alpha = Session("alpha");
  for (const std::string& forged : {std::string(), std::string("alpha"),
                                    alpha + "a", std::string("' OR 1=1 --")})
    EXPECT_EQ(ReasonOf(Start(forged).status()), "SESSION_INVALID");
  clock_.Advance(kSessionLifetime);
  EXPECT_EQ(ReasonOf(Start(alpha).status()), "SESSION_INVALID");
}

}  // namespace
}  // namespace psm::grants
