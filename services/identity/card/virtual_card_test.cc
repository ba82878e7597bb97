#include "services/identity/card/virtual_card.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/certificate_request.h"

namespace psm::card {
namespace {

class VirtualCardTest : public ::testing::Test {
 protected:
  VirtualCardTest() {
    authority_ = *CardAuthority::OpenOrCreate(folder_ + "/jpki", now_);
    key_ = *SigningKey::Generate();
    certificate_ = *authority_->Issue("CARD-1", *key_, now_, absl::Hours(1));
    file_ = folder_ + "/hanako.json";
    EXPECT_TRUE(
        CreateCard(file_, "CARD-1", certificate_, *key_, SecretBytes("1234"))
            .ok());
  }

  absl::Status OpenWith(absl::string_view pin) {
    return VirtualCard::Open(file_, SecretBytes(pin)).status();
  }
  std::string Contents() {
    std::ifstream in(file_);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void Overwrite(const std::string& text) {
    ASSERT_TRUE(WriteWholeFile(file_, text, kPrivate).ok());
  }

  const absl::Time now_ = absl::FromUnixSeconds(1760000000);
  TempFolder temp_;
  const std::string folder_ = temp_.path();
  std::unique_ptr<CardAuthority> authority_;
  std::unique_ptr<SigningKey> key_;
  std::string certificate_;
  std::string file_;
};

TEST_F(VirtualCardTest, TheRightPinSignsWithTheKeyOfTheCertificate) {
  auto card = VirtualCard::Open(file_, SecretBytes("1234"));
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ((*card)->serial(), "CARD-1");
  EXPECT_FALSE((*card)->certificate_der().empty());
  const std::string signature = (*card)->Sign("challenge");
  EXPECT_TRUE(key_->Public()->VerifyDer("challenge", signature));
  EXPECT_FALSE(key_->Public()->VerifyDer("another", signature));
}

TEST_F(VirtualCardTest, ThreeWrongPinsLockTheCardForTheRightOneToo) {
  for (const char* left : {"2", "1", "0"}) {
    const absl::Status wrong = OpenWith("0000");
    EXPECT_EQ(ReasonOf(wrong), "PIN_WRONG");
    EXPECT_EQ(DetailOf(wrong)->metadata["tries_left"], left);
    EXPECT_EQ(*TriesLeft(file_), std::stoi(left));
  }
  EXPECT_EQ(ReasonOf(OpenWith("1234")), "CARD_LOCKED");
  EXPECT_EQ(ReasonOf(OpenWith("0000")), "CARD_LOCKED");
  EXPECT_EQ(*TriesLeft(file_), 0);
}

TEST_F(VirtualCardTest, TheRightPinGivesAllTriesBack) {
  EXPECT_EQ(ReasonOf(OpenWith("9999")), "PIN_WRONG");
  EXPECT_EQ(ReasonOf(OpenWith("9999")), "PIN_WRONG");
  EXPECT_TRUE(OpenWith("1234").ok());
  EXPECT_EQ(*TriesLeft(file_), kMaxTries);
}

TEST_F(VirtualCardTest, ManyClientsAtOnceShareTheTries) {
  std::vector<std::thread> clients;
  std::vector<std::string> reasons(6);
  for (std::string& reason : reasons) {
    clients.emplace_back(
        [this, &reason] { reason = ReasonOf(OpenWith("0001")); });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "PIN_WRONG"), kMaxTries);
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "CARD_LOCKED"), 3);
}

TEST_F(VirtualCardTest, AMalformedPinCostsNoTry) {
  for (const char* pin : {"", "123", "12345", "12a4", " 123", "１２３４"}) {
    EXPECT_EQ(ReasonOf(OpenWith(pin)), "PIN_MALFORMED") << pin;
  }
  EXPECT_EQ(*TriesLeft(file_), kMaxTries);
}

TEST_F(VirtualCardTest, ATryIsCountedBeforeThePinIsLookedAt) {
  // Where the counter cannot be written, not even the right PIN is tried.
  if (geteuid() == 0) {
    // Root writes into read-only folders: take the folder's name away instead,
    // so that the temporary file cannot be made beside the card.
    const std::string long_name(250, 'c');
    file_ = folder_ + "/" + long_name + ".json";
    std::filesystem::copy(folder_ + "/hanako.json", file_);
  } else {
    ASSERT_EQ(chmod(folder_.c_str(), 0500), 0);
  }
  const absl::Status status = OpenWith("1234");
  chmod(folder_.c_str(), 0700);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(ReasonOf(status), "PIN_WRONG");
}

