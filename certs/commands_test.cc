#include "certs/commands.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm::pki {
namespace {

struct Result {
  int code;
  std::string out;
  std::string error;
};

class CommandsTest : public testing::Test {
 protected:
  // `line` without the program and without --run, which is added.
  Result Run(absl::string_view line) {
    return RunPlain(absl::StrCat(line, " --run ", run_.path()));
  }
  Result RunPlain(absl::string_view line) {
    std::vector<std::string> words =
        absl::StrSplit(absl::StrCat("psm-pki ", line), ' ', absl::SkipEmpty());
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::ostringstream out;
    std::ostringstream error;
    const int code = RunCommand(static_cast<int>(argv.size()), argv.data(),
                                clock_, out, error);
    return {code, out.str(), error.str()};
  }
  static void ExpectFits80Columns(const std::string& text) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      EXPECT_LE(line.size(), 80u) << line;
    }
  }

  TempFolder run_;
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
};

TEST_F(CommandsTest, TheOrdinaryDay) {
  EXPECT_EQ(Run("init").code, 0);
  const Result issued = Run("issue akatsuki/tax mesh/gateway --life 2h");
  EXPECT_EQ(issued.code, 0) << issued.error;
  EXPECT_EQ(issued.out,
            "akatsuki/tax: issued, expires 2026-09-21 16:13Z\n"
            "mesh/gateway: issued, expires 2026-09-21 16:13Z\n");
  EXPECT_EQ(Run("issue akatsuki/tax").out,
            "akatsuki/tax: kept, expires 2026-09-21 16:13Z\n");
  clock_.Advance(absl::Minutes(70));
  EXPECT_TRUE(absl::StrContains(Run("show").out, "  due\n"));
  EXPECT_EQ(Run("renew").out,
            "akatsuki/tax: issued, expires 2026-09-21 17:23Z\n"
            "mesh/gateway: issued, expires 2026-09-21 17:23Z\n");
  EXPECT_EQ(Run("revoke akatsuki/tax").out,
            "revoked 2 certificates; revocation lists no. 2\n");
  EXPECT_TRUE(absl::StrContains(Run("show").out, "  revoked\n"));
  EXPECT_TRUE(absl::StrContains(Run("renew --all").out,
                                "akatsuki/tax: revoked and not renewed"));
}

TEST_F(CommandsTest, ARotationByHand) {
  ASSERT_EQ(Run("init").code, 0);
  ASSERT_EQ(Run("issue akatsuki/tax").code, 0);
  EXPECT_EQ(Run("rotate root").code, 0);
  EXPECT_EQ(Run("rotate intermediate").code, 0);
  EXPECT_EQ(Run("retire").code, 1);
  EXPECT_EQ(Run("renew --force").code, 0);
  EXPECT_EQ(Run("retire").out, "no longer trusted: intermediate-1, root-1\n");
  EXPECT_EQ(Run("retire").out, "nothing to retire\n");
}

TEST_F(CommandsTest, ShowFitsATerminal) {
  ASSERT_EQ(Run("init").code, 0);
  ASSERT_EQ(
      Run("issue akatsuki/tax hoshizora-bank/customers mesh/gateway").code, 0);
  for (const char* verb : {"show", "show --all"}) {
    const Result result = Run(verb);
    EXPECT_EQ(result.code, 0);
    EXPECT_TRUE(absl::StrContains(result.out, "hoshizora-bank/customers"));
    ExpectFits80Columns(result.out);
  }
}

TEST_F(CommandsTest, EveryVerbExplainsItselfWithAnExample) {
  ExpectFits80Columns(RunPlain("--help").out);
  for (const char* verb :
       {"init", "issue", "renew", "revoke", "rotate", "retire", "show"}) {
    EXPECT_TRUE(absl::StrContains(RunPlain("--help").out, verb));
    const Result help = RunPlain(absl::StrCat(verb, " --help"));
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(absl::StrContains(help.out,
                                  absl::StrCat("Examples:\n  psm-pki ", verb)))
        << help.out;
    ExpectFits80Columns(help.out);
  }
}

TEST_F(CommandsTest, BadCommandLinesEndWith64AndOneReason) {
  ASSERT_EQ(Run("init").code, 0);
  for (const char* line :
       {"", "nonsense", "issue", "issue akatsuki", "issue a/b --life 3",
        "issue a/b --life 3s", "issue a/b --life inf", "rotate leaf", "revoke",
        "revoke a/b --serial 00", "renew a/b --all", "init --nonsense"}) {
    const Result result = Run(line);
    EXPECT_EQ(result.code, 64) << line;
    EXPECT_FALSE(result.error.empty()) << line;
    EXPECT_EQ(result.out, "") << line;
  }
  EXPECT_EQ(RunPlain("show").code, 64);  // without --run
}

TEST_F(CommandsTest, WhatFailsEndsWith1AndOneSentence) {
  const Result before = Run("issue akatsuki/tax");
  EXPECT_EQ(before.code, 1);
  EXPECT_TRUE(absl::StrContains(before.error, "psm-pki init --run"));
  ASSERT_EQ(Run("init").code, 0);
  for (const char* line :
       {"revoke no/body", "revoke --serial 00", "renew no/body"}) {
    const Result result = Run(line);
    EXPECT_EQ(result.code, 1) << line;
    EXPECT_EQ(absl::StrSplit(result.error, '\n').begin()->substr(0, 9),
              "psm-pki: ");
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1);
  }
}

}  // namespace
}  // namespace psm::pki
