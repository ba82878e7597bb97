// 14. psm's verbs on a mesh that runs, as a developer reads them in a terminal
// and a program reads them in a pipe.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "mesh/base/temp_folder.h"
#include "mesh/cli/environment_lines.h"
#include "mesh/cli/process.h"
#include "mesh/cli/said.h"
#include "mesh/cli/table.h"
#include "mesh/directory/directory.h"
#include "mesh/records/log_key.h"
#include "nlohmann/json.hpp"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandLine : public Scenario {
 protected:
  // In a pipe.
  static Said Run(const std::string& arguments) {
    return RunPsm(PSM_CLI, mesh().folder().root(), arguments);
  }
  // In a terminal of so many columns.
  static Said RunInTerminal(unsigned short columns,
                            const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {PSM_CLI, "--run", mesh().folder().root()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> command;
    for (std::string& word : words) command.push_back(word.data());
    command.push_back(nullptr);
    winsize size = {24, columns, 0, 0};
    int terminal = -1;
    const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
    if (pid < 0) {
      ADD_FAILURE() << "no terminal can be made: is /dev/pts mounted?";
      return {};
    }
    if (pid == 0) {
      unsetenv("COLUMNS");
      execv(PSM_CLI, command.data());
      _exit(127);
    }
    Said said;
    char block[4096];
    for (ssize_t got; (got = read(terminal, block, sizeof(block))) > 0;)
      said.text.append(block, static_cast<std::size_t>(got));
    close(terminal);
    int result = 0;
    waitpid(pid, &result, 0);
    said.code = ExitCodeOf(result);
    said.text = absl::StrReplaceAll(said.text, {{"\r", ""}});
    return said;
  }
  // The rows of a table in a pipe, by their first word.
  static std::map<std::string, std::string> Rows(const std::string& text) {
    std::map<std::string, std::string> rows;
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty()))
      rows.emplace(line.substr(0, line.find(' ')), line);
    return rows;
  }
};

TEST_F(CommandLine, StatusSaysWhatServesAndWhatIsDown) {
  Said said = Run("status");
  EXPECT_EQ(said.code, 0) << said.text;
  auto rows = Rows(said.text);
  EXPECT_THAT(rows["mesh/gateway"],
              AllOf(HasSubstr("serving"), HasSubstr("127.0.0.1:")));
  EXPECT_THAT(rows["portal/terminal"], HasSubstr("client only"));
  ASSERT_TRUE(mesh().StopSystem("akatsuki/tax").ok());
  said = Run("status");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(Rows(said.text)["akatsuki/tax"], HasSubstr("down"));
  EXPECT_THAT(said.text, HasSubstr("1 not running"));
  // And up starts just that, and tells others where the mesh is.
  const TempFolder folder;
  said = Run("up --env " + folder.File("mesh.env"));
  EXPECT_THAT(folder.Read("mesh.env"), HasSubstr("PSM_GATEWAY="));
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr("  akatsuki/tax\n"),
                               Not(HasSubstr("  yunagi/tax\n"))));
  EXPECT_EQ(Run("status").code, 0);
  said = Run("up");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("runs already"));
}

TEST_F(CommandLine, PeopleHaveTheCodesThatTheirAgenciesKnow) {
  Said said = Run("people");
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(Rows(said.text)["hanako"],
              AllOf(HasSubstr("花子"), HasSubstr("head of a household")));
  said = Run("people --as akatsuki");
  EXPECT_THAT(Rows(said.text)["hanako"],
              HasSubstr(mesh().Person("hanako").CodeAt("akatsuki")));
  said = Run("people --as akatsuki/tax");
  EXPECT_THAT(Rows(said.text)["hanako"],
              HasSubstr(mesh().Person("hanako").CodeAt("akatsuki")));
  said = Run("people --as nowhere");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr("no agency nowhere; there are "),
                               HasSubstr("akatsuki")));
}

