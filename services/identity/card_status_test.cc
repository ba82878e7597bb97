// What others make of the cards' certificates, lists and answers: the `openssl`
// command judges, not this project's code.
#include "services/identity/card_status.h"

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/web/http_client.h"
#include "services/identity/openssl_command.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

class CardStatusTest : public testing::Test {
 protected:
  CardStatusTest() {
    // OpenSSL goes by the machine's clock.
    world_.clock.Advance(SystemClock().Now() - world_.clock.Now());
    authority_ = *card::CardAuthority::OpenOrCreate(jpki_, world_.clock.Now());
    key_ = *SigningKey::Generate();
    Issue("hanako.pem", "CARD-hanako", card::CertificateKind::kAuthentication);
    Issue("hanako-signature.pem", "CARD-hanako",
          card::CertificateKind::kSignature);
    status_ = *CardStatus::Start(authority_.get(), &certificates_,
                                 &world_.clock, jpki_);
  }

  void Issue(const std::string& file, const std::string& serial,
             card::CertificateKind kind) {
    const std::string pem =
        kind == card::CertificateKind::kAuthentication
            ? *authority_->Issue(serial, *key_, world_.clock.Now(),
                                 card::kCardLifetime)
            : *authority_->IssueSignature(
                  serial, {"架空　花子", "架空県あかつき市", "1990-04-01", 2},
                  *key_->Public(), world_.clock.Now(), card::kCardLifetime);
    ASSERT_TRUE(WriteWholeFile(File(file), pem, kPublic).ok());
    ASSERT_TRUE(
        card::AppendIssued(
            jpki_, {card::Issued(Certificate::ChainFromPem(pem)->front(), kind,
                                 serial, world_.clock.Now())})
            .ok());
  }
  void Revoke(const std::string& card,
              std::optional<card::CertificateKind> kind,
              RevocationReason reason) {
    ASSERT_TRUE(certificates_.Import().ok());
    ASSERT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      EXPECT_GT(
                          CertificateRegister::Revoke(sql, card, kind, reason,
                                                      world_.clock.Now()),
                          0);
                      return absl::OkStatus();
                    })
                    .ok());
    status_->Publish();
  }
  std::string File(const std::string& name) { return world_.folder.File(name); }

  Said Verify(const std::string& file) {
    return OpenSsl(absl::StrCat("verify -x509_strict -crl_check -CAfile ",
                                jpki_, "/ca.pem -CRLfile ", jpki_, "/crl.pem ",
                                File(file)));
  }
  Said Ask(const std::string& which) {
    return OpenSsl(absl::StrCat("ocsp -issuer ", jpki_, "/ca.pem ", which,
                                " -CAfile ", jpki_, "/ca.pem -url http://",
                                status_->endpoint(), "/"));
  }
  std::string Cert(const std::string& file) {
    return absl::StrCat("-cert ", File(file));
  }

  TestWorld world_;
  const std::string jpki_ = world_.folder.File("jpki");
  std::unique_ptr<card::CardAuthority> authority_;
  std::unique_ptr<SigningKey> key_;
  CertificateRegister certificates_{world_.database.get(), jpki_};
  std::unique_ptr<CardStatus> status_;
};

TEST_F(CardStatusTest, OpenSslVerifiesBothCertificatesAndTheList) {
  for (const char* file : {"hanako.pem", "hanako-signature.pem"}) {
    const Said said = Verify(file);
    EXPECT_EQ(said.exit_code, 0) << said.text;
    EXPECT_TRUE(said.Says(": OK")) << said.text;
  }
  const Said list = OpenSsl(absl::StrCat("crl -noout -CAfile ", jpki_,
                                         "/ca.pem -in ", jpki_, "/crl.pem"));
  EXPECT_TRUE(list.Says("verify OK")) << list.text;
}

TEST_F(CardStatusTest, OpenSslRefusesWhatTheListRevokesAndNamesTheReason) {
  Revoke("CARD-hanako", card::CertificateKind::kSignature,
         RevocationReason::kAffiliationChanged);
  const Said signature = Verify("hanako-signature.pem");
  EXPECT_NE(signature.exit_code, 0);
  EXPECT_TRUE(signature.Says("certificate revoked")) << signature.text;
  EXPECT_EQ(Verify("hanako.pem").exit_code, 0);
  const Said list =
      OpenSsl(absl::StrCat("crl -noout -text -in ", jpki_, "/crl.pem"));
  EXPECT_TRUE(list.Says("Affiliation Changed")) << list.text;
  EXPECT_TRUE(list.Says("X509v3 CRL Number")) << list.text;
}

TEST_F(CardStatusTest, OpenSslTakesOcspAnswersGoodRevokedAndUnknown) {
  const Said good = Ask(Cert("hanako.pem"));
  EXPECT_EQ(good.exit_code, 0) << good.text;
  EXPECT_TRUE(good.Says("Response verify OK")) << good.text;
  EXPECT_TRUE(good.Says("hanako.pem: good")) << good.text;
  Revoke("CARD-hanako", std::nullopt, RevocationReason::kSuperseded);
  const Said revoked = Ask("-sha256 " + Cert("hanako.pem"));
  EXPECT_TRUE(revoked.Says("Response verify OK")) << revoked.text;
  EXPECT_TRUE(revoked.Says("revoked")) << revoked.text;
  EXPECT_TRUE(revoked.Says("Reason: superseded")) << revoked.text;
  const Said unknown = Ask("-serial 0x4242");
  EXPECT_TRUE(unknown.Says("Response verify OK")) << unknown.text;
  EXPECT_TRUE(unknown.Says("0x4242: unknown")) << unknown.text;
}

