#include "services/identity/relying_party_requests.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "nlohmann/json.hpp"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

// The bank's own name of everybody.
class NamesAtTheBank final : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext&,
                                       const Disclosure& disclosure) override {
    return absl::StrCat(disclosure.subject, "-at-the-bank");
  }
};

class RelyingPartyRequestsTest : public testing::Test {
 protected:
  static openid::Provider::Bearer Bearer(const std::string& person,
                                         const std::string& audience,
                                         const std::string& id) {
    auto client = std::make_shared<openid::Client>();
    client->id = id;
    client->audience = audience;
    client->affair = "customer-address";
    openid::Provider::Bearer bearer;
    bearer.client = std::move(client);
    bearer.grant.subject = person;
    return bearer;
  }
  // Under an id that nobody has used, where `form` has none.
  HttpAnswer Ask(const std::string& form, const std::string& person = "hanako",
                 const std::string& client = "app") {
    openid::HttpRequest request;
    request.method = "POST";
    request.path = kConsentRequestsPath;
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.body = absl::StartsWith(form, "id=")
                       ? form
                       : absl::StrCat("id=r", ++asked_, "&", form);
    return requests_.Answer(request, Bearer(person, "bank/customers", client));
  }
  HttpAnswer Look(const std::string& id, const std::string& person = "hanako",
                  const std::string& audience = "bank/customers",
                  const std::string& client = "app") {
    openid::HttpRequest request;
    request.method = "GET";
    request.path = absl::StrCat(kConsentRequestsPath, "/", id);
    return requests_.Answer(request, Bearer(person, audience, client));
  }
  absl::Status PersonAnswers(const std::string& id,
                             const std::vector<std::string>& attributes) {
    agency::FakeCall call(
        "portal/terminal", "own-request", {},
        absl::StrCat("00000000-0000-4000-8000-00000000030", ++answers_));
    v1::AnswerConsentRequestRequest request;
    request.set_subject("hanako");
    request.set_request_id(id);
    for (const std::string& attribute : attributes)
      request.add_attributes(attribute);
    v1::AnswerConsentRequestResponse response;
    return agency::FromGrpc(
        service_.AnswerConsentRequest(call.context(), &request, &response));
  }

  TestWorld world_;
  std::unique_ptr<ConsentKey> key_ =
      *ConsentKey::OpenOrCreate(world_.folder.File("key.pem"));
  ConsentRequests stored_{world_.database.get()};
  NamesAtTheBank disclosures_;
  ConsentIssuer issuer_{{world_.holders.get(), key_.get(), &disclosures_,
                         &world_.clock, &SystemRandom()}};
  ConsentRequestService service_{{world_.database.get(), world_.holders.get(),
                                  &stored_, &issuer_, &world_.clock,
                                  &SystemRandom()}};
  RelyingPartyRequests requests_{&service_, &SystemRandom()};
  int answers_ = 0;
  int asked_ = 0;
};

TEST_F(RelyingPartyRequestsTest, ItAsksThePersonAnswersAndItCollectsTheToken) {
  const HttpAnswer made =
      Ask("attributes=name+address&purpose=statements&duration=86400");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = json::parse(made.body)["request_id"];
  EXPECT_EQ(json::parse(Look(id).body), (json{{"state", "pending"}}));
  ASSERT_TRUE(PersonAnswers(id, {"address"}).ok());
  const json granted = json::parse(Look(id).body);
  EXPECT_EQ(granted["state"], "granted");
  EXPECT_EQ(granted["attributes"], json::array({"address"}));
  EXPECT_FALSE(granted["consent"].get<std::string>().empty());

  const std::string declined =
      json::parse(Ask("attributes=name&purpose=more").body)["request_id"];
  ASSERT_TRUE(PersonAnswers(declined, {}).ok());
  EXPECT_EQ(json::parse(Look(declined).body), (json{{"state", "declined"}}));
}

TEST_F(RelyingPartyRequestsTest, NobodyCollectsAnothersOrAboutAnother) {
  const std::string id =
      json::parse(Ask("attributes=name&purpose=p").body)["request_id"];
  ASSERT_TRUE(PersonAnswers(id, {"name"}).ok());
  EXPECT_EQ(Look(id, "taro").status, 404);
  EXPECT_EQ(Look(id, "hanako", "shop/customers").status, 404);
  EXPECT_EQ(Look("none").status, 404);
  EXPECT_EQ(Look("x' OR '1'='1").status, 404);
  EXPECT_EQ(Look(id).status, 200);
}

TEST_F(RelyingPartyRequestsTest, TheSameIdAndWordsAreTheSameRequest) {
  const std::string form = "id=a.1&attributes=name&purpose=p";
  const HttpAnswer first = Ask(form);
  ASSERT_EQ(first.status, 201) << first.body;
  world_.clock.Advance(absl::Minutes(1));
  EXPECT_EQ(Ask(form).body, first.body);
  for (const char* other : {"id=a.1&attributes=address&purpose=p",
                            "id=a.1&attributes=name&purpose=q",
                            "id=a.1&attributes=name&purpose=p&duration=60"})
    EXPECT_EQ(Ask(other).status, 409) << other;
  const std::string id = json::parse(first.body)["request_id"];
  ASSERT_TRUE(PersonAnswers(id, {"name"}).ok());
  EXPECT_EQ(Ask(form).body, first.body) << "nor is it asked anew";
  EXPECT_EQ(json::parse(Look(id).body)["state"], "granted");
  // Another person's, and another client's, are others.
  EXPECT_NE(Ask(form, "taro").body, first.body);
  EXPECT_NE(Ask(form, "hanako", "site").body, first.body);
  for (const std::string& bad : {std::string("id="), std::string("id=a%2Fb"),
                                 "id=" + std::string(65, 'a')})
    EXPECT_EQ(Ask(bad + "&attributes=name&purpose=p").status, 400) << bad;
}

TEST_F(RelyingPartyRequestsTest,
       TwoClientsOfOneAudienceReadNothingOfEachOther) {
  const std::string id =
      json::parse(Ask("attributes=name&purpose=p").body)["request_id"];
  ASSERT_TRUE(PersonAnswers(id, {"name"}).ok());
  EXPECT_EQ(Look(id, "hanako", "bank/customers", "site").status, 404);
  // Nor does the system that both act for, in the mesh.
  agency::FakeCall call("bank/customers", "customer-address", {"token"});
  v1::CollectConsentRequest request;
  request.set_subject("hanako");
  request.set_request_id(id);
  v1::CollectConsentResponse response;
  EXPECT_EQ(ReasonOf(agency::FromGrpc(
                service_.CollectConsent(call.context(), &request, &response))),
            "REQUEST_UNKNOWN");
  EXPECT_EQ(Look(id).status, 200);
}

TEST_F(RelyingPartyRequestsTest, WhatCannotBeAskedIsSaidAndEightAreEnough) {
  for (const char* bad :
       {"", "attributes=name", "purpose=p", "attributes=<b>&purpose=p",
        "attributes=name&purpose=p&duration=0",
        "attributes=name&purpose=p&duration=31536001",
        "attributes=name&attributes=address&purpose=p", "%ff"})
    EXPECT_EQ(Ask(bad).status, 400) << bad;
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(Ask("attributes=name&purpose=p").status, 201);
  EXPECT_EQ(Ask("attributes=name&purpose=p").status, 429);
  EXPECT_EQ(Ask("attributes=name&purpose=p", "nobody").status, 404);
}

}  // namespace
}  // namespace psm::identity