TEST_F(CommandLine, CallPrintsTheAnswerOrTheRefusalWithItsReason) {
  const std::string good = absl::StrCat(
      "call --as akatsuki/benefits --affair benefit-tax-exempt --person hanako "
      "--provider yunagi/tax psm.tax.v1.TaxService/GetTaxStatus");
  Said said = Run(good);
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text,
              AllOf(HasSubstr("\"category\": \"EXEMPT\""),
                    HasSubstr("exchange "), Not(HasSubstr("income"))));
  said =
      Run("call --as yunagi/tax --affair collect-arrears --person hanako "
          "psm.accounts.v1.AccountsService/GetAccount");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(
      said.text,
      AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("reason: NO_AGREEMENT"),
            HasSubstr("failed: consumer"), HasSubstr("statute_ja: ")));
  const struct {
    const char* arguments;
    int code;
    const char* says;
  } wrong[] = {
      {"--as no/body psm.tax.v1.TaxService/GetTaxStatus", 1,
       "no system no/body"},
      {"--as yunagi/tax psm.tax.v1.TaxService/GetTax", 1, "no method"},
      {"--as yunagi/tax psm.tax.v1.TaxService/GetTaxStatus '{\"a\": 1}'", 64,
       "is not a psm.tax.v1.GetTaxStatusRequest in JSON"},
      {"--as yunagi/tax psm.tax.v1.TaxService/GetTaxStatus nonsense", 64,
       "in JSON"},
      {"--as yunagi/tax --person nobody psm.tax.v1.TaxService/GetTaxStatus", 1,
       "no persona nobody; there are "},
      {"--as yunagi/tax --provider 'a b' psm.tax.v1.TaxService/GetTaxStatus",
       64, "psm-provider holds characters"},
  };
  for (const auto& one : wrong) {
    said = Run(absl::StrCat("call ", one.arguments));
    EXPECT_EQ(said.code, one.code) << one.arguments << "\n" << said.text;
    EXPECT_THAT(said.text, HasSubstr(one.says));
  }
}

TEST_F(CommandLine, RecordsAreReadByAProgramAndByAPersonInANarrowTerminal) {
  ASSERT_TRUE(AskTax(mesh()).status.ok());
  EXPECT_FALSE(AskAccount(mesh(), kYunagiTax,
                          mesh().Person("hanako").CodeAt("yunagi"),
                          "collect-arrears")
                   .status.ok());
  const Said piped = Run("records --person hanako --last 2");
  EXPECT_EQ(piped.code, 0);
  EXPECT_THAT(piped.text, AllOf(HasSubstr("released category"),
                                HasSubstr("REFUSED NO_AGREEMENT")));
  EXPECT_EQ(std::count(piped.text.begin(), piped.text.end(), '\n'), 3)
      << "a head and one line a record:\n"
      << piped.text;

  for (const unsigned short columns :
       std::initializer_list<unsigned short>{40, 60, 80, 120}) {
    const Said narrow = RunInTerminal(columns, {"records"});
    EXPECT_EQ(narrow.code, 0);
    EXPECT_THAT(narrow.text, HasSubstr("REFUSED"));
    for (absl::string_view line : absl::StrSplit(narrow.text, '\n'))
      EXPECT_LE(DisplayWidth(line), columns) << line;
  }

  const Said json = Run("records --json --person hanako --last 1");
  const auto record = nlohmann::json::parse(json.text, nullptr, false);
  ASSERT_TRUE(record.is_object()) << json.text;
  EXPECT_EQ(record["reason"], "NO_AGREEMENT");
  EXPECT_EQ(record["consumer"], kYunagiTax);
  EXPECT_THAT(Run("records --last 0").text, HasSubstr("No records"));
}

TEST_F(CommandLine, EveryTableFitsATerminalOf60Columns) {
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"status"}, {"people"}, {"people", "--as", "akatsuki"}, {"check"}}) {
    const Said said = RunInTerminal(60, verb);
    EXPECT_EQ(said.code, 0) << absl::StrJoin(verb, " ");
    for (absl::string_view line : absl::StrSplit(said.text, '\n'))
      EXPECT_LE(DisplayWidth(line), 60u) << absl::StrJoin(verb, " ");
  }
}

