// 36. The stories of the demo: each is told as it happens, again where it was
// told before, and says so where the mesh does something else.
#include <sys/wait.h>

#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mesh.h"

namespace psm::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Told {
  int exit_code = -1;
  std::string text;
};

Told Tell(const std::string& arguments) {
  Told told;
  FILE* pipe = popen(
      absl::StrCat("'", PSM_STORY, "' ", arguments, " 2>&1").c_str(), "r");
  if (pipe == nullptr) return told;
  char bytes[4096];
  while (const std::size_t got = std::fread(bytes, 1, sizeof bytes, pipe))
    told.text.append(bytes, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) told.exit_code = WEXITSTATUS(status);
  return told;
}

// Without which system a story cannot be true. A story without a row fails.
const std::map<std::string, std::string>& Indispensable() {
  static const auto& systems = *new std::map<std::string, std::string>{
      {"once", "akatsuki/benefits"},
      {"benefit", "yunagi/tax"},
      {"consent", "hoshizora-bank/customers"},
      {"subsidy", "corporations/corporations"},
      {"moving", "moving/desk"},
      {"mislink", "akatsuki/tax"},
      {"marriage", "accounts/accounts"},
      {"protected", "yunagi/residents"}};
  return systems;
}

// What an audience must have been shown when a story was told for the first
// time, however its lines are broken.
const std::map<std::string, std::vector<std::string>>& Shown() {
  static const auto& all = *new std::map<std::string, std::vector<std::string>>{
      {"subsidy",
       {"one-time password of five minutes ago: refused",
        "The company is signed in", "has not said that it may: refused",
        "Offered is not accepted: refused", "The delegate accepts",
        "6 fields from the registry of corporations, 2 from gbizid, none "
        "typed",
        "hands it in", "Reason: 事務用パソコン",
        "reads and does nothing more for the company: refused",
        "提出  委任による代理", "the delegate is refused",
        "効力のある委任がないため拒否されました"}},
      {"moving",
       {"hoshizora-bank/customers hears `moved_in` of misaki",
        "accounts/accounts hears `moved_in`", "akatsuki/tax hears `moved_in`",
        "yunagi/tax hears `moved_in`", "She withdraws the consent", "世帯主"}}};
  return all;
}

std::string WithoutSpace(absl::string_view text) {
  std::string dense;
  for (const char c : text)
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) dense += c;
  return dense;
}

TEST(Stories, AreTrueAndSayWhereTheyAreNot) {
  std::istringstream list(Tell("--list").text);
  int stories = 0;
  for (std::string line; std::getline(list, line); ++stories) {
    const std::string name = line.substr(0, line.find(' '));
    SCOPED_TRACE(name);
    const auto missing = Indispensable().find(name);
    ASSERT_NE(missing, Indispensable().end());
    auto mesh = Mesh::Start();
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    const std::string command =
        absl::StrCat("--run '", (*mesh)->folder().root(), "' --story ", name);
    for (const char* time : {"first", "again"}) {
      const Told told = Tell(command);
      EXPECT_EQ(told.exit_code, 0) << time << "\n" << told.text;
      EXPECT_THAT(told.text, Not(HasSubstr("NOT AS TOLD")));
      if (time != std::string("first") || Shown().count(name) == 0) continue;
      for (const std::string& wanted : Shown().at(name))
        EXPECT_THAT(WithoutSpace(told.text), HasSubstr(WithoutSpace(wanted)));
    }
    ASSERT_TRUE((*mesh)->StopSystem(missing->second).ok());
    const Told lie = Tell(command);
    EXPECT_EQ(lie.exit_code, 1) << "without " << missing->second << "\n"
                                << lie.text;
  }
  EXPECT_EQ(stories, static_cast<int>(Indispensable().size()));
}

}  // namespace
}  // namespace psm::testing
