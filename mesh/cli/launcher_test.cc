// The launcher on programs that only say where they listen and wait.
#include "mesh/cli/launcher.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/base/temp_folder.h"
#include "mesh/cli/process.h"

namespace psm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Says that it listens at the port that it was told, or at 4711, and waits.
constexpr char kServes[] = R"sh(#!/bin/bash
system=mesh/gateway
port=4711
while [ $# -gt 0 ]; do
  case $1 in
    --run) run=$2 ;;
    --system) system=$2 ;;
    --listen) [ "${2##*:}" = 0 ] || port=${2##*:} ;;
  esac
  shift
done
echo "127.0.0.1:$port" >"$run/endpoints/$system.new"
mv "$run/endpoints/$system.new" "$run/endpoints/$system"
exec tail -f /dev/null
)sh";
// Says that it has looked, and waits.
constexpr char kRenews[] = R"sh(#!/bin/bash
echo '{}' >"$4/in-force/mesh/pki.new"
mv "$4/in-force/mesh/pki.new" "$4/in-force/mesh/pki"
exec tail -f /dev/null
)sh";
constexpr char kEnds[] = "#!/bin/bash\necho 'the database is locked'\nexit 1\n";

class LauncherTest : public ::testing::Test {
 protected:
  LauncherTest() {
    for (const char* program : {"psm-gateway", "desk", "till"})
      WriteProgram(program, kServes);
    WriteProgram("psm-pki", kRenews);
    Configure({"desk", "till"});
  }
  ~LauncherTest() override { EXPECT_TRUE(StopAll(RunFolder(run())).ok()); }

  void WriteProgram(const std::string& name, const std::string& text) {
    folder_.Write("bin/" + name, text);
    chmod(folder_.File("bin/" + name).c_str(), 0755);
  }
  // The mesh has these systems of the town, each with a program of its name.
  void Configure(const std::vector<std::string>& systems) {
    std::string text;
    for (const std::string& system : systems) {
      absl::StrAppend(&text, "systems { id: \"town/", system, "\" program: \"",
                      system, "\" }\n");
    }
    folder_.Write("config/town.textproto", text);
  }
  std::string run() const { return folder_.File("run"); }
  LaunchOptions Options() const {
    LaunchOptions options;
    options.run = run();
    options.configuration = {folder_.File("config")};
    options.programs = folder_.File("bin");
    options.port = 0;
    options.without = {"mesh/pki"};
    return options;
  }
  static std::unique_ptr<Launcher> Create(LaunchOptions options) {
    absl::StatusOr<std::unique_ptr<Launcher>> launcher =
        Launcher::Create(std::move(options));
    EXPECT_TRUE(launcher.ok()) << launcher.status();
    return *std::move(launcher);
  }
  static void Ignore(absl::string_view) {}

  static int Running(const Launcher& launcher) {
    const std::vector<SystemState> states = launcher.States();
    return static_cast<int>(
        std::count_if(states.begin(), states.end(),
                      [](const SystemState& one) { return one.running; }));
  }
  // As kill -9, and waits for the end.
  void Kill(absl::string_view system) {
    const ProcessName process =
        *ReadProcessName(RunFolder(run()).ProcessId(system));
    ASSERT_TRUE(StopProcess(process, absl::ZeroDuration()).ok());
  }

  TempFolder folder_;
};

TEST_F(LauncherTest, StopsEverythingThatItStarted) {
  auto launcher = Create(Options());
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  EXPECT_EQ(Running(*launcher), 3);
  EXPECT_EQ(launcher->States().front().id, "mesh/gateway");
  EXPECT_EQ(launcher->States().front().endpoint, "127.0.0.1:4711");
  absl::StatusOr<int> stopped = StopAll(launcher->folder());
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(*stopped, 3);
  EXPECT_EQ(Running(*launcher), 0);
  EXPECT_FALSE(fs::exists(launcher->folder().Endpoint("town/desk")));
  EXPECT_EQ(*StopAll(launcher->folder()), 0) << "safe to repeat";
}

TEST_F(LauncherTest, WhoRenewsCertificatesIsStartedAndStoppedWithTheRest) {
  LaunchOptions options = Options();
  options.without = {};
  auto launcher = Create(options);
  std::vector<std::string> started;
  ASSERT_TRUE(
      launcher
          ->Start([&](absl::string_view step) { started.emplace_back(step); })
          .ok());
  EXPECT_THAT(started, ::testing::ElementsAre("town/desk", "town/till",
                                              "mesh/pki", "mesh/gateway"))
      << "the gateway looks for the others at once";
  const SystemState renews = launcher->States().back();
  EXPECT_EQ(renews.id, "mesh/pki");
  EXPECT_TRUE(renews.running);
  EXPECT_EQ(renews.endpoint, "");
  Kill("mesh/pki");
  EXPECT_EQ(Running(*launcher), 3);
  ASSERT_TRUE(launcher->Start(Ignore).ok()) << "it is started again";
  EXPECT_EQ(*StopAll(launcher->folder()), 4);
}

TEST_F(LauncherTest, RefusesAMeshThatRuns) {
  auto launcher = Create(Options());
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  const absl::Status again = Create(Options())->Start(Ignore);
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
  EXPECT_EQ(Running(*launcher), 3);
}

TEST_F(LauncherTest, StartsWhatIsDownAndLeavesTheRest) {
  auto launcher = Create(Options());
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  const pid_t gateway = launcher->States().front().process.pid;
  Kill("town/desk");
  ASSERT_EQ(Running(*launcher), 2);
  std::vector<std::string> started;
  ASSERT_TRUE(
      launcher
          ->Start([&](absl::string_view step) { started.emplace_back(step); })
          .ok());
  EXPECT_THAT(started, ::testing::ElementsAre("town/desk"));
  EXPECT_EQ(Running(*launcher), 3);
  EXPECT_EQ(launcher->States().front().process.pid, gateway);
}

