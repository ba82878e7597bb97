// 24. Persons sign in at a bank through identity's OpenID provider, by clients
// that share no code with it; and whoever brings a code, a token, an address or
// a form that is not his own gets nothing.
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/japan_time.h"
#include "mesh/cli/process.h"
#include "nlohmann/json.hpp"
#include "psm/identity/v1/consent_request.grpc.pb.h"
#include "psm/identity/v1/signature.grpc.pb.h"
#include "psm/residents/v1/protection.grpc.pb.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"
#include "services/openid/jws.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/missing.h"

namespace psm::testing {
namespace {

using identity::v1::ConsentRequestService;
using nlohmann::json;

constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kIdentity[] = "identity/identity";
constexpr char kDisclose[] = "psm.disclosure.v1.DisclosureService/Disclose";

class OpenId : public Scenario {
 protected:
  // Registers a client with a new key, which its own process will read.
  static json Register(const std::string& id, const std::string& audience) {
    const auto key = *openid::JwsKey::Generate(openid::JwsAlgorithm::kEs256);
    EXPECT_TRUE(WriteWholeFile(absl::StrCat(Keys(), "/", id, ".pem"),
                               key->ToPem().Reveal(), kPrivate)
                    .ok());
    json jwk = key->public_jwk();
    jwk.erase("kid");
    return {{"client_id", id},
            {"name", {{"ja", "架空の利用者"}, {"en", "A fictitious party"}}},
            {"audience", audience},
            {"affair", "customer-identification"},
            {"redirect_uris", {"https://bank.example/callback"}},
            {"post_logout_redirect_uris", {"https://bank.example/bye"}},
            {"token_endpoint_auth_method", "private_key_jwt"},
            {"jwks", {{"keys", {jwk}}}},
            {"scope", "openid name birthdate gender sign"},
            {"refresh_tokens", "yes"}};
  }
  static std::string Root() { return mesh().folder().root(); }
  static std::string Keys() { return Root() + "/relying-parties"; }
  static std::string Issuer() {
    return *ReadFile(Root() + "/endpoints/identity/identity.https");
  }

  // What tests/scenarios/node/relying_party.mjs prints.
  static json Run() {
    SpawnOptions node;
    node.command = {PSM_NODE, PSM_NODE_RELYING_PARTY};
    node.log = Root() + "/logs/relying-party.log";
    node.environment = {{"PSM_ISSUER", Issuer()},
                        {"PSM_NODE_MODULES", PSM_NODE_MODULES},
                        {"NODE_EXTRA_CA_CERTS",
                         Root() + "/endpoints/identity/identity.https.pem"},
                        {"PSM_KEYS", Keys()},
                        {"PSM_AUTHENTICATOR", PSM_AUTHENTICATOR},
                        {"PSM_CARD", mesh().folder().Card("hanako")},
                        {"PSM_PROTECTED_CARD", mesh().folder().Card("misaki")},
                        {"PSM_PIN", card::kDemoPin},
                        {"PSM_SIGNATURE_PIN", card::kDemoSignaturePin},
                        {"PSM_RUN", Root()}};
    const absl::Status ran = RunProgram(node);
    EXPECT_TRUE(ran.ok()) << ran;
    return json::parse(LastLines(node.log, 1), nullptr,
                       /*allow_exceptions=*/false);
  }

  static absl::Status Protect(const std::string& person) {
    residents::v1::ProtectRequest request;
    request.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    request.set_last_date(
        absl::FormatCivilTime(DayInJapan(mesh().clock().Now()) + 365));
    return mesh()
        .Client("akatsuki/counter")
        .Call(&residents::v1::ProtectionService::Stub::Protect,
              {.affair = "protect-person", .provider = "akatsuki/residents"},
              request)
        .status;
  }
  // What an agency makes of the bank's contract, brought with a signature.
  static auto WhoSigned(const std::string& signature) {
    identity::v1::VerifyDocumentRequest request;
    request.set_document(*ReadFile(Keys() + "/contract"));
    request.set_signature(signature);
    return mesh().Client(kBenefits).Call(
        &identity::v1::SignatureService::Stub::VerifyDocument,
        {.affair = kBenefitAffair}, request);
  }

