// 27. The registries of corporations and addresses: a corporation moves, takes
// another name and merges, in the sight of those who may see it and by nobody's
// hand but its registry's; gbizid asks it who represents one, each time.
#include "absl/strings/match.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/japan_time.h"
#include "psm/addresses/v1/addresses.grpc.pb.h"
#include "psm/corporations/v1/corporations.grpc.pb.h"
#include "tests/scenarios/business_scenario.h"

namespace psm::testing {
namespace {

using addresses::v1::AddressesService;
using addresses::v1::NormalizeAddressResponse;
using corporations::v1::Change;
using corporations::v1::CorporationsService;
using corporations::v1::GetCorporationResponse;
using corporations::v1::RegisterChangeRequest;
using ChangeReply = Reply<corporations::v1::RegisterChangeResponse>;

constexpr char kDesk[] = "corporations/desk";
constexpr char kRegistration[] = "corporate-registration";
constexpr char kInformation[] = "corporate-information";

class Registries : public BusinessScenario {
 protected:
  static Reply<GetCorporationResponse> Get(
      const std::string& number, const std::string& consumer = kDesk,
      const std::string& affair = kRegistration) {
    corporations::v1::GetCorporationRequest request;
    request.set_corporate_number(number);
    return mesh().Client(consumer).Call(
        &CorporationsService::Stub::GetCorporation, {.affair = affair},
        request);
  }

  // A change of today and of the state as it is; the caller says which.
  static RegisterChangeRequest Change(const std::string& number) {
    RegisterChangeRequest request;
    request.set_corporate_number(number);
    request.set_etag(Get(number)->etag());
    request.set_effective_date(Today());
    return request;
  }
  static std::string Today() {
    return absl::FormatTime("%Y-%m-%d", mesh().clock().Now(), JapanTime());
  }
  static ChangeReply Register(const RegisterChangeRequest& request,
                              const std::string& consumer = kDesk,
                              const std::string& id = NewExchangeId()) {
    return mesh().Client(consumer).Call(
        &CorporationsService::Stub::RegisterChange,
        {.affair = kRegistration, .exchange_id = id}, request);
  }

