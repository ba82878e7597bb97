#include "services/openid/client.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "services/openid/jws.h"

namespace psm::openid {
namespace {

using nlohmann::json;

json GoodClient() {
  const auto key = *JwsKey::Generate(JwsAlgorithm::kEs256);
  return {{"client_id", "bank"},
          {"name", {{"ja", "銀行"}, {"en", "Bank"}}},
          {"audience", "bank/customers"},
          {"affair", "customer-identification"},
          {"redirect_uris", {"https://bank.example/callback"}},
          {"token_endpoint_auth_method", "private_key_jwt"},
          {"jwks", {{"keys", {key->public_jwk()}}}},
          {"scope", "openid name"},
          {"refresh_tokens", "yes"}};
}

absl::Status Read(const json& client) {
  return ReadClients(json({{"clients", {client}}}).dump()).status();
}

TEST(ReadClientsTest, ReadsBothWaysToAuthenticate) {
  const auto clients = ReadClients(json({{"clients", {GoodClient()}}}).dump());
  ASSERT_TRUE(clients.ok()) << clients.status();
  EXPECT_EQ(clients->front()->keys.size(), 1u);
  EXPECT_TRUE(clients->front()->refreshes);
  json basic = GoodClient();
  basic.erase("jwks");
  basic["token_endpoint_auth_method"] = "client_secret_basic";
  basic["client_secret_sha256"] = std::string(64, 'a');
  EXPECT_TRUE(Read(basic).ok()) << Read(basic);
}

TEST(ReadClientsTest, RefusesWhatIsMissingUnknownOrMalformed) {
  const json changes[] = {
      {{"client_id", nullptr}},
      {{"client_id", 7}},
      {{"name", "x"}},
      {{"audience", nullptr}},
      {{"affair", ""}},
      {{"redirect_uris", nullptr}},
      {{"redirect_uris", json::array()}},
      {{"redirect_uris", {"http://bank.example/"}}},
      {{"post_logout_redirect_uris", {"javascript:alert(1)"}}},
      {{"token_endpoint_auth_method", "none"}},
      {{"token_endpoint_auth_method", "client_secret_basic"}},
      {{"jwks", nullptr}},
      {{"jwks", {{"keys", json::array()}}}},
      {{"scope", "name"}},
      {{"refresh_tokens", "maybe"}},
      {{"redirect_uri", "https://bank.example/"}}};
  for (const json& change : changes) {
    json client = GoodClient();
    client.merge_patch(change);
    EXPECT_TRUE(absl::IsInvalidArgument(Read(client))) << change;
  }
  EXPECT_FALSE(ReadClients("").ok());
  EXPECT_FALSE(ReadClients(R"({"clients":[],"more":1})").ok());
  const json twice = {{"clients", {GoodClient(), GoodClient()}}};
  EXPECT_FALSE(ReadClients(twice.dump()).ok());
}

TEST(RedirectUriTest, IsHttpsOrThisMachine) {
  for (const char* good : {"https://a.example", "https://a.example/b?c=d",
                           "https://a:8443/", "http://127.0.0.1:3000/cb",
                           "http://[::1]:1/cb", "http://localhost/cb"}) {
    EXPECT_TRUE(IsRedirectUri(good)) << good;
  }
  for (const char* bad : {"",
                          "https://",
                          "https:///x",
                          "http://a.example/",
                          "//a.example",
                          "ftp://a",
                          "javascript:alert(1)",
                          "https://a/#f",
                          "https://u@a/",
                          "https://a b/",
                          "https://a\\@b/",
                          "https://a/\"><b>",
                          "https://a:x/",
                          "https://a:/",
                          "http://localhost.evil.example/",
                          "http://127.0.0.1.evil.example/",
                          "http://[::1].evil.example/",
                          "https://a;script-src *",
                          "https://a,b",
                          "https://\xe8\x8a\xb1/",
                          "https://a:1234567/",
                          "http://[::1"}) {
    EXPECT_FALSE(IsRedirectUri(bad)) << bad;
  }
  EXPECT_FALSE(IsRedirectUri("https://a/" + std::string(2000, 'a')));
  EXPECT_EQ(OriginOf("https://a:8443/b/c?d"), "https://a:8443");
  EXPECT_EQ(OriginOf("https://a"), "https://a");
}

TEST(ClientsTest, AFileThatChangesIsReadAndABadOneChangesNothing) {
  TempFolder folder;
  Clients clients(folder.File("clients.json"));
  EXPECT_TRUE(clients.Load().ok());
  EXPECT_EQ(clients.Find("bank"), nullptr);
  folder.Write("clients.json", json({{"clients", {GoodClient()}}}).dump());
  ASSERT_NE(clients.Find("bank"), nullptr);
  folder.Write("clients.json", "{");
  EXPECT_NE(clients.Find("bank"), nullptr);
  EXPECT_TRUE(
      absl::IsInvalidArgument(Clients(folder.File("clients.json")).Load()));
  std::filesystem::remove(folder.File("clients.json"));
  EXPECT_EQ(clients.Find("bank"), nullptr);
}

}  // namespace
}  // namespace psm::openid
