// A disk that is really full, under the records and the published log of a
// gateway at work.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "mesh/base/error.h"
#include "mesh/directory/directory.h"
#include "tests/crash/mortal_gateway.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(30);

class FullDisk : public MortalGateway {
 protected:
  void SetUp() override {
    // For this thread and the processes that it starts; the test's other
    // threads do not look at these folders.
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      GTEST_SKIP() << "NOT TESTED: this machine lets us mount nothing "
                      "(SYS_ADMIN in a container)";
    }
    MortalGateway::SetUp();
  }
  void TearDown() override {
    if (mounted_.empty()) return;
    EXPECT_TRUE(mesh().StopSystem(kGatewaySystem).ok());
    for (const std::string& folder : mounted_) umount(folder.c_str());
  }

  void MountSmallDisk(const std::string& folder, const char* size) {
    ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", 0, size), 0) << folder;
    mounted_.push_back(folder);
  }
  static void Fill(const std::string& folder) {
    const int fd = open((folder + "/filler").c_str(),
                        O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    const std::string bytes(1 << 16, 'x');
    std::size_t step = bytes.size();
    while (step > 0) {
      if (write(fd, bytes.data(), step) <= 0) step /= 2;
    }
    EXPECT_EQ(errno, ENOSPC);
    close(fd);
  }
  // Segments that hold nothing yet: with one of them a start would go on.
  static void RemoveSpares(const std::string& records) {
    for (const auto& file : std::filesystem::directory_iterator(records)) {
      if (file.path().filename().string().rfind("segment-", 0) != 0) continue;
      std::string begin(8, '\0');
      std::ifstream(file.path(), std::ios::binary)
          .read(begin.data(), static_cast<std::streamsize>(begin.size()));
      if (begin != "PSMRECS\n") std::filesystem::remove(file.path());
    }
  }
  static void Free(const std::string& folder) {
    std::filesystem::remove(folder + "/filler");
  }

 private:
  std::vector<std::string> mounted_;
};

TEST_F(FullDisk, RefusesAndRecoversAndLosesNothing) {
  const std::string records = mesh().folder().Records();
  const std::string log = mesh().folder().PublishedLog();
  ASSERT_TRUE(mesh().StopSystem(kGatewaySystem).ok());
  // Nothing was recorded yet.
  std::filesystem::remove_all(log);
  std::filesystem::create_directory(log);
  // Two segments and the index.
  MountSmallDisk(records, "size=40m");
  MountSmallDisk(log, "size=1m");
  if (HasFatalFailure()) return;
  StartGateway();
  StartClients(/*count=*/2, /*pause=*/2);
  EXPECT_TRUE(clients().AwaitAnswers(20, kSoon));
  EXPECT_TRUE(ExpectLogHolds());

  // The published log cannot grow, which holds up nobody; then the next start
  // finds no room for a segment.
  LogWatch said = mesh().WatchLog(kGatewaySystem);
  Fill(log);
  EXPECT_TRUE(clients().AwaitAnswers(20, kSoon));
  EXPECT_TRUE(said.Await({"log_not_published"}, kSoon).ok());
  EXPECT_TRUE(ExpectLogHolds());
  EXPECT_GT(last_audit_.unpublished, 0u);
  KillGateway();
  EXPECT_TRUE(ExpectLogHolds());
  RemoveSpares(records);
  Fill(records);
  StartGateway();
  absl::Status status;
  const absl::Duration deadline = mesh().clock().Monotonic() + kSoon;
  while (ReasonOf(status) != "RECORD_NOT_DURABLE" &&
         mesh().clock().Monotonic() < deadline)
    status = AskTax(mesh()).status;
  const int answers = clients().answers();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ReasonOf(AskTax(mesh()).status), "RECORD_NOT_DURABLE");
  EXPECT_EQ(clients().answers(), answers) << "on a full disk";
  EXPECT_TRUE(ExpectLogHolds());

  Free(records);
  Free(log);
  EXPECT_TRUE(clients().AwaitAnswers(20, kSoon));
  KillGateway();
  EXPECT_TRUE(ExpectLogHolds());
  StartGateway();
  FinishClients();
  ExpectNothingEverLost();
  std::printf("%d answers, %d refused\n", clients().answers(),
              clients().refusals());
}

}  // namespace
}  // namespace psm::testing