  // Numbers of those with the name.
  static std::vector<std::string> Search(const std::string& name,
                                         bool former = false) {
    corporations::v1::SearchCorporationsRequest request;
    request.set_name(name);
    request.set_include_former_names(former);
    const auto found = mesh().Client(kTerminal).Call(
        &CorporationsService::Stub::SearchCorporations,
        {.affair = kInformation}, request);
    EXPECT_TRUE(found.status.ok()) << found.status;
    std::vector<std::string> numbers;
    for (const auto& row : found->corporations())
      numbers.push_back(row.corporate_number());
    return numbers;
  }
  // The last corporation by number; not kakuu.
  static std::string Other(const std::string& number) {
    std::string other;
    corporations::v1::SearchCorporationsRequest all;
    all.add_statuses(corporations::v1::ACTIVE);
    const auto found = mesh().Client(kTerminal).Call(
        &CorporationsService::Stub::SearchCorporations,
        {.affair = kInformation}, all);
    for (const auto& row : found->corporations()) {
      if (row.corporate_number() != number) other = row.corporate_number();
    }
    return other;
  }
  static std::string Kakuu() { return mesh().Person("kakuu").CodeAt("gbizid"); }
};

TEST_F(Registries, ANewNameIsFoundAndTheOldOneIsNotForgotten) {
  const std::string kakuu = Kakuu();
  ASSERT_EQ(Search("(株)カクウ"), std::vector<std::string>{kakuu});
  RegisterChangeRequest change = Change(kakuu);
  change.mutable_name()->set_name("株式会社あたらしい製作所");
  change.mutable_name()->set_kana("アタラシイセイサクショ");
  const std::string id = NewExchangeId();
  const ChangeReply done = Register(change, kDesk, id);
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_EQ(Register(change, kDesk, id)->sequence(), done->sequence())
      << "a retry is no second change";
  EXPECT_EQ(Search("ｱﾀﾗｼｲ"), std::vector<std::string>{kakuu});
  EXPECT_TRUE(Search("かくう").empty());
  EXPECT_EQ(Search("かくう", true), std::vector<std::string>{kakuu});

  // Another officer, who saw the old name, is told so.
  change.mutable_name()->set_name("株式会社おそい");
  const ChangeReply late = Register(change);
  EXPECT_EQ(ReasonOf(late.status), "ETAG_STALE") << late.status;
  EXPECT_EQ(late.status.code(), absl::StatusCode::kAborted);

  corporations::v1::GetHistoryRequest whose;
  whose.set_corporate_number(kakuu);
  const auto history = mesh().Client(kBenefits).Call(
      &CorporationsService::Stub::GetHistory, {.affair = kInformation}, whose);
  ASSERT_TRUE(history.status.ok()) << history.status;
  ASSERT_EQ(history->entries_size(), 2);
  EXPECT_EQ(history->entries(0).change().name(), "株式会社かくう製作所");
  EXPECT_EQ(history->entries(1).change().kind(), Change::NAME);
}

TEST_F(Registries, NobodyElseChangesACorporationAndTheAttemptIsRecorded) {
  const std::string kakuu = Kakuu();
  const std::string before = Get(kakuu)->representative();
  RegisterChangeRequest forged = Change(kakuu);
  forged.set_representative("乗っ取り　太郎");
  for (const std::string consumer : {"gbizid/gbizid", kBenefits, kTerminal}) {
    const std::string id = NewExchangeId();
    const ChangeReply refused = Register(forged, consumer, id);
    EXPECT_EQ(ReasonOf(refused.status), "NO_AGREEMENT") << refused.status;
    const Record record = OnlyRecord(mesh(), {.exchange_id = id});
    EXPECT_EQ(record.kind(), Record::REFUSAL);
    EXPECT_EQ(record.reason(), "NO_AGREEMENT");
  }
  EXPECT_EQ(Get(kakuu)->representative(), before);
}

TEST_F(Registries, TheRepresentativeIsForThoseWhoseAgreementSaysSo) {
  const auto account = Get(Kakuu(), "gbizid/gbizid", kInformation);
  ASSERT_TRUE(account.status.ok()) << account.status;
  EXPECT_FALSE(account->representative().empty());
  const auto benefit = Get(Kakuu(), kBenefits, kInformation);
  ASSERT_TRUE(benefit.status.ok()) << benefit.status;
  EXPECT_FALSE(benefit->name().empty());
  EXPECT_TRUE(benefit->representative().empty());
}

TEST_F(Registries, AMergedNumberAnswersWithItsSuccessor) {
  const std::string kakuu = Kakuu();
  const std::string gone = Other(kakuu);
  RegisterChangeRequest merger = Change(gone);
  merger.set_merged_into(kakuu);
  const ChangeReply done = Register(merger);
  ASSERT_TRUE(done.status.ok()) << done.status;
  const auto read = Get(gone, "gbizid/gbizid", kInformation);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read->status(), corporations::v1::MERGED);
  EXPECT_EQ(read->current_number(), kakuu);
  RegisterChangeRequest undead = Change(gone);
  undead.set_representative("幽霊　一郎");
  EXPECT_EQ(ReasonOf(Register(undead).status), "CORPORATION_CLOSED");

