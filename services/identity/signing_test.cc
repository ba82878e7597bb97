// Relying parties ask for signatures, persons give them with their cards, and
// OpenSSL verifies what comes out.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/card_authority.h"
#include "services/identity/openssl_command.h"
#include "services/identity/provider_profile.h"
#include "services/identity/relying_party_signatures.h"
#include "services/identity/signing_pages.h"
#include "services/identity/test_world.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

constexpr char kDocument[] = "架空の契約書\n";
constexpr char kOrigin[] = "https://op.example";

// What the mesh is asked to disclose, and says of it.
class NotedDisclosures final : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext&,
                                       const Disclosure& disclosure) override {
    if (!status.ok()) return status;
    all.push_back(disclosure);
    return std::string("code");
  }
  absl::Status status;
  std::vector<Disclosure> all;
};

class SigningTest : public testing::Test {
 protected:
  std::unique_ptr<card::VirtualCard> Card(const std::string& person) {
    const auto key = *SigningKey::Generate();
    const std::string serial = "CARD-" + person;
    const SecretBytes pin("1234"), signature_pin("ABC123");
    const std::string authentication = *authority_->Issue(
        serial, *key, world_.clock.Now(), card::kCardLifetime);
    const std::string signature = *authority_->IssueSignature(
        serial, {"架空　花子", "架空県あかつき市", "1990-04-01", 2},
        *key->Public(), world_.clock.Now(), card::kCardLifetime);
    EXPECT_TRUE(
        card::AppendIssued(
            jpki_, {card::Issued(Certificate::ChainFromPem(signature)->front(),
                                 card::CertificateKind::kSignature, serial,
                                 world_.clock.Now())})
            .ok());
    const std::string file = world_.folder.File(person + ".json");
    EXPECT_TRUE(card::CreateCard(file, serial,
                                 {{card::CertificateKind::kAuthentication,
                                   authentication, key.get(), &pin},
                                  {card::CertificateKind::kSignature, signature,
                                   key.get(), &signature_pin}})
                    .ok());
    return *card::VirtualCard::Open(file, signature_pin,
                                    card::CertificateKind::kSignature);
  }

  static openid::HttpRequest Request(const std::string& method,
                                     const std::string& path,
                                     const std::string& body = "") {
    openid::HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.body = body;
    return request;
  }
  static openid::Provider::Bearer Bearer(
      const std::string& person, const std::string& client,
      const std::vector<std::string>& scopes = {"openid", "sign"}) {
    auto made = std::make_shared<openid::Client>();
    made->id = client;
    made->name = {"ほしぞら銀行", "Hoshizora Bank"};
    made->audience = client + "/customers";
    made->affair = "customer-identification";
    openid::Provider::Bearer bearer;
    bearer.client = std::move(made);
    bearer.grant.client_id = client;
    bearer.grant.subject = person;
    bearer.grant.scopes = scopes;
    return bearer;
  }
  static std::string Form(const std::string& id,
                          const std::string& document = kDocument,
                          const std::string& title = "契約書 <1>") {
    return absl::StrCat("id=", id,
                        "&digest=", openid::Base64Url(Sha256(document)),
                        "&title=", openid::PercentEncode(title));
  }
  HttpAnswer Ask(const std::string& form, const std::string& person = "hanako",
                 const std::string& client = "bank") {
    return parties_.Answer(Request("POST", kSignRequestsPath, form),
                           Bearer(person, client));
  }
  // The path of a new request's page.
  std::string Page(const std::string& id) {
    const HttpAnswer made = Ask(Form(id));
    EXPECT_EQ(made.status, 201) << made.body;
    return json::parse(made.body)["url"].get<std::string>().substr(
        sizeof(kOrigin) - 1);
  }
  HttpAnswer Look(const std::string& id, const std::string& person = "hanako",
                  const std::string& client = "bank") {
    return parties_.Answer(
        Request("GET", absl::StrCat(kSignRequestsPath, "/", id)),
        Bearer(person, client));
  }
  std::string StateOf(const std::string& id) {
    return json::parse(Look(id).body).value("state", "");
  }
  // The card's program brings a signature.
  HttpAnswer Bring(const std::string& page, const std::string& signature) {
    return pages_.Answer(
        Request("POST", page + "/signature",
                absl::StrCat("signature=", openid::Base64Url(signature))));
  }
  std::string Sign(const card::VirtualCard& card,
                   const std::string& document = kDocument) {
    return *card::SignDigest(card, Sha256(document), world_.clock.Now());
  }

  static std::unique_ptr<card::CardAuthority> Authority(TestWorld& world,
                                                        const std::string& to) {
    // OpenSSL goes by the machine's clock, in whole seconds.
    world.clock.Advance(
        absl::FromUnixSeconds(absl::ToUnixSeconds(SystemClock().Now())) -
        world.clock.Now());
    return *card::CardAuthority::OpenOrCreate(to, world.clock.Now());
  }

