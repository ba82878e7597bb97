// 38. A parent acts for her child at any provider: the mesh sees that she may,
// and both read it.
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/identity/v1/representation.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"
#include "tests/scenarios/card_sign_in.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using accounts::v1::AccountsService;
using identity::v1::ActForResponse;
using identity::v1::HistoryService;
using identity::v1::RepresentationService;
using residents::v1::GetResidentResponse;
using residents::v1::ResidentsService;

constexpr char kTerminal[] = "portal/terminal";
constexpr char kCounter[] = "akatsuki/residents";
constexpr char kByParent[] = "request-by-parent";
// Another who may ask for parents, so that only the token can be wrong.
constexpr char kBenefitsByParent[] = R"(
agreements {
  id: "akatsuki-benefits-by-parent"
  version: 1
  consumer: "akatsuki/benefits"
  affair: "request-by-parent"
  statute { ja: "民法 第824条" en: "Civil Code, art. 824" }
  grants {
    method: "psm.residents.v1.ResidentsService/GetResident"
    attributes: "name"
  }
  valid_from: "2026-01-01"
})";

class Representations : public Scenario {
 protected:
  static void SetUpTestSuite() { StartMesh({.agreements = kBenefitsByParent}); }

  static std::string CodeAt(const std::string& agency,
                            const std::string& person) {
    return mesh().Person(person).CodeAt(agency);
  }

  // Hanako for Minato, or for somebody else: the representation's id.
  static std::string Register(
      const std::string& person = "minato",
      identity::v1::Capacity capacity = identity::v1::CAPACITY_PARENT) {
    identity::v1::RegisterRepresentationRequest request;
    request.set_subject(CodeAt("akatsuki", person));
    request.set_representative_card_serial(
        card::LookAt(mesh().folder().Card("hanako"))->serial);
    request.set_capacity(capacity);
    const auto made = mesh().Client(kCounter).Call(
        &RepresentationService::Stub::RegisterRepresentation,
        {.affair = "representation-register"}, request);
    EXPECT_TRUE(made.status.ok()) << made.status;
    return made->representation_id();
  }

  static absl::Status End(const std::string& id,
                          const std::string& person = "minato") {
    identity::v1::EndRepresentationRequest request;
    request.set_subject(CodeAt("akatsuki", person));
    request.set_representation_id(id);
    return mesh()
        .Client(kCounter)
        .Call(&RepresentationService::Stub::EndRepresentation,
              {.affair = "representation-register"}, request)
        .status;
  }

  // With Hanako signed in at the terminal.
  static Reply<ActForResponse> ActFor(const std::string& id) {
    const auto card = VirtualCardOf("hanako");
    identity::v1::ActForRequest request;
    request.set_subject(SignInWith(mesh(), kTerminal, *card));
    request.set_representation_id(id);
    return mesh().Client(kTerminal).Call(&RepresentationService::Stub::ActFor,
                                         {.affair = "own-request"}, request);
  }
  static std::unique_ptr<card::VirtualCard> VirtualCardOf(
      const std::string& person) {
    return *card::VirtualCard::Open(mesh().folder().Card(person),
                                    SecretBytes(card::kDemoPin));
  }

  // The register's entry of `person`.
  static Reply<GetResidentResponse> Ask(
      const std::string& token, const std::string& person = "minato",
      const std::string& affair = kByParent,
      const std::string& consumer = kTerminal) {
    residents::v1::GetResidentRequest request;
    request.set_subject(CodeAt(consumer.substr(0, consumer.find('/')), person));
    return mesh().Client(consumer).Call(
        &ResidentsService::Stub::GetResident,
        {.affair = affair, .provider = kCounter, .representation = token},
        request);
  }

