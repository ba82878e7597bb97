#include "services/identity/sign_in_service.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/certificate.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/issued_file.h"
#include "services/identity/card/virtual_card.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

// A card without its file and PIN, which cost a tenth of a second each time.
struct TestCard {
  std::shared_ptr<SigningKey> key;
  std::string certificate;  // DER
  std::string Sign(const std::string& challenge) const {
    return key->SignDer(challenge);
  }
};

class SignInServiceTest : public testing::Test {
 protected:
  SignInServiceTest() {
    authority_ = *card::CardAuthority::OpenOrCreate(world_.folder.File("jpki"),
                                                    world_.clock.Now());
    hanako_ = MakeCard("CARD-hanako");
  }

  TestCard MakeCard(const std::string& serial, bool registered = true) {
    TestCard card{*SigningKey::Generate(), ""};
    card.certificate =
        Registered(*authority_->Issue(serial, *card.key, world_.clock.Now(),
                                      absl::Hours(24)),
                   serial, registered);
    return card;
  }
  // Its DER.
  std::string Registered(const std::string& pem, const std::string& serial,
                         bool registered = true) {
    const Certificate certificate = Certificate::ChainFromPem(pem)->front();
    if (registered) {
      EXPECT_TRUE(
          card::AppendIssued(
              world_.folder.File("jpki"),
              {card::Issued(certificate, card::CertificateKind::kAuthentication,
                            serial, world_.clock.Now())})
              .ok());
    }
    return certificate.ToDer();
  }
  void Revoke(const std::string& serial) {
    EXPECT_TRUE(certificates_.Import().ok());
    EXPECT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      CertificateRegister::Revoke(
                          sql, serial, std::nullopt,
                          RevocationReason::kKeyCompromise, world_.clock.Now());
                      return absl::OkStatus();
                    })
                    .ok());
  }

  v1::BeginSignInResponse Begin() {
    FakeCall call("portal/terminal", "", {});
    v1::BeginSignInRequest request;
    v1::BeginSignInResponse response;
    EXPECT_TRUE(service_.BeginSignIn(call.context(), &request, &response).ok());
    return response;
  }
  // The subject that signed in, or the reason why nobody did.
  std::string Complete(const std::string& challenge_id,
                       const std::string& certificate,
                       const std::string& signature,
                       const std::string& consumer = "portal/terminal") {
    FakeCall call(consumer, "sign-in", {});
    v1::CompleteSignInRequest request;
    request.set_challenge_id(challenge_id);
    request.set_certificate(certificate);
    request.set_signature(signature);
    v1::CompleteSignInResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.CompleteSignIn(call.context(), &request, &response));
    return status.ok() ? response.subject() : ReasonOf(status);
  }
  std::string CompleteWith(const TestCard& card) {
    const v1::BeginSignInResponse begun = Begin();
    return Complete(begun.challenge_id(), card.certificate,
                    card.Sign(begun.challenge()));
  }

  TestWorld world_;
  std::unique_ptr<card::CardAuthority> authority_;
  TestCard hanako_;
  CardTrust trust_{world_.folder.File("jpki/ca.pem")};
  Challenges challenges_{&world_.clock, &SystemRandom()};
  CertificateRegister certificates_{world_.database.get(),
                                    world_.folder.File("jpki")};
  SignInService service_{&challenges_, &trust_, &certificates_,
                         world_.holders.get(), &world_.clock};
};

TEST_F(SignInServiceTest, AVirtualCardNamesItsHolder) {
  const std::string file = world_.folder.File("hanako.json");
  auto key = *SigningKey::Generate();
  const std::string pem = *authority_->Issue(
      "CARD-hanako", *key, world_.clock.Now(), absl::Hours(24));
  Registered(pem, "CARD-hanako");
  ASSERT_TRUE(
      card::CreateCard(file, "CARD-hanako", pem, *key, SecretBytes("1234"))
          .ok());
  auto opened = *card::VirtualCard::Open(file, SecretBytes("1234"));
  const v1::BeginSignInResponse begun = Begin();
  EXPECT_EQ(Complete(begun.challenge_id(), opened->certificate_der(),
                     opened->Sign(begun.challenge())),
            "hanako");
}