TEST_F(LauncherTest, ClearsAwayWhatADeadMeshLeftBehind) {
  auto launcher = Create(Options());
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  for (const char* system : {"mesh/gateway", "town/desk", "town/till"})
    Kill(system);
  ASSERT_TRUE(fs::exists(launcher->folder().Endpoint("town/desk")));
  // It comes up without its till, whose old address nobody may dial.
  Configure({"desk"});
  folder_.Write("config/more.textproto", "systems { id: \"town/till\" }\n");
  ASSERT_TRUE(Create(Options())->Start(Ignore).ok());
  EXPECT_EQ(Running(*launcher), 2);
  EXPECT_FALSE(fs::exists(launcher->folder().Endpoint("town/till")));
  EXPECT_FALSE(fs::exists(launcher->folder().ProcessId("town/till")));
}

TEST_F(LauncherTest, AnotherProcessWithARecycledPidIsLeftAlone) {
  auto launcher = Create(Options());
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  Kill("town/desk");
  ASSERT_TRUE(WriteProcessName(launcher->folder().ProcessId("town/desk"),
                               ProcessName{getpid(), 1})
                  .ok());
  EXPECT_EQ(Running(*launcher), 2);
  EXPECT_EQ(*StopAll(launcher->folder()), 2) << "and this test goes on";
}

TEST_F(LauncherTest, StopsWhatTheConfigurationNoLongerNames) {
  ASSERT_TRUE(Create(Options())->Start(Ignore).ok());
  folder_.Write("config/town.textproto",
                "systems { id: \"town/desk\" \n");  // no end
  EXPECT_FALSE(Launcher::Create(Options()).ok());
  EXPECT_EQ(*StopAll(RunFolder(run())), 3);
}

TEST_F(LauncherTest, AnInterruptStopsEverythingAgain) {
  std::atomic<bool> interrupted{false};
  LaunchOptions options = Options();
  options.interrupted = &interrupted;
  auto launcher = Create(options);
  // Whenever it comes: also where all would be up a moment later.
  for (const char* when : {"mesh/gateway", "town/desk", "town/till"}) {
    interrupted = false;
    const absl::Status started = launcher->Start(
        [&](absl::string_view step) { interrupted = step == when; });
    EXPECT_TRUE(absl::IsCancelled(started)) << when << started;
    EXPECT_THAT(std::string(started.message()), HasSubstr("stopped again"));
    EXPECT_EQ(Running(*launcher), 0) << when;
  }
}

TEST_F(LauncherTest, SaysWhoDidNotComeUpAndHowItsLogEnds) {
  WriteProgram("till", kEnds);
  auto launcher = Create(Options());
  const absl::Status started = launcher->Start(Ignore);
  EXPECT_TRUE(absl::IsUnavailable(started)) << started;
  EXPECT_THAT(std::string(started.message()), HasSubstr("town/till did not"));
  EXPECT_THAT(std::string(started.message()),
              HasSubstr("the database is locked"));
  EXPECT_EQ(Running(*launcher), 0) << "all are stopped again";
}

TEST_F(LauncherTest, WhatIsLeftOutIsNotStarted) {
  LaunchOptions options = Options();
  options.without = {"town/desk", "mesh/pki"};
  auto launcher = Create(options);
  ASSERT_TRUE(launcher->Start(Ignore).ok());
  EXPECT_EQ(Running(*launcher), 2);
  EXPECT_EQ(launcher->CommandLine("town/desk"),
            absl::StrCat(folder_.File("bin/desk"), " --system town/desk --run ",
                         run()));
  options.without = {"town/dask"};
  const absl::Status unknown = Launcher::Create(options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(unknown)) << unknown;
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("no system town/dask"));
}

TEST_F(LauncherTest, TheGatewayKeepsItsPortWhenItIsRestarted) {
  ASSERT_TRUE(Create(Options())->Start(Ignore).ok());
  absl::StatusOr<LaunchOptions> settings = ReadSettings(run());
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->port, 4711) << "any was asked for";
}

TEST_F(LauncherTest, AnotherVersionsRunFolderIsRefused) {
  EXPECT_TRUE(CheckRunFolderFormat(run()).ok()) << "nothing there yet";
  EXPECT_TRUE(absl::IsNotFound(ReadSettings(run()).status()));
  ASSERT_TRUE(Create(Options())->Start(Ignore).ok());
  EXPECT_TRUE(CheckRunFolderFormat(run()).ok());
  for (const char* settings :
       {"{}", "{\"format\": 999}", "not json", "[]", "{\"format\": \"1\"}"}) {
    folder_.Write("run/settings.json", settings);
    const absl::Status other = CheckRunFolderFormat(run());
    EXPECT_TRUE(absl::IsFailedPrecondition(other)) << settings << other;
    EXPECT_THAT(std::string(other.message()),
                HasSubstr("another version of psm"));
  }
}

TEST_F(LauncherTest, SettingsThatCannotBeUnderstoodAreSaidToBe) {
  for (const char* settings :
       {"", "not json", "[]", "{\"port\": \"x\"}", "{\"without\": 3}",
        "{\"configuration\": [1]}"}) {
    folder_.Write("run/settings.json", settings);
    const absl::Status read = ReadSettings(run()).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(read)) << settings << read;
    EXPECT_THAT(std::string(read.message()), HasSubstr("to start afresh"));
  }
}

}  // namespace
}  // namespace psm
