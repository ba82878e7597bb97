// The command line as a user types it, on the program itself: help, wrong
// arguments, and what can be asked with nothing running. The whole mesh's verbs
// are in tests/scenarios.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "mesh/base/temp_folder.h"
#include "mesh/cli/said.h"

namespace psm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class VerbsTest : public ::testing::Test {
 protected:
  Said Run(const std::string& arguments) const {
    return RunPsm(PSM_CLI, folder_.File("run"), arguments);
  }
  bool NothingWasMade() const {
    return !std::filesystem::exists(folder_.File("run"));
  }

  TempFolder folder_;
};

TEST_F(VerbsTest, EveryVerbHasHelpWithExamples) {
  const Said all = Run("--help");
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.text, AllOf(HasSubstr("Unofficial"), HasSubstr("非公式")));
  for (const char* verb :
       {"up", "down", "status", "restart", "logs", "demo", "watch", "people",
        "records", "check", "call", "env", "pki", "verify"}) {
    EXPECT_THAT(all.text, HasSubstr(absl::StrCat("  ", verb, " ")));
    const Said help = Run(absl::StrCat(verb, " --help"));
    EXPECT_EQ(help.code, 0) << verb;
    EXPECT_THAT(help.text, HasSubstr("Examples:")) << verb;
    EXPECT_THAT(help.text, HasSubstr(absl::StrCat("./psm ", verb))) << verb;
  }
  EXPECT_TRUE(NothingWasMade());
}

TEST_F(VerbsTest, WrongArgumentsAreNamedAndTouchNothing) {
  const struct {
    const char* arguments;
    const char* says;
  } wrong[] = {
      {"", "subcommand is required"},
      {"up --prot 0", "--prot"},
      {"up --port 70000", "70000"},
      {"up --port x", "x"},
      {"up --residents 3", "residents"},
      {"up now", "now"},
      {"demo --twice", "--twice"},
      {"restart", "SYSTEM is required"},
      {"logs -n -4", "-4"},
      {"env", "SYSTEM is required"},
      {"call psm.tax.v1.TaxService/GetTaxStatus", "--as is required"},
      {"call --as yunagi/tax", "METHOD is required"},
      {"call --as yunagi/tax --timeout 0 a.B/C", "timeout"},
      {"check --why yunagi/tax", "--why"},
      {"records --last many", "many"},
      {"people --of akatsuki", "--of"},
      {"verify", "subcommand is required"},
      {"verify log --lag x", "--lag"},
      {"verify log --records x --no-records", "--no-records"},
  };
  for (const auto& one : wrong) {
    const Said said = Run(one.arguments);
    EXPECT_EQ(said.code, 64) << one.arguments << "\n" << said.text;
    EXPECT_THAT(said.text, HasSubstr(one.says)) << one.arguments;
  }
  EXPECT_TRUE(NothingWasMade());
}

TEST_F(VerbsTest, WithoutAMeshEachVerbSaysWhatToDo) {
  for (const char* verb :
       {"down", "status", "logs", "logs -f", "watch", "people",
        "people --as akatsuki", "env akatsuki/tax", "restart akatsuki/tax",
        "call --as yunagi/tax psm.tax.v1.TaxService/GetTaxStatus", "records",
        "verify log", "records --person hanako"}) {
    const Said said = Run(verb);
    EXPECT_EQ(said.code, 1) << verb << "\n" << said.text;
    EXPECT_THAT(said.text, HasSubstr("./psm up")) << verb;
  }
}

TEST_F(VerbsTest, CheckShowsWhoMayGetWhatForWhichAffairOnWhichBasis) {
  const Said said = Run("check");
  EXPECT_EQ(said.code, 0);
  bool found = false;
  for (absl::string_view line : absl::StrSplit(said.text, '\n')) {
    const std::string row(line);
    if (row.find("akatsuki/benefits") == std::string::npos ||
        row.find("tax: category") == std::string::npos) {
      continue;
    }
    found = true;
    EXPECT_THAT(row, AllOf(HasSubstr("benefit-tax-exempt"), HasSubstr("art.")))
        << "in one line, where a program reads it";
  }
  EXPECT_TRUE(found) << said.text;
  EXPECT_THAT(said.text, HasSubstr("the person's consent"));
  EXPECT_THAT(said.text, HasSubstr("agreements: valid."));
  EXPECT_TRUE(NothingWasMade());
}