  // Of the exchange, in `person`'s history; empty where it is not there.
  static std::string Told(const std::string& exchange_id,
                          const std::string& person,
                          const CallOptions& options) {
    identity::v1::ListHistoryRequest request;
    request.set_subject(CodeAt("portal", person));
    const auto history = mesh().Client(kTerminal).Call(
        &HistoryService::Stub::ListHistory, options, request);
    EXPECT_TRUE(history.status.ok()) << history.status;
    for (int i = 0; i < history->records_size(); ++i) {
      if (history->records(i).exchange_id() != exchange_id) continue;
      EXPECT_EQ(history->records(i).subject(), "");
      EXPECT_EQ(history->records(i).representative(), "");
      return absl::StrCat(history->texts(i).representation().ja(), "|",
                          history->texts(i).representation().en());
    }
    return "";
  }
};

TEST_F(Representations, WhoActsStandsInBothHistories) {
  const std::string id = Register();
  const auto acting = ActFor(id);
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  EXPECT_EQ(acting->subject(), CodeAt("portal", "minato"));
  const auto entry = Ask(acting->token());
  ASSERT_TRUE(entry.status.ok()) << entry.status;
  EXPECT_NE(entry->name(), "");

  const Record childs = OnlyRecord(
      mesh(), {.exchange_id = entry.exchange_id, .person = "minato"});
  EXPECT_EQ(childs.representation_id(), id);
  EXPECT_FALSE(childs.acting());
  const Record mothers = OnlyRecord(
      mesh(), {.exchange_id = entry.exchange_id, .person = "hanako"});
  EXPECT_EQ(mothers.representation_id(), id);
  EXPECT_TRUE(mothers.acting());
  EXPECT_EQ(childs.representative(), mothers.subject());

  const std::string mother = mesh().Person("hanako").persona().name();
  EXPECT_EQ(
      Told(entry.exchange_id, "minato",
           {.affair = kByParent, .representation = acting->token()}),
      absl::StrCat("あなたの親権者(", mother, "さん)が代わって行いました|",
                   "by your parent ", mother, ", acting for you"));
  const std::string child = mesh().Person("minato").persona().name();
  EXPECT_EQ(Told(entry.exchange_id, "hanako", {.affair = "own-request"}),
            absl::StrCat("あなたが", child, "さんの親権者として行いました|",
                         "you, acting as parent for ", child));
}

// What a representative does changes something, and is the represented one's:
// the account is in the ward's name.
TEST_F(Representations, AGuardianRegistersTheAccountOfAWard) {
  constexpr char kByGuardian[] = "account-registration-by-guardian";
  const std::string id = Register("fumie", identity::v1::CAPACITY_GUARDIAN);
  const auto acting = ActFor(id);
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(acting->subject());
  accounts::v1::Account& account = *request.mutable_account();
  account.set_bank_code("9990");
  account.set_branch_code("002");
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number("7654321");
  account.set_holder_kana(mesh().Person("hanako").persona().kana());
  const auto send = [&](const std::string& affair, const std::string& token) {
    return mesh().Client(kTerminal).Call(
        &AccountsService::Stub::RegisterAccount,
        {.affair = affair, .representation = token}, request);
  };
  EXPECT_EQ(ReasonOf(send(kByGuardian, acting->token()).status),
            "HOLDER_MISMATCH")
      << "not into the guardian's account";
  account.set_holder_kana(mesh().Person("fumie").persona().kana());
  EXPECT_EQ(ReasonOf(send(kByGuardian, "").status), "REPRESENTATION_REQUIRED");
  EXPECT_EQ(
      ReasonOf(send("account-registration-by-parent", acting->token()).status),
      "REPRESENTATION_INVALID");
  const auto registered = send(kByGuardian, acting->token());
  ASSERT_TRUE(registered.status.ok()) << registered.status;

  const std::string guardian = mesh().Person("hanako").persona().name();
  EXPECT_EQ(
      Told(registered.exchange_id, "fumie", {.affair = "own-request"}),
      absl::StrCat("あなたの後見人(", guardian, "さん)が代わって行いました|",
                   "by your guardian ", guardian, ", acting for you"));
  EXPECT_EQ(Told(registered.exchange_id, "hanako", {.affair = "own-request"}),
            absl::StrCat("あなたが", mesh().Person("fumie").persona().name(),
                         "さんの後見人として行いました|",
                         "you, acting as guardian for ",
                         mesh().Person("fumie").persona().name()));
  ASSERT_TRUE(End(id, "fumie").ok());
  account.set_number("1111111");
  EXPECT_EQ(ReasonOf(send(kByGuardian, acting->token()).status),
            "REPRESENTATION_ENDED");
}

