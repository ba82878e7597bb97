#include "mesh/directory/configuration.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

class ConfigurationTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    temp_.Write(name, text);
    return temp_.File(name);
  }
  absl::StatusOr<Configuration> Load() {
    return LoadConfiguration(std::vector<std::string>{folder_});
  }
  std::string Fingerprint() {
    return ConfigurationFingerprint(std::vector<std::string>{folder_});
  }

  TempFolder temp_;
  const std::string folder_ = temp_.path();
};

std::string Descriptors(const std::string& file) {
  google::protobuf::FileDescriptorSet set;
  set.add_file()->set_name(file);
  return set.SerializeAsString();
}

TEST_F(ConfigurationTest, MergesAllFilesInTheOrderOfTheirPaths) {
  Write("b/config.textproto", "agencies { id: \"b\" }");
  Write("a/config.textproto",
        "# a\nagencies { id: \"a\" }\naffairs { id: \"x\" }");
  Write("a/contracts.binpb", Descriptors("a.proto"));
  Write("a/notes.txt", "not read {");
  auto loaded = Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->mesh.agencies_size(), 2);
  EXPECT_EQ(loaded->mesh.agencies(0).id(), "a");
  EXPECT_EQ(loaded->mesh.agencies(1).id(), "b");
  ASSERT_EQ(loaded->descriptor_sets.size(), 1u);
  EXPECT_EQ(loaded->descriptor_sets[0].file(0).name(), "a.proto");
  EXPECT_THAT(loaded->origins,
              Contains(Pair("agency a", folder_ + "/a/config.textproto:2")));
  EXPECT_THAT(loaded->origins,
              Contains(Pair("affair x", folder_ + "/a/config.textproto:3")));
}

TEST_F(ConfigurationTest, NamesFileLineAndColumnOfAnError) {
  struct Case {
    const char* text;
    const char* at;
    const char* what;
  };
  const std::vector<Case> cases = {
      {"agencies { id: \"a\" }\nagencys { id: \"b\" }", ":2:9: ", "agencys"},
      {"agencies {\n  id: \"a\"\n  colour: 3\n}", ":3:9: ", "colour"},
      {"agencies { id: \"a\"", ":1:", ""},
      {"agencies { id: 7 }", ":1:16: ", ""},
      {"agencies { id: \"a\" id: \"b\" }", ":1:", "multiple times"},
      {"agencies { id: \"a\" kind: PRIVATE }", ":1:", "PRIVATE"},
      {"agreements { id: \"a\" statute { ja: \"j\" } consent {} }",
       ":1:", "oneof"},
      {"agreements { id: \"a\" version: -1 }", ":1:", ""},
      {"\n\xff", ":2: ", "UTF-8"},
      {"agencies { id: \"a\" name { ja: \"\xe3\x81\" } }", ":1: ", "UTF-8"},
      {"\n agencies { id: \"a\" name { ja: \"\\xff\" } }", ":2: ", "UTF-8"},
      {"\nagencies { }", ":2: ", "no id"},
  };
  for (const Case& c : cases) {
    const std::string file = Write("config.textproto", c.text);
    auto loaded = Load();
    ASSERT_FALSE(loaded.ok()) << c.text;
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(loaded.status()), "CONFIGURATION_INVALID");
    EXPECT_THAT(std::string(loaded.status().message()),
                StartsWith(file + c.at));
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(c.what));
  }
}

TEST_F(ConfigurationTest, NamesBothPlacesOfADuplicateId) {
  const std::string first =
      Write("a.textproto", "systems { id: \"a/b\" }\nagencies { id: \"a\" }");
  const std::string second = Write("b.textproto", "\n\nagencies { id: \"a\" }");
  auto loaded = Load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(std::string(loaded.status().message()),
              StartsWith(second + ":3: "));
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(first + ":2"));
}

TEST_F(ConfigurationTest, OneIdMayNameElementsOfDifferentKinds) {
  Write("a.textproto",
        "agencies { id: \"a\" }\naffairs { id: \"a\" }\nagreements { id: \"a\" "
        "}");
  EXPECT_TRUE(Load().ok());
}

