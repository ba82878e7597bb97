// The whole provider of the pages without sockets, for tests.
#ifndef PSM_SERVICES_GBIZID_TEST_PROVIDER_H_
#define PSM_SERVICES_GBIZID_TEST_PROVIDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "services/gbizid/provider.h"
#include "services/gbizid/provider_profile.h"
#include "services/gbizid/test_office.h"
#include "services/openid/test_world.h"

namespace psm::gbizid {

inline constexpr char kClientSecret[] =
    "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM";

// Grants what it is told to, and remembers what it was asked.
class RememberedDisclosures final : public Disclosures {
 public:
  absl::Status Disclose(const Disclosure& disclosure) override {
    EXPECT_EQ(disclosure.audience, kGrants);
    EXPECT_EQ(disclosure.affair, "business-subsidy");
    asked.push_back(
        absl::StrCat(disclosure.subject, " ",
                     disclosure.method.substr(disclosure.method.find('/') + 1),
                     " ", disclosure.attribute));
    return status;
  }
  absl::Status status;
  std::vector<std::string> asked;
};

// The whole provider without sockets, and one relying party: grants.
class BusinessIdTest : public Office {
 protected:
  BusinessIdTest() {
    client_ = std::make_shared<openid::Client>();
    client_->id = "jgrants";
    client_->name = {"補助金", "Subsidies"};
    client_->audience = kGrants;
    client_->affair = "business-subsidy";
    client_->redirect_uris = {openid::kCallback};
    client_->authentication = openid::ClientAuthentication::kBasic;
    client_->secret_sha256 = Sha256(kClientSecret);
    client_->scopes = {"openid", kIdaScope};
    other_ = std::make_shared<openid::Client>(*client_);
    other_->id = "other";
    clients_ = std::make_unique<openid::Clients>(
        std::vector<std::shared_ptr<const openid::Client>>{client_, other_});
    keys_ = *openid::SigningKeys::Open(folder_.File("keys.json"),
                                       openid::JwsAlgorithm::kRs256, &clock_);
    provider_ = std::make_unique<openid::Provider>(openid::Provider::Parts{
        BusinessIdProfile("https://op.example"), database_.get(),
        clients_.get(), keys_.get(), &subjects_, &sign_in_, &clock_,
        &SystemRandom()});
  }

  void SetUp() override {
    alpha_ = Prime(kAlpha, "a@b", "ichiro");
    beta_ = Prime(kBeta, "c@d", "futaba");
  }

  openid::HttpAnswer EnterPage(openid::Browser& browser,
                               const std::string& mail,
                               const std::string& password = kPassword,
                               const std::string& client = "jgrants") {
    browser.Get(
        "/authorize",
        openid::GoodQuery({{"client_id", client},
                           {"scope", absl::StrCat("openid ", kIdaScope)}}));
    clock_.Advance(kOneTimeStep);
    return browser.Submit(
        "/sign-in", absl::StrCat("mail=", openid::PercentEncode(mail),
                                 "&password=", openid::PercentEncode(password),
                                 "&code=", Code(secrets_[mail])));
  }
  nlohmann::json Tokens(const std::string& code,
                        const std::string& secret = kClientSecret,
                        const std::string& verifier = openid::kVerifier,
                        const std::string& client = "jgrants") {
    openid::HttpRequest request;
    request.method = "POST";
    request.path = "/token";
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.headers["authorization"] =
        "Basic " + absl::Base64Escape(absl::StrCat(client, ":", secret));
    request.body =
        absl::StrCat("grant_type=authorization_code&code=", code,
                     "&redirect_uri=", openid::PercentEncode(openid::kCallback),
                     "&code_verifier=", verifier);
    return nlohmann::json::parse(provider_->Answer(request).body);
  }
  openid::HttpAnswer UserInfo(const nlohmann::json& tokens) {
    openid::HttpRequest request;
    request.method = "GET";
    request.path = "/userinfo";
    request.headers["authorization"] =
        "Bearer " + tokens["access_token"].get<std::string>();
    return provider_->Answer(request);
  }
  v1::Delegation Delegate() { return Delegate(Session("a@b"), kAlpha); }
  // From a Prime that is signed in to Beta.
  v1::Delegation Delegate(const std::string& session,
                          const std::string& number) {
    v1::OfferDelegationRequest offer;
    offer.set_session(session);
    offer.set_corporate_number(number);
    offer.set_delegate(kBeta);
    offer.set_relying_service(kGrants);
    *offer.mutable_end_time() =
        google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
            absl::ToUnixMicros(clock_.Now() + absl::Hours(1)));
    const auto offered = delegations_.Offer(Call(), offer);
    EXPECT_TRUE(offered.ok()) << offered.status();
    v1::AnswerDelegationRequest answer;
    answer.set_session(Session("c@d"));
    answer.set_corporate_number(number);
    answer.set_delegation_id(offered->delegation().delegation_id());
    answer.set_etag(offered->delegation().etag());
    answer.set_accept(true);
    return delegations_.Answer(Call(), answer)->delegation();
  }
  void End(const v1::Delegation& delegation) {
    v1::EndDelegationRequest end;
    end.set_session(Session("a@b"));
    end.set_corporate_number(kAlpha);
    end.set_delegation_id(delegation.delegation_id());
    end.set_etag(delegation.etag());
    EXPECT_TRUE(delegations_.End(Call(), end).ok());
  }

  std::shared_ptr<openid::Client> client_, other_;
  std::unique_ptr<openid::Clients> clients_;
  std::unique_ptr<openid::SigningKeys> keys_;
  RememberedDisclosures disclosures_;
  BusinessSubjects subjects_{parts_, &disclosures_};
  BusinessSignIn sign_in_{parts_, &sign_ins_, &recoveries_};
  std::unique_ptr<openid::Provider> provider_;
  std::string alpha_, beta_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_TEST_PROVIDER_H_