  // Who keeps a copy learns of it.
  const auto changes = mesh().Client(kTerminal).Call(
      &CorporationsService::Stub::ListChanges, {.affair = kInformation},
      corporations::v1::ListChangesRequest());
  ASSERT_TRUE(changes.status.ok()) << changes.status;
  bool told = false;
  for (const auto& change : changes->changes())
    told = told || (change.kind() == Change::MERGER &&
                    change.corporate_number() == gone &&
                    change.other_number() == kakuu);
  EXPECT_TRUE(told);
}

TEST_F(Registries, AnAddressBecomesIdsHoweverItIsWritten) {
  const auto read = [](const std::string& written) {
    addresses::v1::NormalizeAddressRequest request;
    request.set_address(written);
    return mesh().Client(kTerminal).Call(
        &AddressesService::Stub::NormalizeAddress, {.affair = "place-names"},
        request);
  };
  for (const std::string written :
       {"架空県あかつき市東雲台2丁目3番4号", "あかつき市東雲台２ー３ー４",
        "架空縣 アカツキ市 大字東雲台 二丁目三番四号"}) {
    const auto answer = read(written);
    ASSERT_TRUE(answer.status.ok()) << answer.status;
    EXPECT_EQ(answer->level(), NormalizeAddressResponse::RESIDENCE) << written;
    EXPECT_EQ(answer->town().machiaza_id(), "0002002");
    EXPECT_EQ(answer->rsdt_id(), "004");
  }
  EXPECT_EQ(ReasonOf(read("").status), "ADDRESS_MALFORMED");

  // The registry of corporations asks the same, and takes no address that
  // nobody understands.
  const std::string kakuu = Kakuu();
  RegisterChangeRequest move = Change(kakuu);
  move.set_address("どこにもない町1-2-3");
  EXPECT_EQ(ReasonOf(Register(move).status), "ADDRESS_NOT_UNDERSTOOD");
  move.set_address("あかつき市東雲台２ー３ー４　見本ビル3階");
  const ChangeReply moved = Register(move);
  ASSERT_TRUE(moved.status.ok()) << moved.status;
  EXPECT_EQ(Get(kakuu)->address_ids().machiaza_id(), "0002002");
  EXPECT_EQ(Get(kakuu)->address_ids().blk_id(), "003");
}

// A mesh of its own: what gbizid was seeded with stays as it was, and what the
// registry has changes.
class AskedRegistry : public Registries {
 protected:
  static void Represent(const std::string& number, const std::string& person) {
    RegisterChangeRequest change = Change(number);
    change.set_representative(mesh().Person(person).persona().name());
    const ChangeReply done = Register(change);
    ASSERT_TRUE(done.status.ok()) << done.status;
  }
  // As far as it is said so far.
  static std::string MailedCode() {
    const std::string folder =
        mesh().folder().root() + "/files/gbizid/gbizid/mail/";
    std::string code;
    for (const char* name : {"000.txt", "001.txt", "002.txt"}) {
      const std::string text = ReadFile(folder + name).value_or("");
      if (absl::StrContains(text, "code: "))
        code = text.substr(text.find("code: ") + 6, 10);
    }
    return code;
  }
  static auto Recover(const std::string& number, const std::string& mail,
                      const std::string& person) {
    gv1::RecoverByCardRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_corporate_number(number);
    request.set_mail(mail);
    request.set_code(MailedCode());
    request.set_new_password("another long password");
    request.set_blind("0123456789abcdef");
    return mesh().Client(kTerminal).Call(&PrimeService::Stub::RecoverByCard,
                                         {.affair = kAccounts}, request);
  }
  static void BeginRecovery(const std::string& mail) {
    gv1::BeginRecoveryRequest begin;
    begin.set_mail(mail);
    begin.set_blind("0123456789abcdef");
    Done(&AccountsService::Stub::BeginRecovery, begin);
  }
  static std::string ReasonOnRecord(const std::string& exchange_id) {
    return OnlyRecord(mesh(), {.exchange_id = exchange_id,
                               .consumer = kTerminal,
                               .kind = Record::REFUSAL})
        .reason();
  }
};

// The bad actor is who represented the corporation until today.
TEST_F(AskedRegistry, WhoRepresentsACorporationIsAskedEachTime) {
  const std::string alpha = Kakuu();
  const std::string mail = "a@alpha.example";
  const std::string session = Open(alpha, mail);
  const auto application = Apply(session, alpha, gv1::PrimeApplication::CARD);

  // Where the registry does not answer nothing is decided.
  mesh().Break("corporations/corporations");
  const auto unknown = ShowCard(session, alpha, application, "taro");
  EXPECT_EQ(ReasonOf(unknown.status), "CORPORATIONS_UNAVAILABLE");
  EXPECT_EQ(unknown.status.code(), absl::StatusCode::kUnavailable);
  mesh().Mend("corporations/corporations");
  const absl::Duration patience =
      mesh().clock().Monotonic() + absl::Seconds(10);
  while (!Get(alpha).status.ok() && mesh().clock().Monotonic() < patience) {
  }

  Represent(alpha, "kenji");
  const auto former = ShowCard(session, alpha, application, "taro");
  EXPECT_EQ(ReasonOf(former.status), "REPRESENTATIVE_MISMATCH");
  EXPECT_EQ(ReasonOnRecord(former.exchange_id), "REPRESENTATIVE_MISMATCH");
  const auto prime = ShowCard(session, alpha, application, "kenji");
  ASSERT_TRUE(prime.status.ok()) << prime.status;
  EXPECT_EQ(prime->account().type(), gv1::Account::PRIME);
  const auto asked =
      mesh().AwaitRecords({.consumer = "gbizid/gbizid",
                           .provider = "corporations/corporations",
                           .kind = Record::EXCHANGE},
                          4);
  ASSERT_TRUE(asked.ok()) << asked.status();
  ASSERT_EQ(asked->size(), 4u) << "to open, to apply, and for each card";
  for (const Record& record : *asked) {
    EXPECT_EQ(record.affair(), kInformation);
    EXPECT_EQ(record.corporation(), alpha);
    EXPECT_EQ(Released(record),
              (std::vector<std::string>{"name", "representative", "status"}));
  }

  // The same for a forgotten password.
  Represent(alpha, "taro");
  BeginRecovery(mail);
  const auto stale = Recover(alpha, mail, "kenji");
  EXPECT_EQ(ReasonOf(stale.status), "RECOVERY_REFUSED");
  EXPECT_EQ(ReasonOnRecord(stale.exchange_id), "RECOVERY_REFUSED");
  const auto recovered = Recover(alpha, mail, "taro");
  EXPECT_TRUE(recovered.status.ok()) << recovered.status;

  // And nobody represents what is no more.
  BeginRecovery(mail);
  Dissolve(alpha);
  const auto closed = Recover(alpha, mail, "taro");
  EXPECT_EQ(ReasonOf(closed.status), "CORPORATION_DISSOLVED");
  EXPECT_EQ(ReasonOnRecord(closed.exchange_id), "CORPORATION_DISSOLVED");
}

TEST_F(AskedRegistry, ACorporationThatIsNoMoreGetsNoPrime) {
  const std::string beta = Other(Kakuu());
  const std::string session = Open(beta, "b@beta.example");
  const auto application =
      Apply(session, beta, gv1::PrimeApplication::DOCUMENTS);
  Dissolve(beta);
  gv1::DecideApplicationRequest decide;
  decide.set_corporate_number(beta);
  decide.set_application_id(application.application_id());
  decide.set_etag(application.etag());
  decide.set_approve(true);
  const auto refused = mesh()
                           .Client("gbizid/desk")
                           .Call(&PrimeService::Stub::DecideApplication,
                                 {.affair = kAccounts}, decide);
  EXPECT_EQ(ReasonOf(refused.status), "CORPORATION_DISSOLVED");
  gv1::GetAccountRequest who;
  who.set_session(session);
  EXPECT_EQ(Done(&AccountsService::Stub::GetAccount, who).account().type(),
            gv1::Account::ENTRY);

  gv1::OpenEntryRequest open;
  open.set_corporate_number(beta);
  open.set_mail("c@beta.example");
  open.set_password(kPassword);
  open.set_blind("0123456789abcdef");
  const auto late = mesh().Client(kTerminal).Call(
      &AccountsService::Stub::OpenEntry, {.affair = kAccounts}, open);
  EXPECT_EQ(ReasonOf(late.status), "CORPORATION_DISSOLVED");
  EXPECT_EQ(ReasonOnRecord(late.exchange_id), "CORPORATION_DISSOLVED");
}

// From a sole proprietor, whom the registry does not have.
TEST_F(AskedRegistry, NobodyDelegatesToWhatIsNoMore) {
  const std::string shop = Open("", "shop@example.example");
  ASSERT_TRUE(
      ShowCard(shop, "", Apply(shop, "", gv1::PrimeApplication::CARD), "hanako")
          .status.ok());
  const std::string gamma = Other(Kakuu());
  const std::string session = Open(gamma, "g@gamma.example");
  ApproveDocuments(Apply(session, gamma, gv1::PrimeApplication::DOCUMENTS));
  gv1::OfferDelegationRequest offer;
  offer.set_session(shop);
  offer.set_delegate(gamma);
  offer.set_relying_service(kGrants);
  offer.mutable_end_time()->set_seconds(
      absl::ToUnixSeconds(mesh().clock().Now() + absl::Hours(24)));
  const auto offered =
      Done(&DelegationsService::Stub::OfferDelegation, offer).delegation();

  Dissolve(gamma);
  gv1::AnswerDelegationRequest answer;
  answer.set_session(session);
  answer.set_delegation_id(offered.delegation_id());
  answer.set_etag(offered.etag());
  answer.set_accept(true);
  const auto refused =
      mesh().Client(kTerminal).Call(&DelegationsService::Stub::AnswerDelegation,
                                    {.affair = kAccounts}, answer);
  EXPECT_EQ(ReasonOf(refused.status), "CORPORATION_DISSOLVED");
  EXPECT_EQ(ReasonOnRecord(refused.exchange_id), "CORPORATION_DISSOLVED");
  answer.set_accept(false);
  EXPECT_EQ(Done(&DelegationsService::Stub::AnswerDelegation, answer)
                .delegation()
                .state(),
            gv1::Delegation::DECLINED);
  const auto again = mesh().Client(kTerminal).Call(
      &DelegationsService::Stub::OfferDelegation, {.affair = kAccounts}, offer);
  EXPECT_EQ(ReasonOf(again.status), "CORPORATION_DISSOLVED");
}

}  // namespace
}  // namespace psm::testing
