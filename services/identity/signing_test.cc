// Relying parties ask for signatures, persons give them with their cards, and
// OpenSSL verifies what comes out.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "nlohmann/json.hpp"
#include "services/identity/openssl_command.h"
#include "services/identity/signing_fixture.h"
#include "services/openid/jws.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

TEST_F(SigningTest, ThePersonSignsAndTheRelyingPartyVerifiesOffline) {
  const auto card = Card("hanako");
  const std::string page = Page("contract-1");
  EXPECT_EQ(StateOf("contract-1"), "pending");
  // What the card's program is told is what it signs.
  const HttpAnswer told = pages_.Answer(Request("GET", page + "/request"));
  ASSERT_EQ(told.status, 200) << told.body;
  const json asked = json::parse(told.body);
  EXPECT_EQ(asked["title"], "契約書 <1>");
  EXPECT_EQ(asked["service"]["ja"], "ほしぞら銀行");
  EXPECT_EQ(asked["digest"], openid::Base64Url(Sha256(kDocument)));
  EXPECT_TRUE(mesh_.all.empty());
  EXPECT_EQ(Bring(page, Sign(*card, page)).status, 200);
  EXPECT_EQ(mesh_.all.size(), 1u) << "asked before it is kept";

  const json signed_now = json::parse(Look("contract-1").body);
  EXPECT_EQ(signed_now["state"], "signed");
  ASSERT_EQ(mesh_.all.size(), 2u);
  EXPECT_EQ(mesh_.exchanges[0], mesh_.exchanges[1]) << "one record";
  EXPECT_EQ(mesh_.all[0].audience, "bank/customers");
  EXPECT_EQ(mesh_.all[0].affair, "customer-identification");
  EXPECT_EQ(mesh_.all[0].subject, "hanako");
  EXPECT_EQ(mesh_.all[0].attributes,
            (std::vector<std::string>{"name", "address", "birth_date", "sex"}));
  // The same again, and again on record.
  EXPECT_EQ(json::parse(Look("contract-1").body), signed_now);
  ASSERT_EQ(mesh_.all.size(), 3u);
  EXPECT_NE(mesh_.exchanges[2], mesh_.exchanges[0]) << "another record";

  std::string cms;
  ASSERT_TRUE(
      absl::Base64Unescape(signed_now["signature"].get<std::string>(), &cms));
  const std::string folder = world_.folder.path();
  ASSERT_TRUE(lists_.Current().ok());
  for (const auto& [name, bytes] :
       {std::pair<std::string, std::string>{"signature", cms},
        {"document", kDocument},
        {"other", "another document"},
        {"trusted",
         *ReadFile(jpki_ + "/ca.pem") + *ReadFile(jpki_ + "/crl.pem")}})
    ASSERT_TRUE(WriteWholeFile(folder + "/" + name, bytes, kPublic).ok());
  const auto verify = [&](const std::string& document) {
    return OpenSsl(absl::StrCat("cms -verify -binary -inform DER -in ", folder,
                                "/signature -content ", folder, "/", document,
                                " -CAfile ", folder,
                                "/trusted -crl_check -out ", folder, "/out"));
  };
  EXPECT_EQ(verify("document").exit_code, 0) << verify("document").text;
  EXPECT_NE(verify("other").exit_code, 0);
}

TEST_F(SigningTest, OnlyWhoIsAskedSignsAndOnlyWhatIsAsked) {
  const auto hers = Card("hanako");
  const auto his = Card("taro");
  world_.clock.Advance(absl::Minutes(10));
  const std::string page = Page("c");
  const HttpAnswer refused = Bring(page, Sign(*his, page));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body.find("taro"), std::string::npos);
  EXPECT_EQ(Bring(page, Sign(*hers, page, "another")).status, 403);
  EXPECT_EQ(Bring(page, "junk").status, 403);
  EXPECT_EQ(Bring(page, "").status, 400);
  EXPECT_EQ(pages_.Answer(Request("POST", page + "/signature", "%ff")).status,
            400);
  // A signature of what a sign-in page shows is no document's.
  EXPECT_EQ(Bring(page, hers->Sign(Sha256(kDocument))).status, 403);
  // Nor is one that she has made before she was asked, for somebody else.
  EXPECT_EQ(Bring(page, *card::SignRequested(
                            *hers, Sha256(kDocument), {"bank", IdOn(page)},
                            world_.clock.Now() - absl::Minutes(6)))
                .status,
            403);
  EXPECT_EQ(Bring("/sign/none", Sign(*hers, page)).status, 404);
  EXPECT_EQ(StateOf("c"), "pending");
  EXPECT_EQ(mesh_.tries, 0) << "the mesh hears of hers alone";
  EXPECT_EQ(Bring(page, Sign(*hers, page)).status, 200);
  EXPECT_EQ(Bring(page, Sign(*hers, page)).status, 409) << "one is enough";
  EXPECT_EQ(StateOf("c"), "signed");
  EXPECT_EQ(pages_.Answer(Request("GET", page + "/request")).status, 409);
}

