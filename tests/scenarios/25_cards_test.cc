// 25. A person's card: what it signs, what ends it, and what its holder agrees
// to.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/base/durable_file.h"
#include "mesh/crypto/certificate.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/cards.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/identity/v1/consent_request.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/identity/v1/representation.grpc.pb.h"
#include "psm/identity/v1/sign_in.grpc.pb.h"
#include "psm/identity/v1/signature.grpc.pb.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"
#include "services/identity/openssl_command.h"
#include "tests/scenarios/card_sign_in.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using card::CertificateKind;
using card::VirtualCard;
using identity::v1::BasicItemsService;
using identity::v1::CardsService;
using identity::v1::ConsentRequestService;
using identity::v1::RepresentationService;
using identity::v1::SignatureService;
using identity::v1::SignInService;

constexpr char kTerminal[] = "portal/terminal";
constexpr char kCounter[] = "akatsuki/residents";
constexpr char kMethod[] = "psm.identity.v1.BasicItemsService/GetBasicItems";
// Wider than what anybody grants below.
constexpr char kNameAndAddressByConsent[] = R"(
agreements {
  id: "akatsuki-benefits-basic-items"
  version: 1
  consumer: "akatsuki/benefits"
  affair: "customer-address"
  consent {}
  grants {
    method: "psm.identity.v1.BasicItemsService/GetBasicItems"
    attributes: "name"
    attributes: "address"
  }
  valid_from: "2026-01-01"
})";

class Cards : public Scenario {
 protected:
  static void SetUpTestSuite() {
    StartMesh({.agreements = kNameAndAddressByConsent});
  }

  static std::string CardFile(const std::string& person) {
    return mesh().folder().Card(person);
  }
  static std::string Jpki(const std::string& name) {
    return absl::StrCat(mesh().folder().root(), "/pki/jpki/", name);
  }
  static std::string CodeAtPortal(const std::string& person) {
    return mesh().Person(person).CodeAt("portal");
  }

  // Who signed in, or the reason why nobody did.
  static std::string SignIn(const std::string& person,
                            const std::string& pin = card::kDemoPin) {
    auto card = VirtualCard::Open(CardFile(person), SecretBytes(pin));
    if (!card.ok()) return ReasonOf(card.status());
    return SignInWith(mesh(), kTerminal, **card);
  }

  static absl::Status Moves(const std::string& person,
                            const std::string& address) {
    identity::v1::NotifyChangeRequest request;
    request.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    request.set_address(address);
    *request.mutable_change_time() =
        google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
            absl::ToUnixMicros(mesh().clock().Now()));
    return mesh()
        .Client(kCounter)
        .Call(&CardsService::Stub::NotifyChange, {.affair = "card-counter"},
              request)
        .status;
  }

  static Reply<identity::v1::VerifyDocumentResponse> WhoSigned(
      const std::string& document, const std::string& signature) {
    identity::v1::VerifyDocumentRequest request;
    request.set_document(document);
    request.set_signature(signature);
    return mesh().Client(kBenefits).Call(
        &SignatureService::Stub::VerifyDocument, {.affair = kBenefitAffair},
        request);
  }
};

TEST_F(Cards, ASignedDocumentIsVerifiedOfflineAndAMoveEndsItsCertificate) {
  auto card = VirtualCard::Open(CardFile("hanako"),
                                SecretBytes(card::kDemoSignaturePin),
                                CertificateKind::kSignature);
  ASSERT_TRUE(card.ok()) << card.status();
  const std::string signature =
      *card::SignDocument(**card, "an application", mesh().clock().Now());
  // By whoever has the two files, without asking anybody.
  const auto verify = [&signature] {
    const auto trust = card::DocumentTrust::Create(*ReadFile(Jpki("ca.pem")),
                                                   *ReadFile(Jpki("crl.pem")));
    return (*trust)
        ->Verify("an application", signature, mesh().clock().Now())
        .status();
  };
  EXPECT_TRUE(verify().ok()) << verify();
  const auto who = WhoSigned("an application", signature);
  ASSERT_TRUE(who.status.ok()) << who.status;
  EXPECT_EQ(who->subject(), mesh().Person("hanako").CodeAt("akatsuki"));
  EXPECT_NE(who->name(), "");
  EXPECT_EQ(who->birth_date(), "") << "the agreement does not grant it";
  EXPECT_EQ(ReasonOf(WhoSigned("another", signature).status),
            "SIGNATURE_INVALID");

  ASSERT_TRUE(Moves("hanako", "架空県ゆうなぎ市9-9-9").ok());
  EXPECT_EQ(ReasonOf(verify()), "CERTIFICATE_NOT_ACCEPTED");
  const auto refused = WhoSigned("an application", signature);
  EXPECT_EQ(ReasonOf(refused.status), "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_EQ(refused->ByteSizeLong(), 0u);
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = refused.exchange_id}).reason(),
            "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_EQ(SignIn("hanako"), CodeAtPortal("hanako"))
      << "the other certificate names no address";
}