TEST_F(CommandLine, EnvGivesWhatAClientNeedsInAShellsWords) {
  const Said said = Run("env akatsuki/benefits");
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.text, EnvironmentLines(mesh().folder(), kBenefits));
  for (absl::string_view line :
       absl::StrSplit(said.text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> pair =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    const bool file =
        pair[0] == "PSM_CA" || pair[0] == "PSM_CERT" || pair[0] == "PSM_KEY";
    EXPECT_TRUE(!file || access(pair[1].c_str(), R_OK) == 0) << line;
  }
  EXPECT_THAT(Run("env akatsuki/benefits --export").text,
              HasSubstr("export PSM_GATEWAY=127.0.0.1:"));
  const Said unknown = Run("env no/body");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("./psm pki issue no/body makes one"));
}

TEST_F(CommandLine, LogsAreOfOneSystemOrOfAll) {
  const Said all = Run("logs -n 1");
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.text, AllOf(HasSubstr("== akatsuki/tax\n"),
                              HasSubstr("== mesh/gateway\n")));
  const Said one = Run("logs yunagi/tax");
  EXPECT_THAT(one.text, AllOf(HasSubstr("\"event\":\"listening\""),
                              Not(HasSubstr("== "))));
  const Said unknown = Run("logs no/body");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("no log of a system no/body"));
}

TEST_F(CommandLine, WatchShowsALegAsItHappensWithBothCodes) {
  SpawnOptions watch;
  watch.command = {PSM_CLI, "--run", mesh().folder().root(), "watch"};
  watch.log = mesh().folder().root() + "/watch.out";
  watch.dies_with_parent = true;
  const absl::StatusOr<ProcessName> process = Spawn(watch);
  ASSERT_TRUE(process.ok()) << process.status();
  std::string shown;
  // It shows what comes after its start, so ask until it has seen one.
  for (int i = 0; i < 200 && shown.empty(); ++i) {
    ASSERT_TRUE(AskTax(mesh()).status.ok());
    shown = LastLines(watch.log, 1);
  }
  ASSERT_TRUE(SignalProcess(*process, SIGINT).ok());
  int result = 0;
  waitpid(process->pid, &result, 0);
  EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0)
      << "Ctrl-C ends it in good order";
  EXPECT_THAT(
      shown,
      AllOf(
          HasSubstr("akatsuki/benefits > yunagi/tax"),
          HasSubstr("benefit-tax-exempt"), HasSubstr(" ms  OK"),
          HasSubstr("category"),
          HasSubstr(absl::StrCat(
              mesh().Person("hanako").CodeAt("akatsuki").substr(0, 6), ".. > ",
              mesh().Person("hanako").CodeAt("yunagi").substr(0, 6)))));
}

TEST_F(CommandLine, PkiVerbsReachThePkiWithThisRunFolder) {
  const Said show = Run("pki show");
  EXPECT_EQ(show.code, 0) << show.text;
  EXPECT_THAT(show.text, AllOf(HasSubstr("akatsuki/tax"), HasSubstr("good")));
  const Said issued = Run("pki issue new-agency/desk");
  EXPECT_EQ(issued.code, 0) << issued.text;
  EXPECT_EQ(Run("env new-agency/desk").code, 0);
  const Said revoked = Run("pki revoke new-agency/desk");
  EXPECT_EQ(revoked.code, 0) << revoked.text;
  EXPECT_THAT(Run("pki show").text, HasSubstr("revoked"));
  EXPECT_THAT(Run("pki issue --help").text, HasSubstr("Examples:"));
  EXPECT_NE(Run("pki isue x/y").code, 0);
}

TEST_F(CommandLine, RestartedSystemsAnswerAndTheGatewayKeepsItsAddress) {
  const Said tax = Run("restart yunagi/tax");
  EXPECT_EQ(tax.code, 0) << tax.text;
  EXPECT_THAT(tax.text, HasSubstr("yunagi/tax serves again"));
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  const std::string before = EnvironmentLines(mesh().folder(), kBenefits);
  const Said gateway = Run("restart mesh/gateway");
  EXPECT_EQ(gateway.code, 0) << gateway.text;
  EXPECT_EQ(EnvironmentLines(mesh().folder(), kBenefits), before);
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  const Said unknown = Run("restart no/body");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("no system no/body"));
}

