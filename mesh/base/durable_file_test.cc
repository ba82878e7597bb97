#include "mesh/base/durable_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> NamesIn(const TempFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename());
  return names;
}

// The two that write: what holds for one holds for the other.
struct Writer {
  std::string name;
  std::function<absl::Status(const std::string&, absl::string_view, mode_t)>
      write;
};

class WholeFileTest : public testing::TestWithParam<Writer> {
 protected:
  absl::Status Write(const std::string& name, absl::string_view bytes,
                     mode_t mode) {
    return GetParam().write(folder_.File(name), bytes, mode);
  }

  TempFolder folder_;
};

TEST_P(WholeFileTest, SetsContentsAndModeWhateverTheUmaskAndACrashBefore) {
  folder_.Write("f.partial", "left behind by a crash, longer than the new one");
  ASSERT_EQ(chmod(folder_.File("f.partial").c_str(), 0666), 0);
  const mode_t before = umask(0);
  EXPECT_TRUE(Write("f", "new", kPrivate).ok());
  umask(0777);
  EXPECT_TRUE(Write("g", "public", kPublic).ok());
  umask(before);
  EXPECT_EQ(folder_.Read("f"), "new");
  EXPECT_EQ(folder_.Mode("f"), 0600u);
  EXPECT_EQ(folder_.Read("g"), "public");
  EXPECT_EQ(folder_.Mode("g"), 0644u);
  EXPECT_THAT(NamesIn(folder_), testing::UnorderedElementsAre("f", "g"));
}

TEST_P(WholeFileTest, AFullDiskLeavesNothingHalfWritten) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{4, limit.rlim_max};
  const auto old_action = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = Write("f", "too long", kPrivate);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, old_action);
  EXPECT_EQ(status.message(),
            absl::StrCat("cannot write ", folder_.File("f.partial"),
                         ": File too large; make room for it"));
  EXPECT_THAT(NamesIn(folder_), IsEmpty());
}

TEST_P(WholeFileTest, ALinkThatSomebodyPlantedIsNotWrittenThrough) {
  folder_.Write("victim", "untouched");
  ASSERT_EQ(symlink(folder_.File("victim").c_str(),
                    folder_.File("f.partial").c_str()),
            0);
  const absl::Status status = Write("f", "secret", kPrivate);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(folder_.File("f.partial")));
  EXPECT_TRUE(absl::EndsWith(status.message(), "; remove what lies there"));
  EXPECT_EQ(folder_.Read("victim"), "untouched");

  // A second name of a file, which is also what a crash of CreateWholeFile
  // leaves, is taken away, not written through.
  std::filesystem::remove(folder_.File("f.partial"));
  std::filesystem::create_hard_link(folder_.File("victim"),
                                    folder_.File("f.partial"));
  EXPECT_TRUE(Write("f", "secret", kPrivate).ok());
  EXPECT_EQ(folder_.Read("victim"), "untouched");
  EXPECT_EQ(folder_.Read("f"), "secret");
}

TEST_P(WholeFileTest, WhatCannotBeWrittenIsNamedAndSaidHowToMend) {
  const absl::Status missing = Write("no/f", "x", kPrivate);
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.message(),
            absl::StrCat("cannot make ", folder_.File("no/f.partial"),
                         ": No such file or directory; make its folder first"));

  folder_.Write("file", "");
  EXPECT_TRUE(absl::EndsWith(Write("file/f", "x", kPrivate).message(),
                             "; a part of its path is a file"));

  std::filesystem::create_directory(folder_.File("closed"));
  ASSERT_EQ(chmod(folder_.File("closed").c_str(), 0500), 0);
  const uid_t user = geteuid();
  if (user == 0) {  // whom no mode keeps out
    ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
    ASSERT_EQ(chmod(folder_.File("closed").c_str(), 0555), 0);
    ASSERT_EQ(seteuid(65534), 0);
  }
  const absl::Status closed = Write("closed/f", "x", kPrivate);
  ASSERT_EQ(seteuid(user), 0);
  EXPECT_EQ(closed.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(absl::EndsWith(closed.message(), "; let this user write there"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.File("closed")));
}

TEST_P(WholeFileTest, AFolderInItsPlaceStaysAndNoDraftIsLeft) {
  std::filesystem::create_directory(folder_.File("f"));
  EXPECT_FALSE(Write("f", "x", kPrivate).ok());
  EXPECT_THAT(NamesIn(folder_), ElementsAre("f"));
  EXPECT_TRUE(std::filesystem::is_directory(folder_.File("f")));
}