TEST_F(VirtualCardTest, TheFileSaysThatItIsSyntheticAndKeepsThePinOut) {
  const std::string text = Contents();
  EXPECT_NE(text.find("Synthetic card of an unofficial prototype"),
            std::string::npos);
  EXPECT_NE(text.find("BEGIN ENCRYPTED PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(text.find("\"1234\""), std::string::npos);
  struct stat info;
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(VirtualCardTest, RefusesAFileThatOthersMayRead) {
  ASSERT_EQ(chmod(file_.c_str(), 0644), 0);
  EXPECT_EQ(ReasonOf(OpenWith("1234")), "CARD_UNREADABLE");
}

// Both kinds on one card: the PINs, counters and locks are apart.
class TwoKeysTest : public VirtualCardTest {
 protected:
  TwoKeysTest() {
    signature_ = *SigningKey::Generate();
    signature_pem_ = *authority_->IssueSignature(
        "CARD-1", {"架空　花子", "架空県あかつき市1-2-3", "1990-04-01", 2},
        *signature_->Public(), now_, absl::Hours(1));
    both_ = folder_ + "/both.json";
    EXPECT_TRUE(CreateCard(both_, "CARD-1", Keys()).ok());
  }
  std::vector<CardKey> Keys() {
    return {{CertificateKind::kAuthentication, certificate_, key_.get(), &pin_},
            {CertificateKind::kSignature, signature_pem_, signature_.get(),
             &signature_pin_}};
  }
  std::string SignatureReason(absl::string_view pin) {
    return ReasonOf(
        VirtualCard::Open(both_, SecretBytes(pin), CertificateKind::kSignature)
            .status());
  }

  const SecretBytes pin_{"1234"};
  const SecretBytes signature_pin_{"ABC123"};
  std::unique_ptr<SigningKey> signature_;
  std::string signature_pem_;
  std::string both_;
};

TEST_F(TwoKeysTest, FiveWrongPinsLockTheSignatureKeyAndNotTheOther) {
  for (int left = 4; left >= 0; --left) {
    EXPECT_EQ(SignatureReason("WRONG0"), "PIN_WRONG");
    EXPECT_EQ(*TriesLeft(both_, CertificateKind::kSignature), left);
  }
  EXPECT_EQ(SignatureReason("ABC123"), "CARD_LOCKED");
  EXPECT_TRUE(VirtualCard::Open(both_, pin_).ok());
}

TEST_F(TwoKeysTest, EachKeyIsItsCertificatesAndNoPinOpensTheOther) {
  auto card =
      VirtualCard::Open(both_, signature_pin_, CertificateKind::kSignature);
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_TRUE(signature_->Public()->VerifyDer("x", (*card)->Sign("x")));
  EXPECT_FALSE(key_->Public()->VerifyDer("x", (*card)->Sign("x")));
  EXPECT_EQ(SignatureReason("1234"), "PIN_MALFORMED");
  EXPECT_EQ(ReasonOf(VirtualCard::Open(both_, signature_pin_).status()),
            "PIN_MALFORMED");
}

TEST_F(TwoKeysTest, AMalformedSignaturePinCostsNoTry) {
  for (const char* pin :
       {"", "ABC12", "ABCDEFGH123456789", "ABC-123", "ABC 123", "ＡＢＣ123"})
    EXPECT_EQ(SignatureReason(pin), "PIN_MALFORMED") << pin;
  EXPECT_EQ(*TriesLeft(both_, CertificateKind::kSignature), 5);
}

TEST_F(TwoKeysTest, ALockedKeyGivesWayToANewOneUnderANewPin) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReasonOf(VirtualCard::Open(both_, SecretBytes("0000")).status()),
              "PIN_WRONG");
  }
  const SecretBytes new_pin("5678");
  const auto request =
      RequestCertificate(both_, CertificateKind::kAuthentication, new_pin);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(ReasonOf(VirtualCard::Open(both_, new_pin).status()), "CARD_LOCKED")
      << "nothing has changed yet";
  const auto key = KeyOfRequest(*request);
  ASSERT_TRUE(key.ok()) << key.status();
  const Certificate certificate =
      Certificate::ChainFromPem(*authority_->IssueAuthentication(
                                    "CARD-1", **key, now_, absl::Hours(1)))
          ->front();
  EXPECT_EQ(*InstallCertificate(both_, certificate.ToDer()),
            CertificateKind::kAuthentication);
  const auto card = VirtualCard::Open(both_, new_pin);
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_TRUE((*key)->VerifyDer("x", (*card)->Sign("x")));
  EXPECT_EQ(ReasonOf(VirtualCard::Open(both_, pin_).status()), "PIN_WRONG");
  EXPECT_EQ(SignatureReason("ABC123"), "") << "the other key is as it was";
  EXPECT_EQ(ReasonOf(InstallCertificate(both_, certificate.ToDer()).status()),
            "CERTIFICATE_UNEXPECTED")
      << "once";
}

