// 32. A woman dies: one notice at a counter, and what was hers can be used by
// nobody any more.
#include <string>
#include <vector>

#include "mesh/base/durable_file.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/identity/v1/sign_in.grpc.pb.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"
#include "services/identity/openssl_command.h"
#include "tests/scenarios/card_sign_in.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using identity::v1::SignInService;

constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kMethod[] = "psm.identity.v1.BasicItemsService/GetBasicItems";

class Death : public Lives {
 protected:
  static auto Notify(const std::string& counter) {
    const auto household = Household("akatsuki", "yoshiko");
    residents::v1::RegisterDeathRequest request;
    request.set_subject(
        mesh().Person("yoshiko").CodeAt(counter.substr(0, counter.find('/'))));
    request.set_etag(household->etag());
    request.set_death_date(Today());
    return mesh().Client(counter).Call(
        &residents::v1::NoticesService::Stub::RegisterDeath,
        {.affair = "resident-register", .provider = "akatsuki/residents"},
        request);
  }
  // Who signed in with her card, or why nobody did.
  static std::string SignIn() {
    const auto card = card::VirtualCard::Open(mesh().folder().Card("yoshiko"),
                                              SecretBytes(card::kDemoPin));
    return SignInWith(mesh(), kTerminal, **card);
  }
  static auto Grant() {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person("yoshiko").CodeAt("portal"));
    request.set_consumer(kBank);
    request.set_affair("customer-address");
    request.set_method(kMethod);
    request.add_attributes("address");
    return mesh().Client(kTerminal).Call(
        &identity::v1::ConsentService::Stub::GrantConsent,
        {.affair = "own-request"}, request);
  }
  // As any OpenSSL hears it from identity's OCSP responder.
  static std::string Ocsp() {
    const std::string jpki = absl::StrCat(mesh().folder().root(), "/pki/jpki/");
    const std::string pem = absl::StrCat(mesh().folder().root(), "/hers.pem");
    const auto view = *card::LookAt(mesh().folder().Card("yoshiko"));
    EXPECT_TRUE(
        WriteWholeFile(pem, view.faces.front().certificate_pem, kPublic).ok());
    return OpenSsl(absl::StrCat("ocsp -issuer ", jpki, "ca.pem -CAfile ", jpki,
                                "ca.pem -cert ", pem, " -url http://",
                                *ReadFile(jpki + "responder"), "/"))
        .text;
  }
};

TEST_F(Death, WhatWasHersCanBeUsedByNobody) {
  ASSERT_EQ(SignIn(), mesh().Person("yoshiko").CodeAt("portal"));
  ASSERT_EQ(Unpaid("yoshiko"), "");
  EXPECT_NE(Ocsp().find(": good"), std::string::npos);
  const auto consent = Grant();
  ASSERT_TRUE(consent.status.ok()) << consent.status;
  const auto bank_asks = [&consent] {
    return ReasonOf(
        mesh()
            .Client(kBank)
            .Call(&identity::v1::BasicItemsService::Stub::GetBasicItems,
                  {.affair = "customer-address", .consent = consent->token()},
                  identity::v1::GetBasicItemsRequest())
            .status);
  };
  ASSERT_EQ(bank_asks(), "");

  // Nobody is dead because the next town says so.
  EXPECT_EQ(ReasonOf(Notify("yunagi/counter").status), "NO_AGREEMENT");
  const auto notified = Notify("akatsuki/counter");
  ASSERT_TRUE(notified.status.ok()) << notified.status;

  EXPECT_TRUE(Await([] { return InForce("yoshiko").empty(); }));
  EXPECT_EQ(SignIn(), "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_NE(Ocsp().find(": revoked"), std::string::npos);
  EXPECT_TRUE(Await([&] { return bank_asks() == "CONSENT_WITHDRAWN"; }));
  EXPECT_TRUE(Await([] { return Unpaid("yoshiko") == "HOLDER_DECEASED"; }));

  // Her husband, with her codes in hand, registers no account in her name.
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(mesh().Person("yoshiko").CodeAt("portal"));
  request.mutable_account()->set_bank_code("9990");
  request.mutable_account()->set_branch_code("002");
  request.mutable_account()->set_type(accounts::v1::Account::ORDINARY);
  request.mutable_account()->set_number("2345679");
  request.mutable_account()->set_holder_kana(KanaOf("yoshiko"));
  EXPECT_EQ(
      ReasonOf(mesh()
                   .Client(kTerminal)
                   .Call(&accounts::v1::AccountsService::Stub::RegisterAccount,
                         {.affair = "account-registration"}, request)
                   .status),
      "HOLDER_DECEASED");
  EXPECT_EQ(ReasonOf(Grant().status), "PERSON_UNKNOWN")
      << "nor does anybody consent for her";

  for (const char* consumer : {"identity/identity", "accounts/accounts"}) {
    const auto told = mesh().AwaitRecords({.consumer = consumer,
                                           .provider = "akatsuki/residents",
                                           .method = "Subscribe",
                                           .person = "yoshiko",
                                           .kind = Record::EXCHANGE});
    ASSERT_TRUE(told.ok()) << told.status();
    ASSERT_EQ(told->size(), 1u) << consumer;
    EXPECT_EQ(Released(told->front()), std::vector<std::string>{"died"});
  }
}

}  // namespace
}  // namespace psm::testing
