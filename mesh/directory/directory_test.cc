#include "mesh/directory/directory.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/directory/retention.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Configuration Parse(const std::string& text) {
  Configuration configuration;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(text, &configuration.mesh))
      << text;
  return configuration;
}

constexpr char kMesh[] = R"(
  agencies { id: "town" name { ja: "町" en: "Town" } kind: ADMINISTRATIVE
             enrols: true }
  agencies { id: "id" name { ja: "認証" en: "Identity" } kind: ADMINISTRATIVE
             discloses: true }
  agencies { id: "bank" name { ja: "銀行" en: "Bank" } kind: RELYING_PARTY }
  systems { id: "town/tax" name { ja: "税" en: "Tax" }
            services: "psm.tax.v1.TaxService" services: "psm.a.v1.A"
            endpoint: "127.0.0.1:1" }
  systems { id: "town/residents" services: "psm.a.v1.A" }
  systems { id: "bank/customers" }
  affairs { id: "sign-in" title { ja: "本人確認" en: "Sign-in" }
            statute { ja: "法" en: "Act" } purposes: "public_benefit" }
  datasets { id: "tax" name { ja: "税情報" en: "Tax data" }
             attributes { id: "income" name { ja: "所得" en: "income" } } }
)";

TEST(DirectoryTest, FindsWhatIsConfigured) {
  auto directory = Directory::Create(Parse(kMesh));
  ASSERT_TRUE(directory.ok()) << directory.status();
  const System* tax = (*directory)->FindSystem("town/tax");
  ASSERT_NE(tax, nullptr);
  EXPECT_EQ(tax->agency, (*directory)->FindAgency("town"));
  EXPECT_EQ(tax->name.ja, "税");
  EXPECT_EQ(tax->endpoint, "127.0.0.1:1");
  EXPECT_TRUE(tax->agency->enrols);
  EXPECT_FALSE(tax->agency->discloses);
  EXPECT_EQ(tax->agency->scope_kind(), SubjectScopeKind::kAgency);
  EXPECT_EQ((*directory)->FindAgency("bank")->scope_kind(),
            SubjectScopeKind::kRelyingParty);
  EXPECT_EQ((*directory)->FindSystem("bank/customers")->name.en,
            "bank/customers");
  EXPECT_EQ((*directory)->FindAffair("sign-in")->statute.en, "Act");
  EXPECT_EQ((*directory)->FindDataset("tax")->name.en, "Tax data");
  EXPECT_EQ((*directory)->FindDataset("tax")->attributes.at("income").ja,
            "所得");
  EXPECT_THAT((*directory)->FindAffair("sign-in")->purposes,
              ElementsAre("public_benefit"));
}

TEST(DirectoryTest, WhatIsNotConfiguredIsNotThere) {
  auto directory = Directory::Create(Parse(kMesh));
  ASSERT_TRUE(directory.ok());
  EXPECT_EQ((*directory)->FindAgency("mesh"), nullptr);
  EXPECT_EQ((*directory)->FindSystem(kGatewaySystem), nullptr);
  EXPECT_EQ((*directory)->FindSystem("town"), nullptr);
  EXPECT_EQ((*directory)->FindAffair(""), nullptr);
  EXPECT_EQ((*directory)->FindDataset("benefits"), nullptr);
  EXPECT_TRUE((*directory)->ProvidersOf("psm.a.v1.B").empty());
}

TEST(DirectoryTest, ListsAreSortedById) {
  auto directory = Directory::Create(Parse(kMesh));
  ASSERT_TRUE(directory.ok());
  std::vector<std::string> agencies, systems, providers;
  for (const Agency* agency : (*directory)->agencies())
    agencies.push_back(agency->id);
  for (const System* system : (*directory)->systems())
    systems.push_back(system->id);
  for (const System* system : (*directory)->ProvidersOf("psm.a.v1.A"))
    providers.push_back(system->id);
  EXPECT_THAT(agencies, ElementsAre("bank", "id", "town"));
  EXPECT_THAT(systems,
              ElementsAre("bank/customers", "town/residents", "town/tax"));
  EXPECT_THAT(providers, ElementsAre("town/residents", "town/tax"));
}