TEST_F(SignInServiceTest, ACardNamesItsHolderAndNobodyElse) {
  EXPECT_EQ(CompleteWith(hanako_), "hanako");
  EXPECT_EQ(CompleteWith(MakeCard("CARD-taro")), "taro");
}

TEST_F(SignInServiceTest, AnAnswerIsGoodOnce) {
  const v1::BeginSignInResponse begun = Begin();
  const std::string signature = hanako_.Sign(begun.challenge());
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate, signature),
            "hanako");
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate, signature),
            "CHALLENGE_EXPIRED");
}

TEST_F(SignInServiceTest, AWrongSignatureUsesTheChallengeUp) {
  const v1::BeginSignInResponse begun = Begin();
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate,
                     hanako_.Sign("something else")),
            "SIGNATURE_INVALID");
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate,
                     hanako_.Sign(begun.challenge())),
            "CHALLENGE_EXPIRED");
}

TEST_F(SignInServiceTest, SignaturesThatAreNoneAreRefused) {
  for (const std::string& signature :
       {std::string(), std::string("x"), std::string(64, '\0'),
        std::string(100000, 'x')}) {
    EXPECT_EQ(Complete(Begin().challenge_id(), hanako_.certificate, signature),
              "SIGNATURE_INVALID");
  }
  // Another card's signature under this card's certificate.
  auto taro = MakeCard("CARD-taro");
  const v1::BeginSignInResponse begun = Begin();
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate,
                     taro.Sign(begun.challenge())),
            "SIGNATURE_INVALID");
}

TEST_F(SignInServiceTest, AnotherConsumerCannotFinishWhatOneBegan) {
  const v1::BeginSignInResponse begun = Begin();
  EXPECT_EQ(Complete(begun.challenge_id(), hanako_.certificate,
                     hanako_.Sign(begun.challenge()), "akatsuki/tax"),
            "CHALLENGE_EXPIRED");
}

TEST_F(SignInServiceTest, AnExpiredOrUnknownCardIsNotAccepted) {
  EXPECT_EQ(CompleteWith(MakeCard("CARD-lost")), "CERTIFICATE_NOT_ACCEPTED");
  world_.clock.Advance(absl::Hours(25));
  EXPECT_EQ(CompleteWith(hanako_), "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(SignInServiceTest, ARevokedCertificateOpensNothingFromThenOn) {
  EXPECT_EQ(CompleteWith(hanako_), "hanako");
  Revoke("CARD-hanako");
  EXPECT_EQ(CompleteWith(hanako_), "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_EQ(CompleteWith(MakeCard("CARD-taro")), "taro");
  // A newer one of the same card does.
  EXPECT_EQ(CompleteWith(MakeCard("CARD-hanako")), "hanako");
}

TEST_F(SignInServiceTest, ACertificateThatNobodyWroteDownOpensNothing) {
  EXPECT_EQ(CompleteWith(MakeCard("CARD-taro", /*registered=*/false)),
            "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(SignInServiceTest, ASignatureCertificateSignsNobodyIn) {
  TestCard card{*SigningKey::Generate(), ""};
  card.certificate = Registered(
      *authority_->IssueSignature(
          "CARD-hanako", {"架空　花子", "架空県あかつき市", "1990-04-01", 2},
          *card.key->Public(), world_.clock.Now(), absl::Hours(24)),
      "CARD-hanako");
  EXPECT_EQ(CompleteWith(card), "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(SignInServiceTest, LookingUpACardNamesItsHolder) {
  const auto look_up = [this](const std::string& serial) {
    FakeCall call("akatsuki/residents", "own-request", {});
    v1::LookUpCardRequest request;
    request.set_card_serial(serial);
    v1::LookUpCardResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.LookUpCard(call.context(), &request, &response));
    return status.ok() ? response.subject() : ReasonOf(status);
  };
  EXPECT_EQ(look_up("CARD-taro"), "taro");
  EXPECT_EQ(look_up("CARD-nobody"), "CARD_UNKNOWN");
  EXPECT_EQ(look_up(""), "CARD_UNKNOWN");
}

}  // namespace
}  // namespace psm::identity
