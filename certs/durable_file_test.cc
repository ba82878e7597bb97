#include "certs/durable_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "certs/temp_folder.h"
#include "gtest/gtest.h"

namespace psm::pki {
namespace {

TEST(DurableFileTest, SetsContentsAndModeWhateverWasThereAndTheUmask) {
  TempFolder folder;
  const std::string file = folder.File("f");
  folder.Write("f", "a longer text that was there before");
  folder.Write("f.partial", "left behind by a crash, longer than the new one");
  ASSERT_EQ(chmod(folder.File("f.partial").c_str(), 0666), 0);
  const mode_t before = umask(0);
  EXPECT_TRUE(WriteDurably(file, "new", kPrivate).ok());
  umask(0777);
  EXPECT_TRUE(WriteDurably(folder.File("g"), "public", kPublic).ok());
  umask(before);
  EXPECT_EQ(folder.Read("f"), "new");
  EXPECT_EQ(folder.Mode("f"), 0600u);
  EXPECT_EQ(folder.Read("g"), "public");
  EXPECT_EQ(folder.Mode("g"), 0644u);
  EXPECT_FALSE(std::filesystem::exists(folder.File("f.partial")));
}

TEST(DurableFileTest, AFailedWriteLeavesTheOldContents) {
  TempFolder folder;
  const std::string file = folder.File("f");
  ASSERT_TRUE(WriteDurably(file, "old", kPrivate).ok());
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{4, limit.rlim_max};
  const auto old_action = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteDurably(file, "too long", kPrivate);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, old_action);
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.message(), file));
  EXPECT_EQ(folder.Read("f"), "old");
}

TEST(DurableFileTest, DoesNotWriteThroughALinkThatSomebodyPlanted) {
  TempFolder folder;
  folder.Write("victim", "untouched");
  ASSERT_EQ(
      symlink(folder.File("victim").c_str(), folder.File("f.partial").c_str()),
      0);
  EXPECT_FALSE(WriteDurably(folder.File("f"), "secret", kPrivate).ok());
  EXPECT_EQ(folder.Read("victim"), "untouched");
}

TEST(DurableFileTest, ReadsBackEveryByte) {
  TempFolder folder;
  const std::string bytes = SystemRandom().Bytes(100000);
  ASSERT_TRUE(WriteDurably(folder.File("f"), bytes, kPrivate).ok());
  EXPECT_EQ(*ReadFile(folder.File("f")), bytes);
  EXPECT_EQ(*ReadPrivateFile(folder.File("f")), bytes);
  EXPECT_TRUE(absl::IsNotFound(ReadFile(folder.File("g")).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(folder.File("g")).status()));
  EXPECT_FALSE(ReadFile(folder.path()).ok());
}

TEST(DurableFileTest, APrivateFileThatOthersMayTouchIsRefused) {
  TempFolder folder;
  folder.Write("f", "secret");
  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
    ASSERT_EQ(chmod(folder.File("f").c_str(), mode), 0);
    const absl::Status status = ReadPrivateFile(folder.File("f")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(status.message(), "chmod 600"));
  }
}

TEST(MakeFolderTest, MakesWhatIsMissingForItsOwnerAlone) {
  TempFolder folder;
  const mode_t before = umask(0);
  EXPECT_TRUE(MakeFolder(folder.File("a/b/c")).ok());
  EXPECT_TRUE(MakeFolder(folder.File("a/b/c")).ok());
  umask(before);
  for (const char* made : {"a", "a/b", "a/b/c"}) {
    EXPECT_EQ(folder.Mode(made), 0700u) << made;
  }
  folder.Write("file", "");
  EXPECT_FALSE(MakeFolder(folder.File("file")).ok());
  EXPECT_FALSE(MakeFolder(folder.File("file/below")).ok());
  EXPECT_FALSE(MakeFolder("").ok());
}

TEST(RemoveFileTest, IsDoneWhereThereIsNone) {
  TempFolder folder;
  folder.Write("f", "");
  EXPECT_TRUE(RemoveFile(folder.File("f")).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.File("f")));
  EXPECT_TRUE(RemoveFile(folder.File("f")).ok());
  EXPECT_FALSE(RemoveFile(folder.path()).ok());
}

TEST(FolderLockTest, OneHolderAtATime) {
  TempFolder folder;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const auto lock = FolderLock::Take(folder.path());
        ASSERT_TRUE(lock.ok());
        most = std::max(most.load(), ++inside);
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_FALSE(FolderLock::Take(folder.File("none")).ok());
}

}  // namespace
}  // namespace psm::pki