TEST(DirectoryTest, RefusesWhatTheSchemaForbids) {
  const std::string name = "name { ja: \"j\" en: \"e\" }";
  const std::string agency = " kind: ADMINISTRATIVE " + name;
  const std::string title = " title { ja: \"j\" en: \"e\" }";
  const std::string statute = " statute { ja: \"j\" en: \"e\" }";
  struct Case {
    std::string text;
    const char* what;
  };
  const std::vector<Case> cases = {
      {"agencies { id: \"Town2\"" + agency + "}", "[a-z]"},
      {"agencies { id: \"2town\"" + agency + "}", "[a-z]"},
      {"agencies { id: \"a/b\"" + agency + "}", "[a-z]"},
      {"agencies { id: \"" + std::string(32, 'a') + "\"" + agency + "}",
       "[a-z]"},
      {"agencies { id: \"mesh\"" + agency + "}", "the mesh's own"},
      {"agencies { id: \"town\"" + agency + "}", "twice"},
      {"agencies { id: \"x\" " + name + "}", "kind"},
      {"agencies { id: \"x\" kind: 7 " + name + "}", "kind"},
      {"agencies { id: \"x\" kind: ADMINISTRATIVE }", "name"},
      {"agencies { id: \"x\" kind: ADMINISTRATIVE name { ja: \"j\" } }",
       "name"},
      {"agencies { id: \"x\" enrols: true kind: RELYING_PARTY " + name + "}",
       "relying party"},
      {"agencies { id: \"x\" signs_in: true kind: RELYING_PARTY " + name + "}",
       "relying party"},
      {"agencies { id: \"x\" discloses: true kind: RELYING_PARTY " + name + "}",
       "relying party"},
      {"datasets { id: \"Tax\" " + name + "}", "[a-z]"},
      {"datasets { id: \"x\" }", "name"},
      {"datasets { id: \"tax\" " + name + "}", "twice"},
      {"datasets { id: \"x\" " + name + " attributes { id: \"-\" } }", "[a-z]"},
      {"datasets { id: \"x\" " + name + " attributes { id: \"a\" } }",
       "name of attribute a"},
      {"datasets { id: \"x\" " + name + " attributes { id: \"a\" " + name +
           "} attributes { id: \"a\" " + name + "} }",
       "attribute a is listed twice"},
      {"systems { id: \"town\" }", "agency/system"},
      {"systems { id: \"town/a/b\" }", "agency/system"},
      {"systems { id: \"town/\" }", "agency/system"},
      {"systems { id: \"town/tax\" }", "twice"},
      {"systems { id: \"city/tax\" }", "no agency city"},
      {"systems { id: \"mesh/gateway\" }", "the mesh's own"},
      {"systems { id: \"town/x\" name { en: \"e\" } }", "name"},
      {"systems { id: \"town/x\" services: \"TaxService\" }", "full name"},
      {"systems { id: \"town/x\" services: \"/a.B\" }", "full name"},
      {"systems { id: \"town/x\" services: \"a..B\" }", "full name"},
      {"systems { id: \"town/x\" services: \"a.B/C\" }", "full name"},
      {"systems { id: \"town/x\" services: \"a.B\" services: \"a.B\" }",
       "twice"},
      {"systems { id: \"town/x\" endpoint: \"localhost\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \":1\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \"h:0\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \"h:65536\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \"h:+1\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \"::1:80\" }", "host:port"},
      {"systems { id: \"town/x\" endpoint: \"http://h:80\" }", "host:port"},
      {"affairs { id: \"sign_in\"" + title + statute + "}", "[a-z]"},
      {"affairs { id: \"" + std::string(64, 'a') + "\"" + title + statute + "}",
       "[a-z]"},
      {"affairs { id: \"sign-in\"" + title + statute + "}", "twice"},
      {"affairs { id: \"x\"" + statute + "}", "title"},
      {"affairs { id: \"x\"" + title + "}", "statute"},
      {"affairs { id: \"x\"" + title + " statute { ja: \"j\" } }", "statute"},
      {"affairs { id: \"x\"" + title + statute + " purposes: \"a-b\" }",
       "purpose"},
      {"affairs { id: \"x\"" + title + statute +
           " purposes: \"a\" purposes: \"a\" }",
       "twice"},
  };
  for (const Case& c : cases) {
    auto directory = Directory::Create(Parse(kMesh + c.text));
    ASSERT_FALSE(directory.ok()) << c.text;
    EXPECT_EQ(directory.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(directory.status()), "CONFIGURATION_INVALID");
    EXPECT_THAT(std::string(directory.status().message()), HasSubstr(c.what))
        << c.text;
  }
}

