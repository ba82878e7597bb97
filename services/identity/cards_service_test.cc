#include "services/identity/cards_service.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_join.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "services/identity/card/certificate_request.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/signature_service.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;
using card::CertificateKind;
using google::protobuf::util::TimeUtil;

constexpr char kCounter[] = "akatsuki/residents";

std::string ExchangeNumber(int number) {
  return absl::StrCat("00000000-0000-4000-8000-0000000000", 10 + number);
}

class CardsServiceTest : public testing::Test {
 protected:
  CardsServiceTest() {
    for (const char* person : {"hanako", "taro"}) {
      for (const CertificateKind kind :
           {CertificateKind::kAuthentication, CertificateKind::kSignature})
        Issue(person, kind);
    }
    service_ = std::make_unique<CardsService>(CardsService::Parts{
        world_.database.get(), world_.holders.get(), &cards_, &certificates_,
        &world_.clock, [this] { ++published_; }});
  }
  absl::Time now() const { return world_.clock.Now(); }

  void Issue(const std::string& person, CertificateKind kind) {
    const auto key = *SigningKey::Generate();
    const std::string serial = "CARD-" + person;
    const std::string pem =
        kind == CertificateKind::kAuthentication
            ? *authority_->Issue(serial, *key, now(), card::kCardLifetime)
            : *authority_->IssueSignature(
                  serial,
                  {"架空　花子", "架空県あかつき市1-2-3", "1990-04-01", 2},
                  *key->Public(), now(), card::kCardLifetime);
    EXPECT_TRUE(
        card::AppendIssued(
            jpki_, {card::Issued(Certificate::ChainFromPem(pem)->front(), kind,
                                 serial, now())})
            .ok());
  }
  std::vector<v1::CardCertificate> List(const std::string& person) {
    FakeCall call("portal/terminal", "own-request", {"certificates"});
    v1::ListCertificatesRequest request;
    request.set_subject(person);
    v1::ListCertificatesResponse response;
    EXPECT_TRUE(
        service_->ListCertificates(call.context(), &request, &response).ok());
    return {response.certificates().begin(), response.certificates().end()};
  }
  // "authentication,signature" of those in force.
  std::string InForce(const std::string& person) {
    std::vector<std::string> kinds;
    for (const v1::CardCertificate& certificate : List(person)) {
      if (!certificate.has_revoke_time())
        kinds.push_back(v1::CardCertificate::Kind_Name(certificate.kind()));
    }
    std::sort(kinds.begin(), kinds.end());
    return absl::StrJoin(kinds, ",");
  }
  absl::Status Renew(const std::string& person, const std::string& serial,
                     const SigningKey* authentication,
                     const SigningKey* signature, int exchange,
                     v1::RenewCertificatesResponse* response) {
    FakeCall call(kCounter, "card-counter", {"certificates"},
                  ExchangeNumber(exchange));
    v1::RenewCertificatesRequest request;
    request.set_subject(person);
    request.set_card_serial(serial);
    for (const auto& [key, set] :
         {std::pair(authentication, request.mutable_authentication_request()),
          std::pair(signature, request.mutable_signature_request())}) {
      if (key == nullptr) continue;
      // ECDSA draws at random: a retry must send the same bytes.
      std::string& known = requests_[key];
      if (known.empty()) known = card::MakeCertificateRequest(*key);
      *set = known;
    }
    return agency::FromGrpc(
        service_->RenewCertificates(call.context(), &request, response));
  }
  absl::Status Notify(const v1::NotifyChangeRequest& request, int exchange) {
    FakeCall call(kCounter, "card-counter", {}, ExchangeNumber(exchange));
    v1::NotifyChangeResponse response;
    const absl::Status status = agency::FromGrpc(
        service_->NotifyChange(call.context(), &request, &response));
    revoked_ = response.revoked_count();
    return status;
  }
  v1::NotifyChangeRequest Moved(const std::string& address, absl::Time when) {
    v1::NotifyChangeRequest request;
    request.set_subject("hanako");
    request.set_address(address);
    *request.mutable_change_time() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(when));
    return request;
  }

  TestWorld world_;
  const std::string jpki_ = world_.folder.File("jpki");
  const std::unique_ptr<card::CardAuthority> authority_ =
      *card::CardAuthority::OpenOrCreate(jpki_, now());
  CertificateRegister certificates_{world_.database.get(), jpki_};
  std::unique_ptr<SigningKey> key_ = *SigningKey::Generate();
  std::unique_ptr<SigningKey> other_key_ = *SigningKey::Generate();
  std::map<const SigningKey*, std::string> requests_;
  CardRegister cards_{world_.database.get(), authority_.get(), &certificates_,
                      &world_.clock};
  std::unique_ptr<CardsService> service_;
  int published_ = 0;
  int revoked_ = -1;
};

