// 33. Businesses sign in at a subsidy system through gbizid's OpenID provider,
// by a client that shares no code with it: for themselves, for whoever has
// delegated, and as a person, which the mesh records; at a client without an
// agreement a person is not named.
#include <unistd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/cli/process.h"
#include "mesh/crypto/digest.h"
#include "nlohmann/json.hpp"
#include "services/generator/corporate_number.h"
#include "tests/scenarios/business_scenario.h"
#include "tests/support/missing.h"

namespace psm::testing {
namespace {

using nlohmann::json;

constexpr char kSecret[] = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM";
constexpr char kDisclose[] = "psm.disclosure.v1.DisclosureService/Disclose";

class BusinessOpenId : public BusinessScenario {
 protected:
  static std::string Root() { return mesh().folder().root(); }
  static std::string Address() { return Root() + "/endpoints/gbizid/gbizid"; }

  static json Client(const std::string& id, const std::string& audience) {
    return {{"client_id", id},
            {"name", {{"ja", "架空の申請"}, {"en", "Fictitious subsidies"}}},
            {"audience", audience},
            {"affair", kSubsidy},
            {"redirect_uris", {"https://grants.example/callback"}},
            {"post_logout_redirect_uris", {"https://grants.example/bye"}},
            {"token_endpoint_auth_method", "client_secret_basic"},
            {"client_secret_sha256", absl::BytesToHexString(Sha256(kSecret))},
            {"scope", "openid jp_gbizid_v1_ida"},
            {"refresh_tokens", "no"}};
  }

  // What tests/scenarios/node/relying_service.mjs prints: one sign-in.
  static json Run(const std::string& mail, const std::string& acting = "own",
                  const std::string& client = "jgrants") {
    SpawnOptions node;
    node.command = {PSM_NODE, PSM_NODE_RELYING_SERVICE};
    node.log = Root() + "/logs/relying-service.log";
    node.environment = {{"PSM_ISSUER", *ReadFile(Address() + ".https")},
                        {"PSM_NODE_MODULES", PSM_NODE_MODULES},
                        {"NODE_EXTRA_CA_CERTS", Address() + ".https.pem"},
                        {"PSM_CLIENT", client},
                        {"PSM_SECRET", kSecret},
                        {"PSM_MAIL", mail},
                        {"PSM_PASSWORD", kPassword},
                        {"PSM_CODE", NextCode(mail)},
                        {"PSM_ACTING", acting}};
    const absl::Status ran = RunProgram(node);
    EXPECT_TRUE(ran.ok()) << ran << LastLines(node.log, 10);
    return json::parse(LastLines(node.log, 1), nullptr,
                       /*allow_exceptions=*/false);
  }

  // A delegation for grants that holds.
  static std::string Delegate(const std::string& principal,
                              const std::string& number,
                              const std::string& delegate,
                              const std::string& delegate_number) {
    gv1::OfferDelegationRequest offer;
    offer.set_session(principal);
    offer.set_corporate_number(number);
    offer.set_delegate(delegate_number);
    offer.set_relying_service(kGrants);
    offer.mutable_end_time()->set_seconds(
        absl::ToUnixSeconds(mesh().clock().Now() + absl::Hours(24)));
    const auto offered =
        Done(&DelegationsService::Stub::OfferDelegation, offer).delegation();
    gv1::AnswerDelegationRequest answer;
    answer.set_session(delegate);
    answer.set_corporate_number(number);
    answer.set_delegation_id(offered.delegation_id());
    answer.set_etag(offered.etag());
    answer.set_accept(true);
    return Done(&DelegationsService::Stub::AnswerDelegation, answer)
        .delegation()
        .delegation_id();
  }