TEST_F(Cards, ALockedCardIsResetAtTheCounterAndOldCopiesDie) {
  const std::string file = CardFile("taro");
  const std::string copy = absl::StrCat(mesh().folder().root(), "/copy.json");
  ASSERT_TRUE(WriteWholeFile(copy, *ReadPrivateFile(file), kPrivate).ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(SignIn("taro", "0000"), "PIN_WRONG");
  EXPECT_EQ(SignIn("taro"), "CARD_LOCKED");

  identity::v1::RenewCertificatesRequest request;
  request.set_subject(mesh().Person("taro").CodeAt("akatsuki"));
  request.set_card_serial(card::LookAt(file)->serial);
  request.set_authentication_request(*card::RequestCertificate(
      file, CertificateKind::kAuthentication, SecretBytes("2468")));
  const auto at_counter = [&](const std::string& system) {
    return mesh().Client(system).Call(&CardsService::Stub::RenewCertificates,
                                      {.affair = "card-counter"}, request);
  };
  EXPECT_EQ(ReasonOf(at_counter("akatsuki/tax").status), "NO_AGREEMENT");
  identity::v1::RenewCertificatesRequest hanakos = request;
  hanakos.set_subject(mesh().Person("hanako").CodeAt("akatsuki"));
  std::swap(request, hanakos);
  EXPECT_EQ(ReasonOf(at_counter(kCounter).status), "CARD_UNKNOWN")
      << "another person's card";
  std::swap(request, hanakos);
  const auto renewed = at_counter(kCounter);
  ASSERT_TRUE(renewed.status.ok()) << renewed.status;
  ASSERT_TRUE(
      card::InstallCertificate(file, renewed->authentication_certificate())
          .ok());
  EXPECT_EQ(SignIn("taro", "2468"), CodeAtPortal("taro"));

  // The copy has its tries and its PIN, and opens nothing.
  ASSERT_TRUE(WriteWholeFile(file, *ReadPrivateFile(copy), kPrivate).ok());
  EXPECT_EQ(SignIn("taro"), "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(Cards, OpenSslHearsOfALostCardFromTheRunningAgency) {
  const auto view = *card::LookAt(CardFile("yoshiko"));
  const std::string pem = absl::StrCat(mesh().folder().root(), "/yoshiko.pem");
  ASSERT_TRUE(
      WriteWholeFile(pem, view.faces.front().certificate_pem, kPublic).ok());
  const auto ask = [&pem] {
    return OpenSsl(absl::StrCat("ocsp -issuer ", Jpki("ca.pem"), " -CAfile ",
                                Jpki("ca.pem"), " -cert ", pem, " -url http://",
                                *ReadFile(Jpki("responder")), "/"))
        .text;
  };
  const auto verify = [&pem] {
    return OpenSsl(absl::StrCat("verify -x509_strict -crl_check -CAfile ",
                                Jpki("ca.pem"), " -CRLfile ", Jpki("crl.pem"),
                                " ", pem))
        .text;
  };
  EXPECT_NE(ask().find(": good"), std::string::npos) << ask();
  EXPECT_NE(verify().find(": OK"), std::string::npos) << verify();
  const auto list = OpenSsl(absl::StrCat("crl -noout -CAfile ", Jpki("ca.pem"),
                                         " -in ", Jpki("crl.pem")));
  EXPECT_NE(list.text.find("verify OK"), std::string::npos) << list.text;
  ASSERT_EQ(SignIn("yoshiko"), CodeAtPortal("yoshiko"));
  identity::v1::RevokeCardRequest request;
  request.set_subject(CodeAtPortal("yoshiko"));
  request.set_card_serial(view.serial);
  const CallReport lost = mesh().Client(kTerminal).Call(
      &CardsService::Stub::RevokeCard, {.affair = "own-request"}, request);
  ASSERT_TRUE(lost.status.ok()) << lost.status;
  EXPECT_NE(ask().find(": revoked"), std::string::npos) << ask();
  EXPECT_NE(verify().find("certificate revoked"), std::string::npos)
      << verify();
  EXPECT_EQ(SignIn("yoshiko"), "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(Cards, AParentActsForHerChildAndTheRecordsSaySo) {
  const std::string child = CodeAtPortal("minato");
  const auto read_history = [&child](const std::string& affair,
                                     const std::string& token) {
    identity::v1::ListHistoryRequest request;
    request.set_subject(child);
    return mesh().Client(kTerminal).Call(
        &identity::v1::HistoryService::Stub::ListHistory,
        {.affair = affair, .representation = token}, request);
  };
  EXPECT_EQ(ReasonOf(read_history("request-by-parent", "").status),
            "REPRESENTATION_REQUIRED");

  identity::v1::RegisterRepresentationRequest registered;
  registered.set_subject(mesh().Person("minato").CodeAt("akatsuki"));
  registered.set_representative_card_serial(
      card::LookAt(CardFile("hanako"))->serial);
  registered.set_capacity(identity::v1::CAPACITY_PARENT);
  const auto representation = mesh().Client(kCounter).Call(
      &RepresentationService::Stub::RegisterRepresentation,
      {.affair = "representation-register"}, registered);
  ASSERT_TRUE(representation.status.ok()) << representation.status;

  identity::v1::ActForRequest act;
  act.set_representation_id(representation->representation_id());
  const auto as = [&act](const std::string& person) {
    act.set_subject(SignIn(person));
    return mesh().Client(kTerminal).Call(&RepresentationService::Stub::ActFor,
                                         {.affair = "own-request"}, act);
  };
  EXPECT_EQ(ReasonOf(as("fumie").status), "REPRESENTATION_UNKNOWN")
      << "a grandmother is no parent";
  const auto acting = as("hanako");
  ASSERT_TRUE(acting.status.ok()) << acting.status;
  EXPECT_EQ(acting->subject(), child);
  // One exchange, two persons.
  EXPECT_EQ(
      mesh()
          .AwaitRecords({.exchange_id = acting.exchange_id, .person = "minato"})
          ->size(),
      1u);
  EXPECT_FALSE(
      mesh()
          .AwaitRecords({.exchange_id = acting.exchange_id, .person = "hanako"})
          ->empty());

  const auto history = read_history("request-by-parent", acting->token());
  ASSERT_TRUE(history.status.ok()) << history.status;
  EXPECT_EQ(OnlyRecord(mesh(),
                       {.exchange_id = history.exchange_id, .person = "minato"})
                .affair(),
            "request-by-parent");
  EXPECT_EQ(
      ReasonOf(read_history("request-by-guardian", acting->token()).status),
      "REPRESENTATION_INVALID");
}

TEST_F(Cards, WhoGrantsAPartOfWhatWasAskedForReleasesThatPartAlone) {
  identity::v1::RequestConsentRequest asked;
  asked.set_subject(mesh().Person("kenji").CodeAt("akatsuki"));
  asked.set_affair("customer-address");
  asked.set_method(kMethod);
  asked.add_attributes("name");
  asked.add_attributes("address");
  asked.set_purpose("通知の送付先");
  const auto request = mesh().Client(kBenefits).Call(
      &ConsentRequestService::Stub::RequestConsent,
      {.affair = "customer-address"}, asked);
  ASSERT_TRUE(request.status.ok()) << request.status;

  identity::v1::AnswerConsentRequestRequest answer;
  answer.set_request_id(request->request_id());
  answer.add_attributes("address");
  const auto as = [&answer](const std::string& person) {
    answer.set_subject(CodeAtPortal(person));
    return mesh().Client(kTerminal).Call(
        &ConsentRequestService::Stub::AnswerConsentRequest,
        {.affair = "own-request"}, answer);
  };
  EXPECT_EQ(ReasonOf(as("misaki").status), "REQUEST_UNKNOWN")
      << "nobody answers for another";
  const auto granted = as("kenji");
  ASSERT_TRUE(granted.status.ok()) << granted.status;

  identity::v1::CollectConsentRequest collect;
  collect.set_subject(asked.subject());
  collect.set_request_id(request->request_id());
  const auto collected = mesh().Client(kBenefits).Call(
      &ConsentRequestService::Stub::CollectConsent,
      {.affair = "customer-address"}, collect);
  ASSERT_TRUE(collected.status.ok()) << collected.status;
  identity::v1::GetBasicItemsRequest items;
  items.set_subject(asked.subject());
  const auto ask = [&] {
    return mesh().Client(kBenefits).Call(
        &BasicItemsService::Stub::GetBasicItems,
        {.affair = "customer-address", .consent = collected->token()}, items);
  };
  const auto released = ask();
  ASSERT_TRUE(released.status.ok()) << released.status;
  EXPECT_NE(released->address(), "");
  EXPECT_EQ(released->name(), "") << "agreed, asked for, and not granted";
  const Record record =
      OnlyRecord(mesh(), {.exchange_id = released.exchange_id});
  EXPECT_EQ(Released(record), std::vector<std::string>{"address"});
  EXPECT_EQ(record.consent_id(), granted->consent_id());

  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(CodeAtPortal("kenji"));
  withdraw.set_consent_id(granted->consent_id());
  ASSERT_TRUE(mesh()
                  .Client(kTerminal)
                  .Call(&identity::v1::ConsentService::Stub::WithdrawConsent,
                        {.affair = "own-request"}, withdraw)
                  .status.ok());
  EXPECT_EQ(ReasonOf(ask().status), "CONSENT_WITHDRAWN");
}

}  // namespace
}  // namespace psm::testing