TEST_F(Representations, WithoutItsOwnTokenNobodyActsForTheChild) {
  const auto acting = ActFor(Register());
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  const std::string token = acting->token();
  struct Row {
    std::string token;
    const char* person;
    const char* affair;
    const char* consumer;
    const char* reason;
  };
  for (const Row& row : {
           Row{"", "minato", kByParent, kTerminal, "REPRESENTATION_REQUIRED"},
           Row{token, "minato", kByParent, kBenefits, "REPRESENTATION_INVALID"},
           Row{token, "kenji", kByParent, kTerminal, "REPRESENTATION_INVALID"},
           Row{token + "A", "minato", kByParent, kTerminal,
               "REPRESENTATION_INVALID"},
           Row{token, "minato", "request-by-guardian", kTerminal,
               "REPRESENTATION_INVALID"},
       }) {
    const auto refused = Ask(row.token, row.person, row.affair, row.consumer);
    EXPECT_EQ(ReasonOf(refused.status), row.reason)
        << row.person << " " << row.affair << " " << row.consumer;
    EXPECT_EQ(refused->ByteSizeLong(), 0u);
    const Record record = OnlyRecord(
        mesh(), {.exchange_id = refused.exchange_id, .person = row.person});
    EXPECT_EQ(record.reason(), row.reason);
    EXPECT_EQ(record.kind(), Record::REFUSAL);
  }
  // And with an affair in which nobody acts.
  identity::v1::ListHistoryRequest request;
  request.set_subject(CodeAt("portal", "minato"));
  EXPECT_EQ(
      ReasonOf(mesh()
                   .Client(kTerminal)
                   .Call(&HistoryService::Stub::ListHistory,
                         {.affair = "own-request", .representation = token},
                         request)
                   .status),
      "REPRESENTATION_INVALID");
  EXPECT_TRUE(Ask(token).status.ok()) << "it was well all the time";
}

TEST_F(Representations, AnEndBindsTheAnswerThatIsOnItsWay) {
  const std::string id = Register();
  const auto acting = ActFor(id);
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  // Whether the question is on its way already when it ends, or not yet: the
  // answer comes later.
  mesh().Slow(kCounter, absl::Seconds(3));
  Reply<GetResidentResponse> refused;
  std::thread asking([&] { refused = Ask(acting->token()); });
  const absl::Status ended = End(id);
  asking.join();
  mesh().Mend(kCounter);
  ASSERT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(ReasonOf(refused.status), "REPRESENTATION_ENDED");
  EXPECT_EQ(refused->ByteSizeLong(), 0u);
  for (const char* const person : {"minato", "hanako"}) {
    const Record record = OnlyRecord(
        mesh(), {.exchange_id = refused.exchange_id, .person = person});
    EXPECT_EQ(record.reason(), "REPRESENTATION_ENDED") << person;
    EXPECT_EQ(record.representation_id(), id) << person;
  }
  EXPECT_EQ(ReasonOf(ActFor(id).status), "REPRESENTATION_UNKNOWN");
}

TEST_F(Representations, ATokenIsOverAfterAQuarterOfAnHour) {
  const auto acting = ActFor(Register());
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  mesh().AdvanceClock(absl::Minutes(16));
  const auto refused = Ask(acting->token());
  EXPECT_EQ(ReasonOf(refused.status), "REPRESENTATION_EXPIRED");
  EXPECT_EQ(OnlyRecord(mesh(),
                       {.exchange_id = refused.exchange_id, .person = "minato"})
                .reason(),
            "REPRESENTATION_EXPIRED");
}

}  // namespace
}  // namespace psm::testing
