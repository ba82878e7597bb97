// 29. A woman is put under protection: no path of the mesh leads to her
// address or her municipality, whoever asks and however.
#include <string>

#include "gmock/gmock.h"
#include "mesh/base/japan_time.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/identity/v1/signature.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/residents/v1/protection.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"
#include "services/residents/notice_rules.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using residents::v1::ProtectionService;
using residents::v1::ResidentsService;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOfficer[] = "akatsuki/counter";
constexpr char kTerminal[] = "portal/terminal";

class Protection : public Scenario {
 protected:
  static std::string InAYear() {
    return absl::FormatCivilTime(DayInJapan(mesh().clock().Now()) + 365);
  }
  static absl::Status Protect(const std::string& person) {
    residents::v1::ProtectRequest request;
    request.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    request.set_last_date(InAYear());
    return mesh()
        .Client(kOfficer)
        .Call(&ProtectionService::Stub::Protect,
              {.affair = "protect-person", .provider = "akatsuki/residents"},
              request)
        .status;
  }
  static auto Household(const std::string& consumer, const std::string& affair,
                        const std::string& code) {
    residents::v1::GetHouseholdRequest request;
    request.set_subject(code);
    return mesh().Client(consumer).Call(
        &ResidentsService::Stub::GetHousehold,
        {.affair = affair, .provider = "akatsuki/residents"}, request);
  }
  static auto HistoryAt(const std::string& town, const std::string& person) {
    residents::v1::GetResidentHistoryRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    return mesh().Client(kTerminal).Call(
        &ResidentsService::Stub::GetResidentHistory,
        {.affair = "own-request", .provider = town + "/residents"}, request);
  }
  // What the person reads at home, as bytes.
  static std::string HistoryOf(const std::string& person) {
    identity::v1::ListHistoryRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    const auto shown = mesh().Client(kTerminal).Call(
        &identity::v1::HistoryService::Stub::ListHistory,
        {.affair = "own-request"}, request);
    EXPECT_TRUE(shown.status.ok()) << shown.status;
    return shown->SerializeAsString();
  }
  static auto LetBankKnow(const std::string& person) {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_consumer("hoshizora-bank/customers");
    request.set_affair("customer-address");
    request.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
    request.add_attributes("address");
    return mesh().Client(kTerminal).Call(
        &identity::v1::ConsentService::Stub::GrantConsent,
        {.affair = "own-request"}, request);
  }
  static auto BankAsks(const std::string& token) {
    return mesh()
        .Client("hoshizora-bank/customers")
        .Call(&identity::v1::BasicItemsService::Stub::GetBasicItems,
              {.affair = "customer-address", .consent = token},
              identity::v1::GetBasicItemsRequest());
  }
  static absl::Status EndProtection(const std::string& person) {
    residents::v1::EndProtectionRequest request;
    request.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    return mesh()
        .Client(kOfficer)
        .Call(&ProtectionService::Stub::EndProtection,
              {.affair = "protect-person", .provider = "akatsuki/residents"},
              request)
        .status;
  }
  static auto WhoSigned(const std::string& document,
                        const std::string& signature) {
    identity::v1::VerifyDocumentRequest request;
    request.set_document(document);
    request.set_signature(signature);
    return mesh().Client(kBenefits).Call(
        &identity::v1::SignatureService::Stub::VerifyDocument,
        {.affair = kBenefitAffair}, request);
  }
  static auto MoveFrom(const std::string& town, const std::string& person) {
    moving::v1::StartMoveRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_move_date(
        absl::FormatCivilTime(DayInJapan(mesh().clock().Now()) + 7));
    request.set_origin(town);
    request.set_destination(town == "akatsuki" ? "yunagi" : "akatsuki");
    return mesh().Client(kTerminal).Call(
        &moving::v1::MovingService::Stub::StartMove,
        {.affair = "one-stop-moving"}, request);
  }
};

