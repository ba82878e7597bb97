#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/digest.h"
#include "mesh/subjects/subject_code.h"

namespace psm {
namespace {

class MasterKeyTest : public testing::Test {
 protected:
  void Write(const std::string& text) {
    std::ofstream(file_, std::ios::binary) << text;
    std::filesystem::permissions(file_, std::filesystem::perms(0600));
  }
  std::string Read() {
    std::ifstream in(file_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::size_t FileCount() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(folder_)) {
      ++count;
    }
    return count;
  }

  TempFolder temp_;
  const std::string folder_ = temp_.path();
  const std::string file_ = folder_ + "/master.key";
};

TEST_F(MasterKeyTest, IsReadBackAsItWasMade) {
  ASSERT_TRUE(CreateMasterKey(file_).ok());
  const auto key = ReadMasterKey(file_);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(Read(), absl::BytesToHexString(key->Reveal()) + "\n");
  EXPECT_EQ(key->size(), 32u);
  EXPECT_EQ(FileCount(), 1u);  // nothing half-made is left beside it
}

TEST_F(MasterKeyTest, IsItsOwnersAloneWhateverTheUmask) {
  const mode_t before = umask(0);
  ASSERT_TRUE(CreateMasterKey(file_).ok());
  umask(before);
  struct stat status;
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(MasterKeyTest, IsRefusedWhereOthersMayTouchIt) {
  ASSERT_TRUE(CreateMasterKey(file_).ok());
  for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0644u}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    const absl::Status status = ReadMasterKey(file_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << mode;
    EXPECT_TRUE(absl::StrContains(status.message(), "chmod 600 " + file_));
  }
  for (const unsigned mode : {0600u, 0400u}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    EXPECT_TRUE(ReadMasterKey(file_).ok()) << mode;
  }
}

TEST_F(MasterKeyTest, IsNeverReplaced) {
  ASSERT_TRUE(CreateMasterKey(file_).ok());
  const std::string before = Read();
  EXPECT_EQ(CreateMasterKey(file_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Read(), before);
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(MasterKeyTest, OneOfManyMakersWins) {
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { made += CreateMasterKey(file_).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(ReadMasterKey(file_).ok());
}

TEST_F(MasterKeyTest, MalformedFilesAreRefusedByName) {
  const std::string digits(64, 'a');
  for (const std::string& bad : std::vector<std::string>{
           "", "\n", digits, digits + "a\n", digits + "\n\n", digits + "\r\n",
           digits.substr(1) + "\n", digits.substr(1) + "g\n",
           digits.substr(1) + " \n", " " + digits, std::string(65, '\0'),
           digits.substr(2) + "0x\n"}) {
    Write(bad);
    const absl::Status status = ReadMasterKey(file_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_TRUE(absl::StrContains(status.message(), file_));
  }
}

TEST_F(MasterKeyTest, AMissingFileOrFolderIsNamed) {
  const absl::Status read = ReadMasterKey(file_).status();
  EXPECT_EQ(read.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(read.message(), file_));
  EXPECT_FALSE(CreateMasterKey(folder_ + "/no/master.key").ok());
  EXPECT_FALSE(ReadMasterKey(folder_).ok());
}

}  // namespace
}  // namespace psm
