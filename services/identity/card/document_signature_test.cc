#include "services/identity/card/document_signature.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/digest.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/openssl_command.h"

namespace psm::card {
namespace {

constexpr char kDocument[] = "申請書: 給付金を申請します。\n";

class DocumentSignatureTest : public ::testing::Test {
 protected:
  DocumentSignatureTest() {
    authority_ = *CardAuthority::OpenOrCreate(folder_.path(), now_);
    card_ = MakeCard("hanako", CertificateKind::kSignature);
    signature_ = *SignDocument(*card_, kDocument, now_);
    trust_ = Trusting({});
  }

  std::unique_ptr<VirtualCard> MakeCard(const std::string& name,
                                        CertificateKind kind) {
    const auto key = *SigningKey::Generate();
    const std::string serial = "CARD-" + name;
    const std::string file = folder_.File(name + ".json");
    const SecretBytes pin("1234"), signature_pin("ABC123");
    const std::string authentication =
        *authority_->Issue(serial, *key, now_, absl::Hours(48));
    const std::string signature = *authority_->IssueSignature(
        serial, {"架空　花子", "架空県あかつき市", "1990-04-01", 2},
        *key->Public(), now_, absl::Hours(48));
    EXPECT_TRUE(CreateCard(file, serial,
                           {{CertificateKind::kAuthentication, authentication,
                             key.get(), &pin},
                            {CertificateKind::kSignature, signature, key.get(),
                             &signature_pin}})
                    .ok());
    return *VirtualCard::Open(
        file, kind == CertificateKind::kSignature ? signature_pin : pin, kind);
  }
  std::unique_ptr<DocumentTrust> Trusting(
      const std::vector<pki::Revocation>& revoked) {
    const std::string list =
        *authority_->IssueRevocationList(revoked, ++number_, now_);
    EXPECT_TRUE(WriteWholeFile(folder_.File("crl.pem"), list, kPublic).ok());
    return *DocumentTrust::Create(authority_->certificate().ToPem(), list);
  }
  // The signer's card, or the reason why there is none.
  std::string Verify(const std::string& document, const std::string& signature,
                     absl::Time at) {
    const auto who = trust_->Verify(document, signature, at);
    return who.ok() ? who->card_serial : ReasonOf(who.status());
  }

  const absl::Time now_ =
      absl::FromUnixSeconds(absl::ToUnixSeconds(SystemClock().Now()));
  TempFolder folder_;
  std::unique_ptr<CardAuthority> authority_;
  std::unique_ptr<VirtualCard> card_;
  std::string signature_;
  std::unique_ptr<DocumentTrust> trust_;
  std::uint64_t number_ = 0;
};

TEST_F(DocumentSignatureTest, ASignatureSaysWhoSignedWhatAndWhen) {
  const auto who = trust_->Verify(kDocument, signature_, now_);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->card_serial, "CARD-hanako");
  EXPECT_EQ(who->items.name, "架空　花子");
  EXPECT_EQ(who->items.birth_date, "1990-04-01");
  EXPECT_EQ(who->signing_time, now_);
}

TEST_F(DocumentSignatureTest, OpenSslAcceptsTheSignatureAndOnlyOfThisDocument) {
  ASSERT_TRUE(
      WriteWholeFile(folder_.File("document"), kDocument, kPublic).ok());
  ASSERT_TRUE(WriteWholeFile(folder_.File("other"), "other", kPublic).ok());
  ASSERT_TRUE(
      WriteWholeFile(folder_.File("signature"), signature_, kPublic).ok());
  // OpenSSL takes lists from the file of those it trusts.
  ASSERT_TRUE(WriteWholeFile(folder_.File("trusted"),
                             *ReadFile(folder_.File("ca.pem")) +
                                 *ReadFile(folder_.File("crl.pem")),
                             kPublic)
                  .ok());
  const auto verify = [this](const std::string& document) {
    return OpenSsl(absl::StrCat(
        "cms -verify -binary -inform DER -in ", folder_.File("signature"),
        " -content ", folder_.File(document), " -CAfile ",
        folder_.File("trusted"), " -crl_check -out ", folder_.File("out")));
  };
  EXPECT_EQ(verify("document").exit_code, 0) << verify("document").text;
  EXPECT_NE(verify("other").exit_code, 0);
}

TEST_F(DocumentSignatureTest, ADocumentThatWasTouchedIsNotTheOneThatWasSigned) {
  EXPECT_EQ(Verify(std::string(kDocument) + " ", signature_, now_),
            "SIGNATURE_INVALID");
  EXPECT_EQ(Verify("", signature_, now_), "SIGNATURE_INVALID");
  for (std::size_t at = 0; at < signature_.size(); at += 3) {
    std::string flipped = signature_;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x01);
    const auto who = trust_->Verify(kDocument, flipped, now_);
    // CMS has parts that are not signed (the list of digests, for one): then it
    // is still the same signature of the same card.
    if (who.ok()) {
      EXPECT_EQ(who->card_serial, "CARD-hanako") << at;
      EXPECT_EQ(who->items.address, "架空県あかつき市") << at;
      EXPECT_EQ(who->signing_time, now_) << at;
      continue;
    }
    const std::string said = ReasonOf(who.status());
    EXPECT_TRUE(said == "SIGNATURE_INVALID" ||
                said == "CERTIFICATE_NOT_ACCEPTED")
        << at << " " << said;
  }
  for (const std::string& junk :
       {std::string(), std::string("x"), std::string(20000, '\x30'),
        signature_ + "x", signature_.substr(0, signature_.size() - 1)})
    EXPECT_EQ(Verify(kDocument, junk, now_), "SIGNATURE_INVALID");
}