INSTANTIATE_TEST_SUITE_P(
    Writers, WholeFileTest,
    testing::Values(
        Writer{"Write",
               [](const std::string& file, absl::string_view bytes,
                  mode_t mode) { return WriteWholeFile(file, bytes, mode); }},
        Writer{
            "WriteForProcess",
            [](const std::string& file, absl::string_view bytes, mode_t mode) {
              return WriteWholeFile(file, bytes, mode, Outlives::kProcess);
            }},
        Writer{"Create", CreateWholeFile}),
    [](const auto& writer) { return writer.param.name; });

TEST(WriteWholeFileTest, ReplacesContentsAndMode) {
  TempFolder folder;
  folder.Write("f", "a longer text that was there before");
  ASSERT_EQ(chmod(folder.File("f").c_str(), 0666), 0);
  ASSERT_TRUE(WriteWholeFile(folder.File("f"), "new", kPrivate).ok());
  EXPECT_EQ(folder.Read("f"), "new");
  EXPECT_EQ(folder.Mode("f"), 0600u);
}

TEST(WriteWholeFileTest, AReaderSeesOneWriteWholeWhoeverWritesAtTheSameTime) {
  TempFolder folder;
  const std::string file = folder.File("f");
  ASSERT_TRUE(WriteWholeFile(file, std::string(9000, 'a'), kPrivate).ok());
  std::atomic<int> writing = 3;
  std::vector<std::thread> writers;
  for (const char letter : {'b', 'c', 'd'}) {
    writers.emplace_back([&, letter] {
      for (std::size_t size = 9000; size < 9200; ++size) {
        EXPECT_TRUE(WriteWholeFile(file, std::string(size, letter), kPrivate,
                                   Outlives::kProcess)
                        .ok());
      }
      --writing;
    });
  }
  do {
    const absl::StatusOr<std::string> read = ReadFile(file);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_GE(read->size(), 9000u);
    ASSERT_EQ(*read, std::string(read->size(), read->front()));
  } while (writing > 0);
  for (std::thread& writer : writers) writer.join();
  EXPECT_THAT(NamesIn(folder), ElementsAre("f"));
}

TEST(CreateWholeFileTest, NeverReplaces) {
  TempFolder folder;
  ASSERT_TRUE(CreateWholeFile(folder.File("f"), "first", kPrivate).ok());
  EXPECT_EQ(CreateWholeFile(folder.File("f"), "second", kPrivate).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(folder.Read("f"), "first");
  EXPECT_THAT(NamesIn(folder), ElementsAre("f"));
}

TEST(CreateWholeFileTest, OneOfManyMakersWins) {
  TempFolder folder;
  std::atomic<int> made = 0;
  std::vector<std::thread> makers;
  for (int i = 0; i < 8; ++i) {
    makers.emplace_back([&] {
      made += CreateWholeFile(folder.File("f"), "x", kPrivate).ok() ? 1 : 0;
    });
  }
  for (std::thread& maker : makers) maker.join();
  EXPECT_EQ(made, 1);
  EXPECT_THAT(NamesIn(folder), ElementsAre("f"));
}

TEST(ReadFileTest, ReadsBackEveryByte) {
  TempFolder folder;
  std::string bytes;
  for (unsigned i = 0; i < 100000; ++i)
    bytes.push_back(static_cast<char>(i * i));
  ASSERT_TRUE(WriteWholeFile(folder.File("f"), bytes, kPrivate).ok());
  EXPECT_EQ(*ReadFile(folder.File("f")), bytes);
  EXPECT_EQ(*ReadPrivateFile(folder.File("f")), bytes);
  EXPECT_TRUE(absl::IsNotFound(ReadFile(folder.File("g")).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(folder.File("g")).status()));
  EXPECT_FALSE(ReadFile(folder.path()).ok());
}

TEST(ReadFileTest, APrivateFileThatOthersMayTouchIsRefused) {
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
  EXPECT_TRUE(MakeFolder(folder.File("d/e/"), Outlives::kProcess).ok());
  umask(before);
  for (const char* made : {"a", "a/b", "a/b/c", "d", "d/e"}) {
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

TEST(FolderOfTest, IsWhatALookUpWouldTake) {
  EXPECT_EQ(FolderOf("a/b/c"), "a/b");
  EXPECT_EQ(FolderOf("c"), ".");
  EXPECT_EQ(FolderOf("/c"), "/");
}

}  // namespace
}  // namespace psm