TEST_F(ConfigurationTest, ReadsAFileOnceHoweverItIsReached) {
  Write("inner/a.textproto", "agencies { id: \"a\" }");
  fs::create_symlink(folder_ + "/inner/a.textproto",
                     folder_ + "/again.textproto");
  auto loaded = LoadConfiguration(std::vector<std::string>{
      folder_, folder_ + "/inner", folder_ + "/./inner/"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->mesh.agencies_size(), 1);
}

TEST_F(ConfigurationTest, PassesOverWhatEditorsLeave) {
  Write(".a.textproto", "junk {");
  Write(".git/a.textproto", "junk {");
  fs::create_symlink("nobody@nowhere:1", folder_ + "/.#config.textproto");
  Write("config.textproto~", "junk {");
  EXPECT_THAT(std::string(Load().status().message()),
              StartsWith(folder_ + ": holds no *.textproto"));
  Write("config.textproto", "");
  EXPECT_TRUE(Load().ok());
}

// Somebody emptied it, or it is not mounted.
TEST_F(ConfigurationTest, OneEmptyFolderAmongOthersIsAnError) {
  Write("full/a.textproto", "agencies { id: \"a\" }");
  fs::create_directories(folder_ + "/empty");
  auto loaded = LoadConfiguration(
      std::vector<std::string>{folder_ + "/full", folder_ + "/empty"});
  EXPECT_EQ(ReasonOf(loaded.status()), "CONFIGURATION_INVALID");
  EXPECT_THAT(std::string(loaded.status().message()),
              StartsWith(folder_ + "/empty: "));
}

TEST_F(ConfigurationTest, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(mkfifo((folder_ + "/a.textproto").c_str(), 0600), 0);
  EXPECT_EQ(ReasonOf(Load().status()), "CONFIGURATION_INVALID");
}

TEST_F(ConfigurationTest, RefusesADanglingLink) {
  fs::create_symlink(folder_ + "/gone", folder_ + "/a.textproto");
  EXPECT_THAT(std::string(Load().status().message()),
              StartsWith(folder_ + "/a.textproto: cannot be read"));
}

TEST_F(ConfigurationTest, AFolderThatIsNotThereIsAnError) {
  for (const std::string& folder :
       {folder_ + "/gone", Write("file", "agencies {}")}) {
    auto loaded = LoadConfiguration(std::vector<std::string>{folder});
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(folder));
  }
}

TEST_F(ConfigurationTest, RefusesAFileThatIsNoDescriptorSet) {
  for (const std::string& bytes :
       {std::string(), std::string("\xff\xff"), std::string("\x10\x01"),
        Descriptors("a") + "\x10\x01"}) {
    const std::string file = Write("a.binpb", bytes);
    EXPECT_THAT(std::string(Load().status().message()),
                StartsWith(file + ": is not a descriptor set"));
  }
}

TEST_F(ConfigurationTest, FingerprintFollowsEveryChangeOfAFile) {
  const std::string file = Write("a.textproto", "agencies { id: \"a\" }");
  std::vector<std::string> seen = {Fingerprint()};
  const auto expect_new = [&](const char* what) {
    seen.push_back(Fingerprint());
    for (std::size_t i = 0; i + 1 < seen.size(); ++i)
      EXPECT_NE(seen[i], seen.back()) << what;
  };
  EXPECT_EQ(Fingerprint(), seen[0]);
  Write("notes.txt", "not a part of it");
  EXPECT_EQ(Fingerprint(), seen[0]);

  Write("b.textproto", "");
  expect_new("a file came");
  Write("a.textproto", "agencies { id: \"abc\" }");
  expect_new("a file grew");
  // Same size, same time of modification, other file: what an atomic
  // replacement with a preserved time leaves.
  const auto time = fs::last_write_time(file);
  const std::string other = Write("other", "agencies { id: \"xyz\" }");
  fs::last_write_time(other, time);
  fs::rename(other, file);
  expect_new("a file was replaced");
  fs::remove(folder_ + "/b.textproto");
  expect_new("a file went");
  fs::remove_all(folder_);
  expect_new("the folder went");
}

TEST(ConfigurationErrorTest, NamesTheElementWhereNoPlaceIsKnown) {
  Configuration configuration;
  EXPECT_EQ(ConfigurationError(configuration, "agency a", "is wrong").message(),
            "agency a: is wrong");
  configuration.origins = {{"agency a", "f:1"}};
  EXPECT_EQ(ConfigurationError(configuration, "agency a", "is wrong").message(),
            "f:1: agency a: is wrong");
}

}  // namespace
}  // namespace psm
