#include "mesh/cli/follow_file.h"

#include <cstdio>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using ::testing::ElementsAre;

class FollowFileTest : public ::testing::Test {
 protected:
  FollowFileTest() : files_{folder_.File("one.log"), folder_.File("two.log")} {}
  ~FollowFileTest() override {
    stop_ = true;
    if (follower_.joinable()) follower_.join();
  }
  void Append(std::size_t file, const std::string& text) {
    std::ofstream(files_[file], std::ios::app) << text;
  }
  void Follow() {
    follower_ = std::thread([this] {
      EXPECT_TRUE(
          FollowFiles(files_, stop_, [this](std::size_t file, auto line) {
            MutexLock lock(mu_);
            seen_.push_back(absl::StrCat(file, " ", line));
          }).ok());
    });
    // It follows once it has seen a line that was written after its start.
    for (int i = 0; Seen().empty(); ++i) Append(1, absl::StrCat("x", i, "\n"));
    AwaitQuiet();
    MutexLock lock(mu_);
    seen_.clear();
  }
  // Until every line written so far was taken. The files are read one after the
  // other, so only the second mark says that the first file was read again.
  void AwaitQuiet() {
    for (const std::string mark : {"mark 1", "mark 2"}) {
      Append(1, mark + "\n");
      const absl::Duration end = SystemClock().Monotonic() + absl::Seconds(20);
      for (;;) {
        const std::vector<std::string> seen = Seen();
        if (!seen.empty() && seen.back() == "1 " + mark) break;
        ASSERT_LT(SystemClock().Monotonic(), end) << "the line never came";
        std::this_thread::yield();
      }
    }
  }
  // All lines of a file since Follow, without the marks.
  std::vector<std::string> Of(std::size_t file) {
    AwaitQuiet();
    std::vector<std::string> lines;
    for (const std::string& line : Seen()) {
      if (line.front() == '0' + static_cast<char>(file) &&
          line.substr(0, 6) != "1 mark")
        lines.push_back(line.substr(2));
    }
    return lines;
  }
  std::vector<std::string> Seen() {
    MutexLock lock(mu_);
    return seen_;
  }

  TempFolder folder_;
  const std::vector<std::string> files_;
  std::atomic<bool> stop_{false};
  Mutex mu_;
  std::vector<std::string> seen_ PSM_GUARDED_BY(mu_);
  std::thread follower_;
};

TEST_F(FollowFileTest, TakesWholeLinesFromNowOnOfEachFile) {
  Append(0, "before\n");
  Follow();
  Append(0, "a\nhal");
  EXPECT_THAT(Of(0), ElementsAre("a"));
  Append(0, "f\n");
  Append(1, "b\n");
  EXPECT_THAT(Of(1), ElementsAre("b"));
  EXPECT_THAT(Of(0), ElementsAre("a", "half"));
}

TEST_F(FollowFileTest, WaitsForAFileThatIsNotThereYet) {
  Follow();
  Append(0, "first\n");
  EXPECT_THAT(Of(0), ElementsAre("first"));
}

TEST_F(FollowFileTest, FollowsAFileThatIsReplacedOrCut) {
  Append(0, "long enough to be longer than the next\n");
  Follow();
  folder_.Write("new", "replaced\n");
  ASSERT_EQ(std::rename(folder_.File("new").c_str(), files_[0].c_str()), 0);
  EXPECT_THAT(Of(0), ElementsAre("replaced"));
  std::ofstream(files_[0], std::ios::trunc) << "cut\n";
  EXPECT_THAT(Of(0), ElementsAre("replaced", "cut"));
}

TEST_F(FollowFileTest, SaysWhichFolderIsNotThere) {
  const absl::Status status = FollowFile(folder_.File("nowhere/x.log"), stop_,
                                         [](absl::string_view) {});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("nowhere"));
}

}  // namespace
}  // namespace psm
