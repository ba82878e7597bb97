// Main() as its users meet it: a program, its flags, its files and its signals.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "mesh/agency/run_folder.h"
#include "mesh/agency/test_channel.h"
#include "mesh/agency/test_pki.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "psm/gbizid/v1/gbizid.pb.h"

namespace psm::agency {
namespace {

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() {
    pki_.Write(run_.path(), {"gbizid/gbizid"});
    Seed("\n{\"name\": \"株式会社見本\"}\n");
  }
  ~ProcessTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void Seed(const std::string& lines) {
    ASSERT_TRUE(
        ReplaceFile(run_.File("seeds/gbizid/gbizid.jsonl"), lines).ok());
  }

  void Spawn(std::vector<std::string> flags) {
    flags.insert(flags.begin(), PSM_SAMPLE);
    std::vector<char*> argv;
    for (std::string& flag : flags) argv.push_back(flag.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    ASSERT_EQ(
        posix_spawn(&pid_, PSM_SAMPLE, &actions, nullptr, argv.data(), environ),
        0);
    posix_spawn_file_actions_destroy(&actions);
  }
  void Spawn() { Spawn({"--system", "gbizid/gbizid", "--run", run_.path()}); }

  int ExitCode() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // The port in the endpoint file, once it is there.
  int Port() {
    const absl::Time end = SystemClock().Now() + absl::Seconds(20);
    while (SystemClock().Now() < end) {
      absl::StatusOr<std::string> endpoint = ReadFile(endpoint_file_);
      int port = 0;
      if (endpoint.ok() &&
          absl::SimpleAtoi(endpoint->substr(endpoint->find(':') + 1), &port))
        return port;
      std::this_thread::yield();
    }
    ADD_FAILURE() << "no endpoint: " << Log();
    return 0;
  }

  std::string Log() {
    absl::StatusOr<std::string> log = ReadFile(log_);
    return log.ok() ? *log : "";
  }

  TempFolder run_;
  TestPki pki_;
  const std::string log_ = run_.File("log");
  const std::string endpoint_file_ = run_.File("endpoints/gbizid/gbizid");
  pid_t pid_ = -1;
};

TEST_F(ProcessTest, ServesTheGatewayUntilItIsToldToStop) {
  Spawn();
  std::string answer;
  ASSERT_TRUE(
      RawCall(*DialAs(pki_.IssueFor("mesh/gateway"), pki_.trust_pem(), Port()),
              "/psm.gbizid.v1.BusinessService/GetBusiness", "", &answer)
          .ok());
  gbizid::v1::GetBusinessResponse response;
  ASSERT_TRUE(response.ParseFromString(answer));
  EXPECT_EQ(response.name(), "株式会社見本");
  EXPECT_TRUE(
      std::filesystem::exists(run_.File("databases/gbizid/gbizid.sqlite")));
  kill(pid_, SIGTERM);
  EXPECT_EQ(ExitCode(), 0) << Log();
  EXPECT_FALSE(std::filesystem::exists(endpoint_file_));
}

TEST_F(ProcessTest, LeavesTheEndpointOfItsSuccessor) {
  Spawn();
  Port();
  ASSERT_TRUE(ReplaceFile(endpoint_file_, "127.0.0.1:1").ok());
  kill(pid_, SIGINT);
  EXPECT_EQ(ExitCode(), 0);
  EXPECT_EQ(*ReadFile(endpoint_file_), "127.0.0.1:1");
}

TEST_F(ProcessTest, BadFlagsAndBadConfigurationEndWith64BeforeAPortOpens) {
  const std::string run = run_.path();
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {},
           {"--system", "gbizid/gbizid"},
           {"--run", run},
           {"--system", "gbizid", "--run", run},
           {"--system", "gbizid/../x", "--run", run},
           {"--system", "gbizid/gbizid", "--run", run + "/none"},
           {"--system", "gbizid/gbizid", "--run", run, "--port", "70000"},
           {"--system", "gbizid/gbizid", "--run", run, "--shine"},
           {"--system", "gbizid/other", "--run", run}}) {
    Spawn(flags);
    EXPECT_EQ(ExitCode(), 64) << Log();
  }
  Seed("{\"name\": \"a\"}\n\n{\"colour\": \"red\"}\n");
  Spawn();
  EXPECT_EQ(ExitCode(), 64);
  EXPECT_NE(Log().find("gbizid.jsonl:3:"), std::string::npos) << Log();
  ASSERT_TRUE(ReplaceFile(run_.File("pki/systems/gbizid/gbizid/identity.pem"),
                          pki_.IssueFor("akatsuki/tax").identity_pem())
                  .ok());
  Spawn();
  EXPECT_EQ(ExitCode(), 64);
  EXPECT_FALSE(std::filesystem::exists(endpoint_file_));
}

TEST_F(ProcessTest, ATakenPortEndsWith1AndTheLogIsJson) {
  Spawn();
  const int port = Port();
  const pid_t first = pid_;
  Spawn({"--system", "gbizid/gbizid", "--run", run_.path(), "--port",
         std::to_string(port)});
  EXPECT_EQ(ExitCode(), 1);
  pid_ = first;
  EXPECT_EQ(*ReadFile(endpoint_file_), "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(ForEachLine(log_, [](absl::string_view line) {
                EXPECT_EQ(line.front(), '{') << std::string(line);
                return absl::OkStatus();
              }).ok());
}

}  // namespace
}  // namespace psm::agency