TEST_F(DocumentSignatureTest, WhatIsOnTheListSignsNothing) {
  const Certificate certificate =
      *Certificate::FromDer(card_->certificate_der());
  trust_ = Trusting({{certificate.serial(), now_, 3}});
  EXPECT_EQ(Verify(kDocument, signature_, now_), "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(DocumentSignatureTest, AnOldListAndAnOldCertificateVouchForNothing) {
  EXPECT_EQ(Verify(kDocument, signature_, now_ + absl::Hours(23)),
            "CARD-hanako");
  EXPECT_EQ(Verify(kDocument, signature_, now_ + absl::Hours(25)),
            "CERTIFICATE_NOT_ACCEPTED");
  trust_ = *DocumentTrust::Create(
      authority_->certificate().ToPem(),
      *authority_->IssueRevocationList({}, 9, now_ + absl::Hours(49)));
  EXPECT_EQ(Verify(kDocument, signature_, now_ + absl::Hours(49)),
            "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(DocumentSignatureTest, ATimeOfSigningThatCannotBeIsRefused) {
  for (const absl::Duration off :
       {absl::Hours(1), absl::Minutes(6), -absl::Hours(25)}) {
    EXPECT_EQ(
        Verify(kDocument, *SignDocument(*card_, kDocument, now_ + off), now_),
        "CERTIFICATE_NOT_ACCEPTED")
        << off;
  }
  EXPECT_EQ(
      Verify(kDocument,
             *SignDocument(*card_, kDocument, now_ + absl::Minutes(4)), now_),
      "CARD-hanako");
}

TEST_F(DocumentSignatureTest, WhatSignsInSignsNoDocument) {
  const auto card = MakeCard("taro", CertificateKind::kAuthentication);
  EXPECT_EQ(Verify(kDocument, *SignDocument(*card, kDocument, now_), now_),
            "CERTIFICATE_NOT_ACCEPTED");
}

TEST_F(DocumentSignatureTest, WhatIsSignedForARequestIsSignedForNothingElse) {
  const SignedFor bank = {"bank", "request-1"};
  const std::string digest = Sha256(kDocument);
  const std::string requested = *SignRequested(*card_, digest, bank, now_);
  const auto verify = [&](const SignedFor& whom, const std::string& signature) {
    const auto who = trust_->VerifyRequested(digest, whom, signature, now_);
    return who.ok() ? who->card_serial : ReasonOf(who.status());
  };
  EXPECT_EQ(verify(bank, requested), "CARD-hanako");
  EXPECT_EQ(Verify(kDocument, requested, now_), "SIGNED_FOR_RELYING_PARTY");
  for (const SignedFor& another :
       {SignedFor{"shop", "request-1"}, SignedFor{"bank", "request-2"},
        SignedFor{"bankr", "equest-1"}, SignedFor{"bank", ""}})
    EXPECT_EQ(verify(another, requested), "NOT_SIGNED_FOR_THIS_REQUEST");
  EXPECT_EQ(verify(bank, signature_), "NOT_SIGNED_FOR_THIS_REQUEST");
  EXPECT_FALSE(SignRequested(*card_, digest, {"bank", ""}, now_).ok());
  EXPECT_FALSE(SignRequested(*card_, digest, {"", "request-1"}, now_).ok());
  EXPECT_FALSE(SignRequested(*card_, "short", bank, now_).ok());
  // It is under the signature: another name, written over it, ends it, and so
  // does another kind of attribute.
  for (const char* inside : {"bank", "request-1", "\xb1\xab\x39\x01"}) {
    std::string changed = requested;
    const std::size_t at = changed.find(inside);
    ASSERT_NE(at, std::string::npos) << inside;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    EXPECT_EQ(Verify(kDocument, changed, now_), "SIGNATURE_INVALID") << inside;
  }
}

TEST(SignedForTest, IsWrittenAsItsHeaderSays) {
  EXPECT_EQ(EncodeSignedFor({"bank", "r1"}), std::string("\x30\x0a\x0c\x04"
                                                         "bank\x0c\x02r1"));
  // DER's long form, from 128 bytes on.
  const std::string id(200, 'x');
  EXPECT_EQ(EncodeSignedFor({"b", id}),
            "\x30\x81\xce\x0c\x01"
            "b\x0c\x81\xc8" +
                id);
}

TEST_F(DocumentSignatureTest, AnotherAuthoritysCardSignsNothingHere) {
  TempFolder other;
  authority_ = *CardAuthority::OpenOrCreate(other.path(), now_);
  const auto card = MakeCard("jiro", CertificateKind::kSignature);
  EXPECT_EQ(Verify(kDocument, *SignDocument(*card, kDocument, now_), now_),
            "CERTIFICATE_NOT_ACCEPTED");
}

}  // namespace
}  // namespace psm::card