TEST_F(Protection, NoPathLeadsToAProtectedPerson) {
  const std::string hers = mesh().Person("misaki").CodeAt("akatsuki");
  ASSERT_TRUE(Household(kBenefits, kBenefitAffair, hers).status.ok());
  ASSERT_TRUE(HistoryAt("akatsuki", "misaki").status.ok());
  const auto before = LetBankKnow("misaki");
  EXPECT_NE(BankAsks(before->token())->address(), "");
  ASSERT_TRUE(Protect("misaki").ok());

  // Her own city's desk needs an officer's decision, of which a record is
  // kept.
  const auto desk = Household(kBenefits, kBenefitAffair, hers);
  EXPECT_EQ(ReasonOf(desk.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(desk->ByteSizeLong(), 0u);
  residents::v1::AllowDeskRequest allow;
  allow.set_subject(hers);
  allow.set_desk(kBenefits);
  allow.set_affair(kBenefitAffair);
  allow.set_last_date(InAYear());
  const auto allowed = mesh().Client(kOfficer).Call(
      &ProtectionService::Stub::AllowDesk,
      {.affair = "protect-person", .provider = "akatsuki/residents"}, allow);
  ASSERT_TRUE(allowed.status.ok()) << allowed.status;
  EXPECT_TRUE(Household(kBenefits, kBenefitAffair, hers).status.ok());

  // Whoever asks from outside hears the same of the town where she lives and of
  // the one where she does not.
  for (const char* town : {"akatsuki", "yunagi"}) {
    const auto history = HistoryAt(town, "misaki");
    EXPECT_EQ(ReasonOf(history.status), "NO_AUTOMATIC_ANSWER") << town;
    EXPECT_EQ(history->ByteSizeLong(), 0u);
    const auto move = MoveFrom(town, "misaki");
    EXPECT_EQ(ReasonOf(move.status), "NOT_ONLINE") << town;
  }

  // Nor can she give her address away, by mistake or because she must.
  const auto consent = LetBankKnow("misaki");
  EXPECT_EQ(ReasonOf(consent.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(consent->ByteSizeLong(), 0u);
  // What she let the bank know before is not an address from before either.
  const auto asked = BankAsks(before->token());
  ASSERT_TRUE(asked.status.ok()) << asked.status;
  EXPECT_EQ(asked->address(), "");
  const auto records = mesh().Records({.exchange_id = asked.exchange_id});
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().released_size(), 0);

  // Where she can be looked over the shoulder: her history names no town.
  const std::string shown = HistoryOf("misaki");
  EXPECT_NE(shown, "");
  for (const char* town :
       {"akatsuki", "yunagi", "あかつき", "ゆうなぎ", "Akatsuki", "Yunagi"}) {
    EXPECT_THAT(shown, Not(HasSubstr(town)));
  }

  ASSERT_TRUE(EndProtection("misaki").ok());
  EXPECT_TRUE(HistoryAt("akatsuki", "misaki").status.ok());
  EXPECT_TRUE(LetBankKnow("misaki").status.ok());
}

// Her household is hers: her child is not the way to her.
TEST_F(Protection, NoPathLeadsThroughHerChild) {
  const std::string childs = mesh().Person("minato").CodeAt("akatsuki");
  ASSERT_TRUE(Household(kBenefits, kBenefitAffair, childs).status.ok());
  ASSERT_TRUE(HistoryAt("akatsuki", "minato").status.ok());
  ASSERT_TRUE(Protect("hanako").ok());
  const auto desk = Household(kBenefits, kBenefitAffair, childs);
  EXPECT_EQ(ReasonOf(desk.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(desk->ByteSizeLong(), 0u);
  // Nor elsewhere: the mesh protects whoever lives with her.
  for (const char* town : {"akatsuki", "yunagi"}) {
    const auto history = HistoryAt(town, "minato");
    EXPECT_EQ(ReasonOf(history.status), "NO_AUTOMATIC_ANSWER") << town;
    EXPECT_EQ(history->ByteSizeLong(), 0u);
    EXPECT_EQ(ReasonOf(MoveFrom(town, "minato").status), "NOT_ONLINE") << town;
  }
  const auto consent = LetBankKnow("fumie");
  EXPECT_EQ(ReasonOf(consent.status), "NO_AUTOMATIC_ANSWER");
  const auto tax = AskTax(mesh(), "fumie");
  EXPECT_EQ(ReasonOf(tax.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(tax->ByteSizeLong(), 0u);
  for (const char* person : {"minato", "fumie"}) {
    const std::string shown = HistoryOf(person);
    EXPECT_NE(shown, "");
    for (const char* town :
         {"akatsuki", "yunagi", "あかつき", "ゆうなぎ", "Akatsuki", "Yunagi"}) {
      EXPECT_THAT(shown, Not(HasSubstr(town))) << person;
    }
  }
  ASSERT_TRUE(EndProtection("hanako").ok());
  EXPECT_TRUE(HistoryAt("akatsuki", "minato").status.ok());
  EXPECT_TRUE(AskTax(mesh(), "fumie").status.ok());
  EXPECT_TRUE(LetBankKnow("fumie").status.ok());
}

// A certificate for signatures carries the address.
TEST_F(Protection, WhoSignedIsNotToldWithHerAddress) {
  const auto card = card::VirtualCard::Open(
      mesh().folder().Card("misaki"), SecretBytes(card::kDemoSignaturePin),
      card::CertificateKind::kSignature);
  ASSERT_TRUE(card.ok()) << card.status();
  const std::string signature =
      *card::SignDocument(**card, "an application", mesh().clock().Now());
  ASSERT_NE(WhoSigned("an application", signature)->address(), "");
  ASSERT_TRUE(Protect("misaki").ok());
  const auto who = WhoSigned("an application", signature);
  EXPECT_EQ(ReasonOf(who.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(who->ByteSizeLong(), 0u);
  ASSERT_TRUE(EndProtection("misaki").ok());
}

TEST_F(Protection, OnlyHerOwnMunicipalityDecides) {
  residents::v1::EndProtectionRequest end;
  end.set_subject(mesh().Person("taro").CodeAt("yunagi"));
  for (const char* system : {"yunagi/counter", "yunagi/tax"}) {
    const auto lifted = mesh().Client(system).Call(
        &ProtectionService::Stub::EndProtection,
        {.affair = "protect-person", .provider = "akatsuki/residents"}, end);
    EXPECT_EQ(ReasonOf(lifted.status), "NO_AGREEMENT") << system;
  }
  // Who is not protected is answered about as ever.
  EXPECT_TRUE(Household(kBenefits, kBenefitAffair,
                        mesh().Person("taro").CodeAt("akatsuki"))
                  .status.ok());
}

}  // namespace
}  // namespace psm::testing