TEST(DirectoryTest, ALimitThatLetsNothingThroughIsRefusedByName) {
  const struct {
    const char* text;
    const char* what;
  } kCases[] = {
      {"max_concurrent_streams: 0", "max_concurrent_streams"},
      {"peer_buffered_bytes: 0", "peer_buffered_bytes"},
      {"connections: 5 pings { burst: -1 }", "pings.burst"},
      {"pings { per_second: nan }", "pings.per_second"},
  };
  for (const auto& test : kCases) {
    const auto directory = Directory::Create(
        Parse(std::string("edge_limits { ") + test.text + " }"));
    EXPECT_EQ(ReasonOf(directory.status()), "CONFIGURATION_INVALID");
    EXPECT_THAT(std::string(directory.status().message()),
                HasSubstr(std::string(test.what) + " must be more than 0"));
  }
  EXPECT_TRUE(
      Directory::Create(Parse("edge_limits { connections: 1 pings {} }")).ok());
}

TEST(DirectoryTest, RecordsAreKeptForSevenYearsUnlessItIsSaidOtherwise) {
  EXPECT_EQ(RetentionOf(Parse("").mesh), absl::Hours(2557 * 24));
  EXPECT_EQ(RetentionOf(Parse("records_retention { seconds: 172800 }").mesh),
            absl::Hours(48));
  for (const char* text :
       {"seconds: 172799", "seconds: -1", "", "seconds: 172800 nanos: 1"}) {
    Configuration configuration =
        Parse(absl::StrCat("records_retention {", text, "}"));
    configuration.origins = {{"records_retention", "services/x.textproto:3"}};
    const absl::Status refused = Directory::Create(configuration).status();
    EXPECT_EQ(ReasonOf(refused), "CONFIGURATION_INVALID") << text;
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr("services/x.textproto:3: records_retention: "))
        << text;
  }
}

TEST(DirectoryTest, TakesEveryFormOfEndpointThatIsOne) {
  for (const char* endpoint :
       {"127.0.0.1:1", "localhost:65535", "[::1]:443", "tax.town.example:80"})
    EXPECT_TRUE(
        Directory::Create(Parse(std::string(kMesh) +
                                "systems { id: \"town/x\" endpoint: \"" +
                                endpoint + "\" }"))
            .ok())
        << endpoint;
}

TEST(DirectoryTest, NamesThePlaceOfWhatIsWrong) {
  Configuration configuration = Parse("agencies { id: \"A\" }");
  configuration.origins = {{"agency A", "services/mesh.textproto:7"}};
  EXPECT_THAT(std::string(Directory::Create(configuration).status().message()),
              testing::StartsWith("services/mesh.textproto:7: agency A: "));
}

TEST(SpiffeIdTest, GoesThereAndBack) {
  EXPECT_EQ(SpiffeIdOf("akatsuki/tax"),
            "spiffe://psm.test/agency/akatsuki/system/tax");
  EXPECT_EQ(*SystemIdOf("spiffe://psm.test/agency/akatsuki/system/tax"),
            "akatsuki/tax");
  // An agency or a system that is itself called "system".
  EXPECT_EQ(*SystemIdOf(SpiffeIdOf("system/system")), "system/system");
  EXPECT_EQ(*SystemIdOf(SpiffeIdOf(kGatewaySystem)), kGatewaySystem);
}

TEST(SpiffeIdTest, AnythingElseIsRefused) {
  for (const char* id :
       {"", "akatsuki/tax", "spiffe://psm.test/agency/a/system/",
        "spiffe://psm.test/agency//system/b", "spiffe://psm.test/agency/a",
        "spiffe://psm.test/agency/a/system/b/",
        "SPIFFE://psm.test/agency/a/system/b",
        "spiffe://psm.test/agency/a/system/b/c",
        "spiffe://psm.test/agency/a/system/b?c",
        "spiffe://psm.test/agency/a/system/b#c",
        "spiffe://psm.test/agency/a/system/%62",
        "spiffe://psm.test/agency/a/system/B",
        "spiffe://psm.test/agency/a/../system/b",
        "spiffe://psm.test:443/agency/a/system/b",
        "spiffe://psm.example/agency/a/system/b",
        "spiffe://psm.test//agency/a/system/b",
        " spiffe://psm.test/agency/a/system/b"})
    EXPECT_EQ(SystemIdOf(id).status().code(),
              absl::StatusCode::kInvalidArgument)
        << id;
  EXPECT_FALSE(
      SystemIdOf(absl::string_view("spiffe://psm.test/agency/a/system/b\0", 36))
          .ok());
  EXPECT_FALSE(SystemIdOf(absl::string_view(
                              "spiffe://psm.test/agency/a/system/b\0c", 37))
                   .ok());
}

}  // namespace
}  // namespace psm