  // What came of the contract that the bank had signed.
  static void ExpectSigned(const json& seen) {
    EXPECT_EQ(seen["signatureNotGranted"], 403);
    EXPECT_EQ(seen["signAgain"], true);
    EXPECT_EQ(seen["signOther"], 409);
    EXPECT_EQ(seen["signPage"], true);
    EXPECT_NE(seen["signPinOfTheOther"].get<std::string>().find("6 to 16"),
              std::string::npos)
        << seen["signPinOfTheOther"];
    EXPECT_EQ(
        seen["signAnothers"],
        "psm-authenticator: the request is for somebody else's signature");
    // Whoever stands between puts nothing else under the id of the page.
    const std::string swapped =
        "psm-authenticator: what is to be signed is not what the page has "
        "asked for; nothing was signed";
    EXPECT_EQ(seen["signSwapped"], (json{swapped, swapped, swapped}));
    EXPECT_NE(seen["signShown"].get<std::string>().find("hoshizora-bank"),
              std::string::npos);
    EXPECT_EQ(seen["signedUnseen"], true);
    EXPECT_EQ(seen["signed"], true);
    EXPECT_NE(seen["signer"].get<std::string>().find("subject="),
              std::string::npos);
    EXPECT_EQ(seen["signedFor"], (json{"hoshizora-bank", true}));
    EXPECT_EQ(seen["signDeclined"], "declined");
    // It is no application, whatever the digest is of.
    EXPECT_EQ(ReasonOf(WhoSigned(*ReadFile(Keys() + "/signature")).status),
              "SIGNED_FOR_RELYING_PARTY");
    const auto card = card::VirtualCard::Open(
        mesh().folder().Card("hanako"), SecretBytes(card::kDemoSignaturePin),
        card::CertificateKind::kSignature);
    ASSERT_TRUE(card.ok()) << card.status();
    const auto hers = WhoSigned(*card::SignDocument(
        **card, *ReadFile(Keys() + "/contract"), mesh().clock().Now()));
    ASSERT_TRUE(hers.status.ok()) << hers.status;
    EXPECT_EQ(hers->subject(), mesh().Person("hanako").CodeAt("akatsuki"));
  }

  // What a protected person has signed is not to be told from what she has not.
  static void ExpectWithheld(const json& seen) {
    EXPECT_NE(seen["withheldSaid"].get<std::string>().find("told nothing"),
              std::string::npos)
        << seen["withheldSaid"];
    EXPECT_EQ(seen["withheldShows"], "nothing");
    EXPECT_EQ(seen["withheldState"], "pending");
    const auto records = mesh().AwaitRecords(
        {.consumer = kBank, .method = kDisclose, .person = "misaki"}, 2);
    ASSERT_TRUE(records.ok()) << records.status();
    int refused = 0;
    for (const Record& record : *records) {
      EXPECT_TRUE(Released(record).empty());
      refused += record.reason() == "NO_AUTOMATIC_ANSWER" ? 1 : 0;
    }
    EXPECT_EQ(refused, 1)
        << "the mesh decided, when she signed and never again";
  }

