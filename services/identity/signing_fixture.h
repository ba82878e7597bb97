// What tests of requests for signatures have in common: persons with cards, a
// relying party, and a mesh that is asked what may be disclosed.
#ifndef PSM_SERVICES_IDENTITY_SIGNING_FIXTURE_H_
#define PSM_SERVICES_IDENTITY_SIGNING_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/card_authority.h"
#include "services/identity/provider_profile.h"
#include "services/identity/relying_party_signatures.h"
#include "services/identity/signing_pages.h"
#include "services/identity/test_world.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace psm::identity {

inline constexpr char kDocument[] = "架空の契約書\n";
inline constexpr char kOrigin[] = "https://op.example";

// What the mesh is asked to disclose, and says of it.
class NotedDisclosures final : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext& call,
                                       const Disclosure& disclosure) override {
    ++tries;
    if (!status.ok()) return status;
    all.push_back(disclosure);
    exchanges.push_back(call.exchange_id);
    return std::string("code");
  }
  absl::Status status;
  int tries = 0;
  std::vector<std::string> exchanges;
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
  openid::HttpAnswer Ask(const std::string& form,
                         const std::string& person = "hanako",
                         const std::string& client = "bank") {
    return parties_.Answer(Request("POST", kSignRequestsPath, form),
                           Bearer(person, client));
  }
  // The path of a new request's page.
  std::string Page(const std::string& id) {
    const openid::HttpAnswer made = Ask(Form(id));
    EXPECT_EQ(made.status, 201) << made.body;
    return nlohmann::json::parse(made.body)["url"].get<std::string>().substr(
        sizeof(kOrigin) - 1);
  }
  openid::HttpAnswer Look(const std::string& id,
                          const std::string& person = "hanako",
                          const std::string& client = "bank") {
    return parties_.Answer(
        Request("GET", absl::StrCat(kSignRequestsPath, "/", id)),
        Bearer(person, client));
  }
  std::string StateOf(const std::string& id) {
    return nlohmann::json::parse(Look(id).body).value("state", "");
  }
  // The card's program brings a signature.
  openid::HttpAnswer Bring(const std::string& page,
                           const std::string& signature) {
    return pages_.Answer(
        Request("POST", page + "/signature",
                absl::StrCat("signature=", openid::Base64Url(signature))));
  }
  // The id of a request, by its page.
  static std::string IdOn(const std::string& page) {
    return page.substr(sizeof(kSigningPath) - 1);
  }
  // As the card's program does.
  std::string Sign(const card::VirtualCard& card, const std::string& page,
                   const std::string& document = kDocument,
                   const std::string& client = "bank") {
    return *card::SignRequested(card, Sha256(document), {client, IdOn(page)},
                                world_.clock.Now());
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
  SigningPages pages_{&requests_, &judge_,   &subjects_,
                      &clients_,  &profile_, &world_.clock};
  RelyingPartySignatures parties_{&requests_, &subjects_, &world_.clock,
                                  kOrigin};
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNING_FIXTURE_H_