TEST_F(TwoKeysTest, ACertificateForAnotherKeyIsNotInstalled) {
  ASSERT_TRUE(RequestCertificate(both_, CertificateKind::kSignature,
                                 SecretBytes("NEW1234"))
                  .ok());
  const std::string before = *ReadPrivateFile(both_);
  EXPECT_EQ(
      ReasonOf(
          InstallCertificate(
              both_, Certificate::ChainFromPem(signature_pem_)->front().ToDer())
              .status()),
      "CERTIFICATE_UNEXPECTED");
  EXPECT_FALSE(InstallCertificate(both_, "no certificate").ok());
  EXPECT_EQ(ReasonOf(RequestCertificate(both_, CertificateKind::kSignature,
                                        SecretBytes("1234"))
                         .status()),
            "PIN_MALFORMED");
  EXPECT_EQ(*ReadPrivateFile(both_), before);
}

TEST(CertificateRequestTest, OnlyWhoHasTheKeyCanAsk) {
  const auto key = *SigningKey::Generate();
  const std::string good = MakeCertificateRequest(*key);
  EXPECT_EQ((*KeyOfRequest(good))->ToDer(), key->Public()->ToDer());
  EXPECT_FALSE(KeyOfRequest("").ok());
  EXPECT_FALSE(KeyOfRequest(good + "x").ok());
  EXPECT_FALSE(KeyOfRequest(std::string(5000, '\x30')).ok());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    EXPECT_FALSE(KeyOfRequest(flipped).ok()) << at;
  }
}

TEST_F(TwoKeysTest, ACardWithoutASignatureCertificateSaysSo) {
  EXPECT_EQ(ReasonOf(VirtualCard::Open(file_, signature_pin_,
                                       CertificateKind::kSignature)
                         .status()),
            "CERTIFICATE_MISSING");
  EXPECT_EQ(LookAt(file_)->faces.size(), 1u);
  EXPECT_EQ(LookAt(both_)->faces.size(), 2u);
}

TEST_F(TwoKeysTest, ACardIsMadeOfOneKeyOfEachKindWithAuthentication) {
  std::vector<CardKey> keys = Keys();
  const std::string file = folder_ + "/odd.json";
  EXPECT_TRUE(absl::IsInvalidArgument(CreateCard(file, "CARD-1", {keys[1]})));
  EXPECT_TRUE(
      absl::IsInvalidArgument(CreateCard(file, "CARD-1", {keys[0], keys[0]})));
  EXPECT_EQ(access(file.c_str(), F_OK), -1);
}

TEST_F(VirtualCardTest, AMissingCardIsNoWrongPin) {
  file_ = folder_ + "/taro.json";
  EXPECT_EQ(ReasonOf(OpenWith("1234")), "CARD_MISSING");
  file_ = folder_ + "/nowhere/taro.json";
  EXPECT_EQ(ReasonOf(OpenWith("1234")), "CARD_MISSING");
}

TEST_F(VirtualCardTest, ACardIsNotOverwritten) {
  EXPECT_TRUE(absl::IsAlreadyExists(
      CreateCard(file_, "CARD-2", certificate_, *key_, SecretBytes("4321"))));
  EXPECT_TRUE(OpenWith("1234").ok());
}

TEST_F(VirtualCardTest, RefusesFilesThatAreNoCards) {
  const std::string good = Contents();
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text : std::vector<std::string>{
           "", "{", "[]", "null", "{}", std::string(1, '\0'),
           with("\"tries_left\": 3", "\"tries_left\": 4"),
           with("\"tries_left\": 3", "\"tries_left\": -1"),
           with("\"tries_left\": 3", "\"tries_left\": \"3\""),
           with("\"tries_left\": 3", "\"tries_left\": 3.5"),
           with("\"tries_left\": 3", "\"tries_left\": 4294967299"),
           with("\"tries_left\": 3", "\"tries_left\": 18446744073709551615"),
           with("CARD-1", "CARD 1"), with("\"certificate\"", "\"c\""),
           with("BEGIN CERTIFICATE", "BEGIN NOTHING")}) {
    Overwrite(text);
    EXPECT_EQ(ReasonOf(OpenWith("1234")), "CARD_UNREADABLE") << text;
  }
}

TEST_F(VirtualCardTest, RefusesAKeyThatIsNotTheCertificates) {
  auto other = *SigningKey::Generate();
  const std::string file = folder_ + "/swapped.json";
  ASSERT_TRUE(
      CreateCard(file, "CARD-1", certificate_, *other, SecretBytes("1234"))
          .ok());
  EXPECT_EQ(ReasonOf(VirtualCard::Open(file, SecretBytes("1234")).status()),
            "CARD_UNREADABLE");
}

}  // namespace
}  // namespace psm::card