TEST_F(SigningTest, ASignatureIsForOneRequestOfOneClientAndForNoDocument) {
  const auto card = Card("hanako");
  const std::string page = Page("c"), other = Page("d");
  const std::string plain =
      *card::SignDocument(*card, kDocument, world_.clock.Now());
  for (const std::string& signature :
       {plain, Sign(*card, other), Sign(*card, page, kDocument, "shop")}) {
    const HttpAnswer refused = Bring(page, signature);
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.body.find("for this request"), std::string::npos);
  }
  EXPECT_EQ(StateOf("c"), "pending");
  EXPECT_EQ(mesh_.tries, 0);
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  std::string cms;
  ASSERT_TRUE(absl::Base64Unescape(
      json::parse(Look("c").body)["signature"].get<std::string>(), &cms));
  // An agency that is brought the document with it takes it for no application.
  EXPECT_EQ(ReasonOf(judge_.OfDocument(kDocument, cms).status()),
            "SIGNED_FOR_RELYING_PARTY");
  EXPECT_EQ(judge_.OfDocument(kDocument, plain)->subject, "hanako");
}

TEST_F(SigningTest, NothingElseCanBePutUnderTheIdOfThePage) {
  const std::string page = Page("c");
  const json said =
      json::parse(pages_.Answer(Request("GET", page + "/request")).body);
  SignRequest asked;
  asked.client_id = said["client"];
  asked.title = said["title"];
  asked.digest = *openid::FromBase64Url(said["digest"].get<std::string>());
  asked.blind = *openid::FromBase64Url(said["blind"].get<std::string>());
  EXPECT_EQ(IdOf(asked), IdOn(page));
  for (std::string SignRequest::* part :
       {&SignRequest::client_id, &SignRequest::title, &SignRequest::digest,
        &SignRequest::blind}) {
    SignRequest swapped = asked;
    (swapped.*part)[0] = static_cast<char>((swapped.*part)[0] ^ 1);
    EXPECT_NE(IdOf(swapped), IdOn(page));
  }
  // Nor what moves from one part to the next.
  SignRequest moved = asked;
  moved.client_id = "ban";
  moved.digest = "k" + asked.digest;
  EXPECT_NE(IdOf(moved), IdOn(page));
}