// While calls go on, and for whoever kept nothing but the log's first key.
TEST_F(CommandLine, TheLogChangesItsKeyUnderLoadAndLeadsOnFromTheOldOne) {
  const TempFolder away;
  const std::string log = LogUrl(mesh().folder());
  fs::copy(mesh().folder().LogVerifierKey(), away.File("old.vkey"));
  ASSERT_TRUE(CreateLogKey(away.File("stranger"), LogOrigin(kMainLog)).ok());
  const auto receipt = [&away](const std::string& file) {
    const Said said = Run(absl::StrCat(
        "call --as akatsuki/benefits --affair benefit-tax-exempt --person "
        "hanako --provider yunagi/tax --receipt ",
        away.File(file), " psm.tax.v1.TaxService/GetTaxStatus"));
    EXPECT_EQ(said.code, 0) << said.text;
  };
  // Nothing of the mesh but what `options` say.
  const auto elsewhere = [&away](const std::string& options) {
    return RunPsm(PSM_CLI, away.File("elsewhere"), options);
  };
  const auto verify = [&](const std::string& file, const std::string& key,
                          const std::string& options = "") {
    return elsewhere(absl::StrCat("verify receipt ", away.File(file), " --key ",
                                  away.File(key), options));
  };
  const auto witness = [&] {
    return elsewhere(absl::StrCat("verify witness --once --log ", log,
                                  " --log-key ", away.File("old.vkey"),
                                  " --state ", away.File("witness")));
  };
  const auto audit = [&] {
    return elsewhere(absl::StrCat("verify log --log ", log, " --key ",
                                  away.File("old.vkey"), " --state ",
                                  away.File("kept")));
  };
  receipt("before.json");
  EXPECT_EQ(witness().code, 0);
  EXPECT_EQ(audit().code, 0);
  const auto process =
      ReadProcessName(mesh().folder().ProcessId(kGatewaySystem));

  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0, refused = 0;
  std::thread load([&] {
    while (!stop) ++(AskTax(mesh()).status.ok() ? answered : refused);
  });
  for (int rotation = 1; rotation <= 2; ++rotation) {
    const int before = answered;
    const Said rotated = Run("pki rotate-log");
    EXPECT_EQ(rotated.code, 0) << rotated.text;
    EXPECT_THAT(rotated.text, HasSubstr("of the log names its new key"));
    while (answered < before + 5 && refused == 0) std::this_thread::yield();
  }
  stop = true;
  load.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(ReadProcessName(mesh().folder().ProcessId(kGatewaySystem))->pid,
            process->pid)
      << "it went on running";
  receipt("after.json");

  // Once it is published.
  Said said = audit();
  const absl::Duration start = mesh().clock().Monotonic();
  while (!absl::StrContains(said.text, "2 changes of its key") &&
         mesh().clock().Monotonic() - start < absl::Seconds(20))
    said = audit();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text,
              HasSubstr("2 changes of its key, each in the log and signed by "
                        "the key before"));
  said = witness();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("cosigned: tree"));

  EXPECT_EQ(verify("before.json", "old.vkey").code, 0);
  said = verify("after.json", "old.vkey");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("another key, signed; where the log has "
                                   "changed its key, --log leads on"));
  for (const std::string& where : {log, mesh().folder().PublishedLog()}) {
    said = verify("after.json", "old.vkey", " --log " + where);
    EXPECT_EQ(said.code, 0) << said.text;
    said = verify("after.json", "stranger.vkey", " --log " + where);
    EXPECT_EQ(said.code, 1);
    EXPECT_THAT(said.text,
                HasSubstr("do not lead from the one that is trusted"));
  }
  for (const char* all : {"verify log --every-signature", "verify receipts",
                          "reconcile", "verify witness --once"}) {
    said = Run(all);
    EXPECT_EQ(said.code, 0) << all << ": " << said.text;
  }
}

}  // namespace
}  // namespace psm::testing