TEST_F(VerbsTest, WhyNamesTheRuleThatRefuses) {
  const Said law =
      Run("check --why yunagi/tax psm.accounts.v1.AccountsService/GetAccount "
          "collect-arrears");
  EXPECT_EQ(law.code, 0);
  EXPECT_THAT(law.text, AllOf(HasSubstr("Refused: "), HasSubstr("art. 9"),
                              HasSubstr("no agreement can allow it"),
                              Not(HasSubstr("agreements {"))));
  const Said agreed =
      Run("check --why akatsuki/benefits psm.tax.v1.TaxService/GetTaxStatus "
          "benefit-tax-exempt --provider yunagi/tax");
  EXPECT_EQ(agreed.code, 0);
  EXPECT_THAT(agreed.text, HasSubstr("Allowed: "));
  const Said consent =
      Run("check --why hoshizora-bank/customers "
          "psm.identity.v1.BasicItemsService/GetBasicItems customer-address");
  EXPECT_THAT(consent.text, HasSubstr("Allowed with consent: "));
}

TEST_F(VerbsTest, WhySaysOfWhichLifeEventsAndByWhoseConsent) {
  const std::string subscribe = " psm.events.v1.EventsService/Subscribe ";
  const Said bank = Run("check --why hoshizora-bank/customers" + subscribe +
                        "customer-address");
  EXPECT_EQ(bank.code, 0);
  EXPECT_THAT(bank.text,
              AllOf(HasSubstr("Allowed with consent: "),
                    HasSubstr("hoshizora-bank-moves"), HasSubstr("moved_in"),
                    HasSubstr("moved_within"), HasSubstr("consent token")));
  const Said tax = Run("check --why yunagi/tax" + subscribe +
                       "collect-arrears --provider yunagi/residents");
  EXPECT_THAT(tax.text, AllOf(HasSubstr("Refused: "), HasSubstr("events {"),
                              HasSubstr("yunagi/residents")));
  EXPECT_THAT(Run("check").text, HasSubstr("events: moved_in moved_within"));
}

TEST_F(VerbsTest, WhyPrintsTheAgreementThatIsMissingAndItIsTheOneNeeded) {
  const std::string question =
      "check --why akatsuki/benefits psm.gbizid.v1.BusinessService/GetBusiness "
      "benefit-tax-exempt";
  const Said said = Run(question);
  EXPECT_EQ(said.code, 0);
  ASSERT_THAT(said.text,
              AllOf(HasSubstr("Refused: "), HasSubstr("agreements {"),
                    HasSubstr("This would allow it")));
  // Put where it says, it does.
  const std::string text = said.text.substr(said.text.find("agreements {"));
  folder_.Write("mine/missing.textproto", text);
  const Said now =
      Run(absl::StrCat(question, " --config '", folder_.File("mine"), "'"));
  EXPECT_EQ(now.code, 0);
  EXPECT_THAT(now.text, HasSubstr("Allowed: ")) << text;
}

TEST_F(VerbsTest, WhySaysWhichWordItDoesNotKnow) {
  const struct {
    const char* arguments;
    const char* says;
  } wrong[] = {
      {"yunagi/tix psm.tax.v1.TaxService/GetTaxStatus x",
       "no system yunagi/tix"},
      {"yunagi/tax psm.tax.v1.TaxService/GetTax x",
       "no contract has the method psm.tax.v1.TaxService/GetTax"},
      {"yunagi/tax psm.tax.v1.TaxService/GetTaxStatus x --provider a/b",
       "no system a/b"},
  };
  for (const auto& one : wrong) {
    const Said said = Run(absl::StrCat("check --why ", one.arguments));
    EXPECT_EQ(said.code, 1) << said.text;
    EXPECT_THAT(said.text, HasSubstr(one.says));
  }
}

TEST_F(VerbsTest, UpRefusesABadConfigurationBeforeItMakesAnything) {
  folder_.Write("mine/bad.textproto",
                "agreements {\n  id: \"x\"\n  consumer: 3\n}\n");
  const Said said =
      Run(absl::StrCat("up --port 0 --config '", folder_.File("mine"), "'"));
  EXPECT_NE(said.code, 0);
  EXPECT_THAT(said.text, HasSubstr("bad.textproto:3"));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("run/pki")));
  const Said unknown = Run("up --port 0 --without akatsuki/nobody");
  EXPECT_EQ(unknown.code, 64);
  EXPECT_THAT(unknown.text, HasSubstr("no system akatsuki/nobody"));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("run/pki")));
}

TEST_F(VerbsTest, UpSaysThatAPortIsTakenBeforeItMakesAnything) {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size),
            0);
  const int port = ntohs(address.sin_port);
  const Said said = Run(absl::StrCat("up --port ", port));
  close(taken);
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              AllOf(HasSubstr(absl::StrCat("port ", port, " of 127.0.0.1")),
                    HasSubstr("--port 0")));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("run/pki")));
}

TEST_F(VerbsTest, UpRefusesTheRunFolderOfAnotherVersion) {
  folder_.Write("run/settings.json", "{\"format\": 99}\n");
  const Said said = Run("up --port 0");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr("another version of psm"),
                               HasSubstr("format 99")));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("run/pki")));
}

}  // namespace
}  // namespace psm
