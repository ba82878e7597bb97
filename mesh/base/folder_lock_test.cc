#include "mesh/base/folder_lock.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

TEST(FolderLockTest, OneHolderAtATime) {
  TempFolder folder;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        absl::StatusOr<FolderLock> taken = FolderLock::Take(folder.path());
        ASSERT_TRUE(taken.ok());
        const FolderLock lock = *std::move(taken);
        most = std::max(most.load(), ++inside);
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST(FolderLockTest, AMissingFolderIsNamed) {
  TempFolder folder;
  const absl::Status status = FolderLock::Take(folder.File("none")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find(folder.File("none")), std::string::npos);
}

}  // namespace
}  // namespace psm