TEST_F(CardsServiceTest, AnotherAddressRevokesTheSignatureCertificateAlone) {
  ASSERT_EQ(InForce("hanako"), "AUTHENTICATION,SIGNATURE");
  ASSERT_TRUE(Notify(Moved("架空県ゆうなぎ市9", now()), 1).ok());
  EXPECT_EQ(revoked_, 1);
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION");
  EXPECT_EQ((*world_.holders->Find("hanako"))->address, "架空県ゆうなぎ市9");
  EXPECT_EQ(InForce("taro"), "AUTHENTICATION,SIGNATURE");
  for (const v1::CardCertificate& certificate : List("hanako")) {
    if (certificate.has_revoke_time()) {
      EXPECT_EQ(certificate.revocation_reason(),
                v1::CardCertificate::AFFILIATION_CHANGED);
    }
  }
}

TEST_F(CardsServiceTest, TheSameAddressAndTheKanaAloneRevokeNothing) {
  ASSERT_TRUE(Notify(Moved("架空県あかつき市1-2-3", now()), 1).ok());
  EXPECT_EQ(revoked_, 0);
  v1::NotifyChangeRequest kana = Moved("", now() + absl::Seconds(1));
  kana.set_kana("カクウ　ハナ");
  ASSERT_TRUE(Notify(kana, 2).ok());
  EXPECT_EQ(revoked_, 0);
  EXPECT_EQ((*world_.holders->Find("hanako"))->kana, "カクウ　ハナ");
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION,SIGNATURE");
}

TEST_F(CardsServiceTest, OfTwoChangesInTheWrongOrderTheLaterOneStays) {
  ASSERT_TRUE(Notify(Moved("架空県ゆうなぎ市2", now()), 1).ok());
  ASSERT_TRUE(
      Notify(Moved("架空県ゆうなぎ市1", now() - absl::Hours(1)), 2).ok());
  EXPECT_EQ(revoked_, 0);
  EXPECT_EQ((*world_.holders->Find("hanako"))->address, "架空県ゆうなぎ市2");
}

TEST_F(CardsServiceTest, ADeathRevokesBothAndNoNewOneIsIssued) {
  v1::NotifyChangeRequest died = Moved("", now());
  died.set_died(true);
  ASSERT_TRUE(Notify(died, 1).ok());
  EXPECT_EQ(revoked_, 2);
  EXPECT_EQ(InForce("hanako"), "");
  v1::RenewCertificatesResponse response;
  EXPECT_EQ(ReasonOf(Renew("hanako", "CARD-hanako", key_.get(), nullptr, 2,
                           &response)),
            "CERTIFICATE_NOT_POSSIBLE");
}

TEST_F(CardsServiceTest, AnEventWithoutItsValueRevokesAndWaitsForTheValue) {
  HolderChange change;
  change.subject = "hanako";
  change.moved = true;
  change.change_time = now() - absl::Minutes(1);
  EXPECT_EQ(*cards_.OnChange(change), 1);
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION");
  v1::RenewCertificatesResponse response;
  EXPECT_EQ(ReasonOf(Renew("hanako", "CARD-hanako", nullptr, key_.get(), 1,
                           &response)),
            "CERTIFICATE_NOT_POSSIBLE");
  ASSERT_TRUE(Notify(Moved("架空県ゆうなぎ市9", now()), 2).ok());
  EXPECT_TRUE(
      Renew("hanako", "CARD-hanako", nullptr, key_.get(), 3, &response).ok());
}