  void SetUp() override {
    BusinessScenario::SetUp();
    if (access(PSM_NODE_MODULES "/openid-client", R_OK) != 0) {
      PSM_MISSING(
          kRequireNode,
          "npm ci could not install openid-client into " PSM_NODE_MODULES
          "; no other relying party was tried");
    }
    ASSERT_TRUE(MakeFolder(Root() + "/clients/gbizid").ok());
    const json clients = {
        {"clients", {Client("jgrants", kGrants), Client("other", kBenefits)}}};
    ASSERT_TRUE(WriteWholeFile(Root() + "/clients/gbizid/gbizid.json",
                               clients.dump(), kPrivate)
                    .ok());
  }
};

TEST_F(BusinessOpenId, ForeignClientsLearnWhoActsForWhomAndAPersonIsOnRecord) {
  const std::string alpha = mesh().Person("kakuu").persona().corporate_number();
  const std::string beta = UnassignedCorporateNumber(2);
  const std::string a = Open(alpha, "a@alpha.example");
  ASSERT_TRUE(
      ShowCard(a, alpha, Apply(a, alpha, gv1::PrimeApplication::CARD), "taro")
          .status.ok());
  const std::string b = Open(beta, "b@beta.example");
  ApproveDocuments(Apply(b, beta, gv1::PrimeApplication::DOCUMENTS));
  const std::string delegation = Delegate(a, alpha, b, beta);

  // For itself. The tokens verify, and say nothing of the business.
  const json own = Run("b@beta.example");
  ASSERT_TRUE(own.is_object());
  EXPECT_EQ(own["alg"], "RS256");
  EXPECT_FALSE(own["claims"].contains("verified_claims"));
  const json& verified = own["info"]["verified_claims"];
  EXPECT_EQ(verified["claims"]["corporate_number"], beta);
  EXPECT_EQ(verified["claims"]["account_type"], "2");
  EXPECT_EQ(verified["verification"]["assurance_level"], "ial2");
  EXPECT_EQ(own["info"]["role"], "applicant");
  EXPECT_EQ(own["info"]["delegation_info"], json::object());
  EXPECT_EQ(own["codeReuse"], "invalid_grant");
  EXPECT_EQ(own["wrongSecret"], 401);
  EXPECT_EQ(own["plainPkce"], "invalid_request");

  // For whoever has delegated.
  const json acting = Run("b@beta.example", delegation);
  ASSERT_TRUE(acting.is_object());
  EXPECT_EQ(acting["info"]["delegation_info"]["corporate_number"], alpha);
  EXPECT_EQ(acting["info"]["delegation_info"]["delegation_id"], delegation);
  EXPECT_EQ(acting["claims"]["sub"], own["claims"]["sub"]);
  EXPECT_TRUE(mesh().Records({.method = kDisclose})->empty())
      << "a corporation is no person";

  // A sole proprietor, of whom the mesh is asked first.
  const std::string shop = Open("", "shop@example.example");
  ASSERT_TRUE(
      ShowCard(shop, "", Apply(shop, "", gv1::PrimeApplication::CARD), "hanako")
          .status.ok());
  const json person = Run("shop@example.example");
  ASSERT_TRUE(person.is_object());
  EXPECT_EQ(person["info"]["verified_claims"]["claims"],
            (json{{"account_type", "2"}, {"corp_type", "2"}}));
  for (const char* agency : {"gbizid", "grants"})
    EXPECT_NE(person["claims"]["sub"], mesh().Person("hanako").CodeAt(agency));
  const auto told = mesh().AwaitRecords(
      {.consumer = kGrants, .method = kDisclose, .person = "hanako"}, 2);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->size(), 2u);
  EXPECT_TRUE(Released((*told)[0]).empty()) << "the name";
  EXPECT_EQ(Released((*told)[1]), std::vector<std::string>{"holder"});
  for (const Record& record : *told) {
    EXPECT_EQ(record.provider(), "gbizid/gbizid");
    EXPECT_EQ(record.affair(), kSubsidy);
    EXPECT_EQ(record.kind(), Record::EXCHANGE);
  }

  // Where no agreement covers it the person is not named, and can see that
  // somebody asked; a corporation still signs in.
  EXPECT_EQ(Run("shop@example.example", "own", "other")["error"],
            "server_error");
  EXPECT_EQ(OnlyRecord(mesh(), {.consumer = kBenefits,
                                .method = kDisclose,
                                .person = "hanako",
                                .kind = Record::REFUSAL})
                .reason(),
            "NO_AGREEMENT");
  const json other = Run("b@beta.example", "own", "other");
  EXPECT_NE(other["claims"]["sub"], own["claims"]["sub"]);

  // The principal is wound up: nobody acts for it, and B still signs in for
  // itself.
  Dissolve(alpha);
  EXPECT_EQ(Run("b@beta.example", delegation)["error"], "server_error");
  EXPECT_EQ(Run("a@alpha.example")["error"], "server_error");
  EXPECT_EQ(Run("b@beta.example")["claims"]["sub"], own["claims"]["sub"]);
}

}  // namespace
}  // namespace psm::testing