  void SetUp() override {
    Scenario::SetUp();
    if (access(PSM_NODE_MODULES "/openid-client", R_OK) != 0) {
      PSM_MISSING(
          kRequireNode,
          "npm ci could not install openid-client into " PSM_NODE_MODULES
          "; no other relying party was tried");
    }
  }
};

TEST_F(OpenId, ForeignClientsSignInAndWhatIsNotTheirsGivesThemNothing) {
  ASSERT_TRUE(MakeFolder(Keys()).ok());
  ASSERT_TRUE(MakeFolder(Root() + "/clients/identity").ok());
  const json clients = {{"clients",
                         {Register("hoshizora-bank", kBank),
                          Register("other-party", "other-party/none")}}};
  ASSERT_TRUE(WriteWholeFile(Root() + "/clients/identity/identity.json",
                             clients.dump(), kPrivate)
                  .ok());
  ASSERT_TRUE(Protect("misaki").ok());
  const std::string issuer = Issuer();
  const json seen = Run();
  ASSERT_TRUE(seen.is_object());

  // The person, as the bank alone knows her; no item in the token.
  const std::string sub = mesh().Person("hanako").CodeAt("hoshizora-bank");
  EXPECT_EQ(seen["claims"]["sub"], sub);
  EXPECT_NE(sub, mesh().Person("hanako").CodeAt("identity"));
  EXPECT_EQ(seen["claims"]["acr"], "aal3");
  EXPECT_FALSE(seen["claims"].contains("name"));
  EXPECT_EQ(seen["nonce"], true);
  EXPECT_EQ(seen["thumbprint"], true);
  EXPECT_EQ(seen["info"]["sub"], sub);
  EXPECT_EQ(seen["info"]["name"], mesh().Person("hanako").persona().name());
  EXPECT_EQ(seen["info"]["gender"], "female");
  EXPECT_FALSE(seen["info"].contains("address"));
  EXPECT_EQ(seen["loggedOutTo"], "https://bank.example/bye?state=s");

  // A document that she signs: she alone, with the key that signs documents,
  // and OpenSSL agrees.
  ExpectSigned(seen);
  ExpectWithheld(seen);

  // Tokens that came twice, or whose sign-in has ended, open nothing.
  EXPECT_EQ(seen["refreshed"], 200);
  EXPECT_EQ(seen["refreshReuse"], "invalid_grant");
  EXPECT_EQ(seen["afterRefreshReuse"], 401);
  EXPECT_EQ(seen["afterLogout"], 401);
  EXPECT_EQ(seen["openLogout"], 400);
  EXPECT_EQ(seen["codeReuse"], "invalid_grant");
  EXPECT_EQ(seen["afterCodeReuse"], 401);
  EXPECT_EQ(seen["otherClient"], "invalid_grant");
  EXPECT_EQ(seen["wrongVerifier"], "invalid_grant");
  EXPECT_NE(seen["wrongNonce"], "nothing");
  const json refused = {
      {"noState", "invalid_request"},    {"noNonce", "invalid_request"},
      {"noPkce", "invalid_request"},     {"plainPkce", "invalid_request"},
      {"evilRedirect", "400"},           {"longerRedirect", "400"},
      {"foreignScope", "invalid_scope"}, {"sql", "400"}};
  EXPECT_EQ(seen["refused"], refused);
  EXPECT_EQ(seen["waits"], true);
  EXPECT_EQ(seen["waitsNoMore"], true);
  EXPECT_EQ(seen["wrongNumber"], true);
  EXPECT_EQ(seen["narrowed"],
            (json{{"scope", "name openid"}, {"info", {"name", "sub"}}}));
  EXPECT_EQ(seen["framed"], true);
  EXPECT_EQ(seen["forged"], 403);
  EXPECT_EQ(seen["otherChallenge"], true);
  EXPECT_EQ(seen["script"], false);
  EXPECT_EQ(seen["consentUnsigned"], 403);

  // Who was told what is on record: the name at each sign-in, the items at each
  // look at UserInfo.
  const auto records = mesh().AwaitRecords(
      {.consumer = kBank, .method = kDisclose, .person = "hanako"}, 12);
  ASSERT_TRUE(records.ok()) << records.status();
  int names = 0, items = 0, looks = 0, signatures = 0;
  for (const Record& record : *records) {
    EXPECT_EQ(record.provider(), kIdentity);
    EXPECT_EQ(record.kind(), Record::EXCHANGE);
    if (record.affair() == "sign-in") {
      EXPECT_TRUE(Released(record).empty());
      ++names;
    } else {
      EXPECT_EQ(record.affair(), "customer-identification");
      if (Released(record).size() == 4) {
        ++signatures;
        continue;
      }
      EXPECT_EQ(Released(record).front(), "name");
      items += Released(record).size() == 2 ? 1 : 0;
      ++looks;
    }
  }
  EXPECT_EQ(names, 8);
  EXPECT_EQ(signatures, 1) << "a certificate says all four items";
  EXPECT_EQ(items, 2);
  EXPECT_EQ(looks, 3) << "one of a person who kept her sex to herself";

  // What the bank asked for waits for her, and for nobody else.
  EXPECT_EQ(seen["consentState"], "pending");
  EXPECT_EQ(seen["consentAskedAgain"], true);
  EXPECT_EQ(seen["consentUnasked"], (json{401, 401, 401}));
  identity::v1::ListConsentRequestsRequest list;
  list.set_subject(mesh().Person("hanako").CodeAt("portal"));
  const auto waiting =
      mesh()
          .Client("portal/terminal")
          .Call(&ConsentRequestService::Stub::ListConsentRequests,
                {.affair = "own-request"}, list);
  ASSERT_TRUE(waiting.status.ok()) << waiting.status;
  ASSERT_EQ(waiting->requests_size(), 1);
  EXPECT_EQ(waiting->requests(0).request_id(), seen["consentRequest"]);
  EXPECT_EQ(waiting->requests(0).consumer(), kBank);
  EXPECT_EQ(waiting->requests(0).purpose(), "where statements go");

  // The provider is called the same after a restart: tokens name it.
  ASSERT_TRUE(mesh().RestartSystem(kIdentity).ok());
  EXPECT_EQ(Issuer(), issuer);
}

}  // namespace
}  // namespace psm::testing