TEST_F(SigningTest, ARevokedCertificateSignsNothing) {
  const auto card = Card("hanako");
  const std::string page = Page("c");
  ASSERT_TRUE(certificates_.Import().ok());
  ASSERT_TRUE(world_.database
                  ->Write([&](soci::session& sql) {
                    EXPECT_EQ(CertificateRegister::Revoke(
                                  sql, "CARD-hanako",
                                  card::CertificateKind::kSignature,
                                  RevocationReason::kAffiliationChanged,
                                  world_.clock.Now()),
                              1);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(Bring(page, Sign(*card, page)).status, 403);
  EXPECT_EQ(StateOf("c"), "pending");
}

TEST_F(SigningTest, NobodyCollectsAnothersOrWithoutTheScope) {
  const auto card = Card("hanako");
  const std::string page = Page("c");
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  EXPECT_EQ(Look("c", "taro").status, 404);
  EXPECT_EQ(Look("c", "hanako", "shop").status, 404);
  EXPECT_EQ(Look("none").status, 404);
  EXPECT_EQ(Look("c' OR '1'='1").status, 404);
  for (const char* method : {"GET", "POST"}) {
    const HttpAnswer answer =
        parties_.Answer(Request(method, absl::StrCat(kSignRequestsPath, "/c")),
                        Bearer("hanako", "bank", {"openid", "name"}));
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.body.find("insufficient_scope"), std::string::npos);
  }
  mesh_.status = absl::UnavailableError("no gateway");
  EXPECT_EQ(Look("c").status, 503);
  mesh_.status = absl::OkStatus();
  EXPECT_EQ(StateOf("c"), "signed") << "what is not known now is not withheld";
}

TEST_F(SigningTest, TheSameAgainIsTheSameAndEightAreEnough) {
  const std::string page = Page("c");
  EXPECT_EQ(Page("c"), page);
  EXPECT_EQ(Ask(Form("c", "another document")).status, 409);
  EXPECT_EQ(Ask(Form("c", kDocument, "another title")).status, 409);
  // Another client, or another person, may use the same id.
  EXPECT_EQ(Ask(Form("c", "x"), "hanako", "shop").status, 201);
  EXPECT_EQ(Ask(Form("c", "x"), "taro").status, 201);
  for (int i = 1; i < kMostSignRequests; ++i)
    EXPECT_EQ(Ask(Form(absl::StrCat("c", i))).status, 201);
  EXPECT_EQ(Ask(Form("one-more")).status, 429);
  EXPECT_EQ(Page("c"), page) << "a retry is not one more";
  ASSERT_EQ(pages_.Answer(Request("POST", page)).status, 303);
  EXPECT_EQ(Ask(Form("one-more")).status, 429) << "who asks can decline, too";
  world_.clock.Advance(kSignRequestLife);
  EXPECT_EQ(Ask(Form("one-more")).status, 201);
}

TEST_F(SigningTest, WhatCannotBeAskedIsSaid) {
  const std::string digest = openid::Base64Url(Sha256("x"));
  for (const std::string& bad :
       {std::string(), absl::StrCat("digest=", digest, "&title=t"),
        absl::StrCat("id=a/b&digest=", digest, "&title=t"),
        std::string("id=a&digest=AAAA&title=t"),
        absl::StrCat("id=a&digest=", digest),
        absl::StrCat("id=a&digest=", digest, "&title=a%0Ab"),
        absl::StrCat("id=a&digest=", digest, "&title=%1B[2J"),
        absl::StrCat("id=a&digest=", digest, "&title=%C2%9B2J"),
        absl::StrCat("id=a&digest=", digest, "&title=a%E2%80%AEb"),
        absl::StrCat("id=a&digest=", digest, "&title=", std::string(201, 't')),
        absl::StrCat("id=a&digest=", digest, "&title=t&duration=59"),
        absl::StrCat("id=a&digest=", digest, "&title=t&duration=604801"),
        absl::StrCat("id=a&id=b&digest=", digest, "&title=t")}) {
    EXPECT_EQ(Ask(bad).status, 400) << bad;
  }
  EXPECT_EQ(
      parties_
          .Answer(Request("GET", kSignRequestsPath), Bearer("hanako", "bank"))
          .status,
      405);
}

TEST_F(SigningTest, ThePersonDeclinesOrLetsItsTimePass) {
  const auto card = Card("hanako");
  const std::string page = Page("c");
  const HttpAnswer declined = pages_.Answer(Request("POST", page));
  EXPECT_EQ(declined.status, 303);
  EXPECT_EQ(StateOf("c"), "declined");
  EXPECT_EQ(Bring(page, Sign(*card, page)).status, 409);
  EXPECT_NE(pages_.Answer(Request("GET", page)).body.find("署名しませんでした"),
            std::string::npos);

  const std::string other = Page("d");
  world_.clock.Advance(kSignRequestLife);
  EXPECT_EQ(StateOf("d"), "expired");
  EXPECT_EQ(Bring(other, Sign(*card, other)).status, 409);
  // What is over is told as what was, in both languages.
  const std::string over = pages_.Answer(Request("GET", other)).body;
  for (const char* text : {"期限が過ぎました", "署名を求めました", "?lang=en"})
    EXPECT_NE(over.find(text), std::string::npos) << text;
  openid::HttpRequest english = Request("GET", other);
  english.query = "lang=en";
  EXPECT_NE(pages_.Answer(english).body.find("asked you to sign"),
            std::string::npos);
  // In the end it is forgotten.
  world_.clock.Advance(kSignatureKept + absl::Seconds(1));
  Page("e");
  EXPECT_EQ(Look("c").status, 404);
  EXPECT_EQ(pages_.Answer(Request("GET", other)).status, 404);
}

TEST_F(SigningTest, ThePageSaysWhatIsSignedAndWhatGoesWithIt) {
  const std::string page = Page("c");
  openid::HttpRequest request = Request("GET", page);
  const std::string japanese = pages_.Answer(request).body;
  request.query = "lang=en";
  const HttpAnswer english = pages_.Answer(request);
  for (const std::string& text : {std::string("契約書 &lt;1&gt;"),
                                  std::string("<code lang=\"en\">bank</code>"),
                                  absl::BytesToHexString(Sha256(kDocument)),
                                  absl::StrCat("--sign=", page.substr(6))}) {
    EXPECT_NE(japanese.find(text), std::string::npos) << text;
    EXPECT_NE(english.body.find(text), std::string::npos) << text;
  }
  EXPECT_NE(japanese.find("氏名・住所・生年月日・性別"), std::string::npos);
  EXPECT_NE(japanese.find("非公式の試作品"), std::string::npos);
  EXPECT_NE(english.body.find("name, address, date of birth and sex"),
            std::string::npos);
  EXPECT_NE(english.body.find("url=" + page + "?lang=en"), std::string::npos);
  EXPECT_EQ(japanese.find("<script"), std::string::npos);
  bool framed = true;
  for (const auto& [name, value] : english.headers) {
    if (name == "Content-Security-Policy")
      framed = value.find("frame-ancestors 'none'") == std::string::npos;
  }
  EXPECT_FALSE(framed);
}

}  // namespace
}  // namespace psm::identity