TEST_F(CardsServiceTest, ChangesThatCannotBeAreRefusedByReason) {
  EXPECT_EQ(ReasonOf(Notify(Moved("x", now() + absl::Hours(1)), 1)),
            "CHANGE_INVALID");
  EXPECT_EQ(ReasonOf(Notify(Moved("", now()), 2)), "CHANGE_INVALID");
  EXPECT_EQ(ReasonOf(Notify(Moved(std::string(600, 'x'), now()), 3)),
            "CHANGE_INVALID");
  v1::NotifyChangeRequest request = Moved("x", now());
  request.clear_change_time();
  EXPECT_EQ(ReasonOf(Notify(request, 4)), "CHANGE_INVALID");
  request = Moved("x", now());
  request.set_subject("nobody");
  EXPECT_EQ(ReasonOf(Notify(request, 5)), "PERSON_UNKNOWN");
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION,SIGNATURE");
}

TEST_F(CardsServiceTest, ARenewalSupersedesTheSameKindAndARetryIssuesNothing) {
  v1::RenewCertificatesResponse first, second;
  world_.clock.Advance(absl::Hours(1));
  ASSERT_TRUE(
      Renew("hanako", "CARD-hanako", nullptr, key_.get(), 1, &first).ok());
  EXPECT_EQ(first.revoked_count(), 1);
  EXPECT_EQ(first.authentication_certificate(), "");
  const auto certificate = Certificate::FromDer(first.signature_certificate());
  ASSERT_TRUE(certificate.ok());
  EXPECT_EQ(certificate->key()->ToDer(), key_->Public()->ToDer());
  EXPECT_EQ(card::ItemsOf(*certificate)->address, "架空県あかつき市1-2-3");
  ASSERT_TRUE(
      Renew("hanako", "CARD-hanako", nullptr, key_.get(), 1, &second).ok());
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(List("hanako").size(), 3u);
  EXPECT_EQ(List("hanako").front().serial(), certificate->serial());
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION,SIGNATURE");
}

TEST_F(CardsServiceTest, AnothersCardAndNobodysAreAnsweredAlike) {
  v1::RenewCertificatesResponse response;
  const absl::Status anothers =
      Renew("hanako", "CARD-taro", key_.get(), nullptr, 1, &response);
  const absl::Status nobodys =
      Renew("hanako", "CARD-lost", key_.get(), nullptr, 2, &response);
  EXPECT_EQ(ReasonOf(anothers), "CARD_UNKNOWN");
  EXPECT_EQ(anothers.message(), nobodys.message());
  EXPECT_EQ(
      Renew("nobody", "CARD-taro", key_.get(), nullptr, 3, &response).message(),
      nobodys.message());
  EXPECT_EQ(InForce("taro"), "AUTHENTICATION,SIGNATURE");
}

TEST_F(CardsServiceTest, RequestsThatAreNoneAreRefused) {
  v1::RenewCertificatesResponse response;
  EXPECT_EQ(
      ReasonOf(Renew("hanako", "CARD-hanako", nullptr, nullptr, 1, &response)),
      "CERTIFICATE_REQUEST_INVALID");
  EXPECT_EQ(ReasonOf(Renew("hanako", "CARD-hanako", key_.get(), key_.get(), 2,
                           &response)),
            "CERTIFICATE_REQUEST_INVALID");
  requests_[other_key_.get()] = "not a request";
  EXPECT_EQ(ReasonOf(Renew("hanako", "CARD-hanako", other_key_.get(), nullptr,
                           3, &response)),
            "CERTIFICATE_REQUEST_INVALID");
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION,SIGNATURE");
}

