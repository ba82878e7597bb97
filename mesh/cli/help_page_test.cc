#include "mesh/cli/help_page.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"

namespace psm {
namespace {

using ::testing::HasSubstr;

TEST(HelpPageTest, ACommentGoesOnBelowWhereItBegan) {
  const char line[] = "  ./psm up --port 0    for tests in other languages";
  EXPECT_EQ(WrapFooter(line, 80), line);
  EXPECT_EQ(WrapFooter(line, 45),
            "  ./psm up --port 0    for tests in other\n"
            "                       languages");
  EXPECT_EQ(WrapFooter(line, 40),
            "  ./psm up --port 0\n"
            "      for tests in other languages");
  const char more[] = "                       for tests in other languages";
  EXPECT_EQ(WrapFooter(more, 45),
            "                       for tests in other\n"
            "                       languages");
  EXPECT_EQ(WrapFooter(more, 40), "      for tests in other languages");
}

TEST(HelpPageTest, ACommandStaysInOneLineAndProseDoesNot) {
  const char command[] =
      "  ./psm check --why a/b psm.x.v1.XService/GetX c \\\n    --provider d/e";
  EXPECT_EQ(WrapFooter(command, 20), command);
  EXPECT_EQ(WrapFooter("Shows who asks, and what for.", 20),
            "Shows who asks, and\nwhat for.");
  EXPECT_EQ(WrapFooter("once       一度きり / asked once", 32),
            "once       一度きり / asked once");
  EXPECT_EQ(WrapFooter("once       一度きり / asked once", 31),
            "once       一度きり / asked\n           once");
}

// Whether a line of help may be wider than the terminal: a command is.
bool IsCommand(absl::string_view line) {
  const std::size_t begin = line.find_first_not_of(' ');
  return begin > 0 && begin < 6 && !absl::StrContains(line.substr(begin), "  ");
}

TEST(HelpPageTest, NothingButACommandIsWiderThanTheTerminal) {
  CommandLine line;
  for (const std::size_t width : {40u, 60u, 80u, 120u}) {
    CLI::App app("psm");
    app.formatter(HelpPage(width));
    for (auto add : {AddUp, AddDown, AddStatus, AddRestart, AddLogs, AddWatch,
                     AddPeople, AddRecords, AddCheck, AddCall, AddEnv, AddPki,
                     AddVerify, AddReconcile})
      add(app, line);
    std::string all = app.help();
    for (const CLI::App* verb : app.get_subcommands({})) {
      all += verb->help();
      for (const CLI::App* part : verb->get_subcommands({}))
        all += part->help();
    }
    EXPECT_THAT(all, HasSubstr("./psm verify log"));
    for (absl::string_view shown : absl::StrSplit(all, '\n')) {
      if (!IsCommand(shown)) {
        EXPECT_LE(DisplayWidth(shown), width) << shown;
      }
    }
  }
}

}  // namespace
}  // namespace psm