TEST_F(CardStatusTest, SeveralAreAskedAtOnceAndEachIsAnswered) {
  Revoke("CARD-hanako", card::CertificateKind::kSignature,
         RevocationReason::kKeyCompromise);
  const Said said =
      Ask(absl::StrCat(Cert("hanako.pem"), " ", Cert("hanako-signature.pem")));
  EXPECT_TRUE(said.Says("hanako.pem: good")) << said.text;
  EXPECT_TRUE(said.Says("hanako-signature.pem: revoked")) << said.text;
  EXPECT_FALSE(said.Says("WARNING")) << said.text;  // the nonce came back
}

TEST_F(CardStatusTest, AnotherAuthoritysCertificateIsUnknownHere) {
  auto other =
      *card::CardAuthority::OpenOrCreate(File("other"), world_.clock.Now());
  ASSERT_TRUE(WriteWholeFile(File("foreign.pem"),
                             *other->Issue("CARD-hanako", *key_,
                                           world_.clock.Now(), absl::Hours(1)),
                             kPublic)
                  .ok());
  const Said said = OpenSsl(absl::StrCat(
      "ocsp -issuer ", File("other"), "/ca.pem ", Cert("foreign.pem"),
      " -noverify -url http://", status_->endpoint(), "/"));
  EXPECT_TRUE(said.Says("foreign.pem: unknown")) << said.text;
}

TEST_F(CardStatusTest, AQuestionMayComeByGetAndTheAnswerIsTheSameKind) {
  ASSERT_EQ(OpenSsl(absl::StrCat("ocsp -issuer ", jpki_, "/ca.pem ",
                                 Cert("hanako.pem"), " -reqout ", File("q")))
                .exit_code,
            0);
  auto client = *web::HttpClient::Create(
      absl::StrCat("http://", status_->endpoint(), "/"));
  const std::string path =
      absl::StrReplaceAll(absl::Base64Escape(*ReadFile(File("q"))),
                          {{"+", "%2B"}, {"/", "%2F"}, {"=", "%3D"}});
  const auto answer = client->Get(absl::StrCat("ocsp/", path));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->content_type, "application/ocsp-response");
  ASSERT_TRUE(WriteWholeFile(File("a"), answer->body, kPublic).ok());
  const Said said = OpenSsl(absl::StrCat(
      "ocsp -issuer ", jpki_, "/ca.pem ", Cert("hanako.pem"), " -respin ",
      File("a"), " -CAfile ", jpki_, "/ca.pem -no_nonce"));
  EXPECT_TRUE(said.Says("hanako.pem: good")) << said.text;
}

TEST_F(CardStatusTest, TheListComesOverHttpInBothForms) {
  auto client = *web::HttpClient::Create(
      absl::StrCat("http://", status_->endpoint(), "/"));
  const auto der = client->Get("crl.der");
  ASSERT_TRUE(der.ok()) << der.status();
  EXPECT_EQ(der->content_type, "application/pkix-crl");
  ASSERT_TRUE(WriteWholeFile(File("list.der"), der->body, kPublic).ok());
  EXPECT_TRUE(OpenSsl(absl::StrCat("crl -inform DER -noout -CAfile ", jpki_,
                                   "/ca.pem -in ", File("list.der")))
                  .Says("verify OK"));
  EXPECT_EQ(client->Get("crl.pem")->body, *ReadFile(jpki_ + "/crl.pem"));
  EXPECT_EQ(client->Get("ca.pem")->body, authority_->certificate().ToPem());
  EXPECT_EQ(client->Get("ca-key.pem")->status, 404);
  EXPECT_EQ(client->Get("")->status, 405);
  EXPECT_EQ(client->Post("crl.pem", "x")->status, 405);
  EXPECT_EQ(client->Get("ocsp/%zz")->status, 400);
}

TEST_F(CardStatusTest, WhatIsNoQuestionIsAnsweredAsMalformed) {
  OcspResponder responder(authority_.get(), &certificates_, &world_.clock);
  // OCSPResponse with responseStatus malformedRequest (1) and nothing else.
  const std::string malformed("\x30\x03\x0a\x01\x01", 5);
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(5000, '\x30'),
        std::string("\x30\x04\x30\x02\x30\x00", 6)})
    EXPECT_EQ(responder.Answer(bytes), malformed);
}

TEST_F(CardStatusTest, AListIsMadeAnewByHalfADayAndItsNumberGrows) {
  const std::string first = *status_->lists().Current();
  EXPECT_EQ(*status_->lists().Current(), first);
  world_.clock.Advance(absl::Hours(12));
  const std::string second = *status_->lists().Current();
  EXPECT_NE(second, first);
  EXPECT_EQ(*ReadFile(jpki_ + "/crl.pem"), second);
  // After a restart, too.
  RevocationLists again(authority_.get(), &certificates_, &world_.clock,
                        File("again.pem"));
  ASSERT_TRUE(again.Current().ok());
  const auto number = [](const std::string& file) {
    return OpenSsl("crl -noout -crlnumber -in " + file).text;
  };
  EXPECT_EQ(number(jpki_ + "/crl.pem"), "crlNumber=0x02\n");
  EXPECT_EQ(number(File("again.pem")), "crlNumber=0x03\n");
}

}  // namespace
}  // namespace psm::identity