TEST_F(CardsServiceTest, ALostCardOpensNothingAndLosingItTwiceSucceeds) {
  const auto lose = [this](const std::string& person, int exchange) {
    FakeCall call("portal/terminal", "own-request", {},
                  ExchangeNumber(exchange));
    v1::RevokeCardRequest request;
    request.set_subject(person);
    request.set_card_serial("CARD-hanako");
    v1::RevokeCardResponse response;
    const absl::Status status = agency::FromGrpc(
        service_->RevokeCard(call.context(), &request, &response));
    return status.ok() ? absl::StrCat(response.revoked_count())
                       : ReasonOf(status);
  };
  EXPECT_EQ(lose("taro", 1), "CARD_UNKNOWN");
  EXPECT_EQ(lose("hanako", 2), "2");
  EXPECT_EQ(lose("hanako", 2), "2") << "a retry has the first answer";
  EXPECT_EQ(lose("hanako", 3), "0");
  EXPECT_EQ(InForce("hanako"), "");
}

TEST_F(CardsServiceTest, ManyChangesAtOnceLoseNone) {
  std::vector<std::thread> counters;
  for (int i = 0; i < 8; ++i) {
    counters.emplace_back([this, i] {
      HolderChange change;
      change.subject = "hanako";
      change.address = absl::StrCat("架空県", i);
      change.change_time = now() - absl::Seconds(100 - i);
      EXPECT_TRUE(cards_.OnChange(change).ok());
    });
  }
  for (std::thread& counter : counters) counter.join();
  EXPECT_EQ((*world_.holders->Find("hanako"))->address, "架空県7");
}

TEST_F(CardsServiceTest, ASignedDocumentNamesItsSignerByGrantedItemsAlone) {
  RevocationLists lists(authority_.get(), &certificates_, &world_.clock,
                        world_.folder.File("crl.pem"));
  SignatureJudge judge(authority_->certificate().ToPem(), &lists,
                       &certificates_, world_.holders.get(), &world_.clock);
  SignatureService signatures(&judge);
  v1::RenewCertificatesResponse renewed;
  ASSERT_TRUE(
      Renew("hanako", "CARD-hanako", key_.get(), other_key_.get(), 1, &renewed)
          .ok());
  const std::string file = world_.folder.File("card.json");
  const SecretBytes pin("1234"), signature_pin("ABC123");
  const auto pem = [](const std::string& der) {
    return Certificate::FromDer(der)->ToPem();
  };
  ASSERT_TRUE(
      card::CreateCard(
          file, "CARD-hanako",
          {{CertificateKind::kAuthentication,
            pem(renewed.authentication_certificate()), key_.get(), &pin},
           {CertificateKind::kSignature, pem(renewed.signature_certificate()),
            other_key_.get(), &signature_pin}})
          .ok());
  const auto opened = *card::VirtualCard::Open(file, signature_pin,
                                               CertificateKind::kSignature);
  v1::VerifyDocumentRequest request;
  request.set_document("an application");
  request.set_signature(*card::SignDocument(*opened, "an application", now()));
  const auto verify = [&](v1::VerifyDocumentResponse* response) {
    FakeCall call("akatsuki/benefits", "benefit-tax-exempt", {"name"});
    return ReasonOf(agency::FromGrpc(
        signatures.VerifyDocument(call.context(), &request, response)));
  };
  v1::VerifyDocumentResponse who;
  ASSERT_EQ(verify(&who), "");
  EXPECT_EQ(who.subject(), "hanako");
  EXPECT_EQ(who.name(), "架空　hanako");
  EXPECT_EQ(who.address() + who.birth_date(), "");
  EXPECT_EQ(who.sex(), 0);
  // What she signs after she has moved, with the old certificate, is refused.
  ASSERT_TRUE(Notify(Moved("架空県ゆうなぎ市9", now()), 2).ok());
  v1::VerifyDocumentResponse none;
  EXPECT_EQ(verify(&none), "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_EQ(none.ByteSizeLong(), 0u);
}

}  // namespace
}  // namespace psm::identity