  TestWorld world_;
  const std::string jpki_ = world_.folder.File("jpki");
  const std::unique_ptr<card::CardAuthority> authority_ =
      Authority(world_, jpki_);
  CertificateRegister certificates_{world_.database.get(), jpki_};
  RevocationLists lists_{authority_.get(), &certificates_, &world_.clock,
                         jpki_ + "/crl.pem"};
  const SignatureJudge judge_{authority_->certificate().ToPem(), &lists_,
                              &certificates_, world_.holders.get(),
                              &world_.clock};
  NotedDisclosures mesh_;
  CardHolderSubjects subjects_{world_.holders.get(), &mesh_, &SystemRandom()};
  SignRequests requests_{world_.database.get(), &SystemRandom()};
  openid::Clients clients_{std::vector<std::shared_ptr<const openid::Client>>{
      Bearer("", "bank").client}};
  const openid::Profile profile_ = AuthenticationAppProfile(kOrigin);
  SigningPages pages_{&requests_, &judge_, &clients_, &profile_, &world_.clock};
  RelyingPartySignatures parties_{&requests_, &subjects_, &world_.clock,
                                  kOrigin};
};

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
  EXPECT_EQ(Bring(page, Sign(*card)).status, 200);

  EXPECT_TRUE(mesh_.all.empty()) << "nothing was handed over yet";
  const json signed_now = json::parse(Look("contract-1").body);
  EXPECT_EQ(signed_now["state"], "signed");
  ASSERT_EQ(mesh_.all.size(), 1u);
  EXPECT_EQ(mesh_.all[0].audience, "bank/customers");
  EXPECT_EQ(mesh_.all[0].affair, "customer-identification");
  EXPECT_EQ(mesh_.all[0].subject, "hanako");
  EXPECT_EQ(mesh_.all[0].attributes,
            (std::vector<std::string>{"name", "address", "birth_date", "sex"}));
  // The same again, and again on record.
  EXPECT_EQ(json::parse(Look("contract-1").body), signed_now);
  EXPECT_EQ(mesh_.all.size(), 2u);

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
  const HttpAnswer refused = Bring(page, Sign(*his));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body.find("taro"), std::string::npos);
  EXPECT_EQ(Bring(page, Sign(*hers, "another")).status, 403);
  EXPECT_EQ(Bring(page, "junk").status, 403);
  EXPECT_EQ(Bring(page, "").status, 400);
  EXPECT_EQ(pages_.Answer(Request("POST", page + "/signature", "%ff")).status,
            400);
  // A signature of what a sign-in page shows is no document's.
  EXPECT_EQ(Bring(page, hers->Sign(Sha256(kDocument))).status, 403);
  // Nor is one that she has made before she was asked, for somebody else.
  EXPECT_EQ(
      Bring(page, *card::SignDigest(*hers, Sha256(kDocument),
                                    world_.clock.Now() - absl::Minutes(6)))
          .status,
      403);
  EXPECT_EQ(Bring("/sign/none", Sign(*hers)).status, 404);
  EXPECT_EQ(StateOf("c"), "pending");
  EXPECT_EQ(Bring(page, Sign(*hers)).status, 200);
  EXPECT_EQ(Bring(page, Sign(*hers)).status, 409) << "one answer is enough";
  EXPECT_EQ(pages_.Answer(Request("GET", page + "/request")).status, 409);
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
  EXPECT_EQ(Bring(page, Sign(*card)).status, 403);
  EXPECT_EQ(StateOf("c"), "pending");
}

TEST_F(SigningTest, NobodyCollectsAnothersOrWithoutTheScopeOrTheAgreement) {
  const auto card = Card("hanako");
  ASSERT_EQ(Bring(Page("c"), Sign(*card)).status, 200);
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
  mesh_.status = absl::PermissionDeniedError("not agreed");
  EXPECT_EQ(Look("c").status, 403);
  mesh_.status = absl::FailedPreconditionError("no automatic answer");
  EXPECT_EQ(Look("c").status, 403);
  EXPECT_EQ(Look("c").body.find("signature\""), std::string::npos);
  mesh_.status = absl::UnavailableError("no gateway");
  EXPECT_EQ(Look("c").status, 503);
  mesh_.status = absl::OkStatus();
  EXPECT_EQ(Look("c").status, 200);
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
  EXPECT_EQ(Bring(page, Sign(*card)).status, 409);
  EXPECT_NE(pages_.Answer(Request("GET", page)).body.find("署名しませんでした"),
            std::string::npos);

  const std::string other = Page("d");
  world_.clock.Advance(kSignRequestLife);
  EXPECT_EQ(StateOf("d"), "expired");
  EXPECT_EQ(Bring(other, Sign(*card)).status, 409);
  EXPECT_NE(pages_.Answer(Request("GET", other)).body.find("期限が過ぎました"),
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
