// The error tables of protos/README.md say what the sources do.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = PSM_ROOT;

std::string ReadText(const fs::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

// "a, b" -> {a, b}
std::set<std::string> Split(const std::string& text) {
  std::set<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    parts.insert(part.substr(part.find_first_not_of(' ')));
  return parts;
}

struct Row {
  std::set<std::string> codes;
  std::set<std::string> parties;
};

// Rows by reason. The row of the contracts' own reasons has no reason.
std::map<std::string, Row> Table() {
  static const std::regex row(
      R"(\| [^|]+ \| ([A-Za-z_,' ]+) \| ([A-Z][A-Z0-9_]+) \| ([a-z, ]+) \| [^|]+ \|)");
  std::map<std::string, Row> rows;
  std::istringstream in(ReadText(kRoot / "protos/README.md"));
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    const bool added =
        rows.emplace(match[2], Row{Split(match[1]), Split(match[3])}).second;
    EXPECT_TRUE(added) << match[2] << " stands there twice";
  }
  return rows;
}

// The sources under mesh/ that are not tests.
std::vector<std::string> Sources() {
  std::vector<std::string> texts;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "mesh")) {
    const std::string name = entry.path().filename().string();
    const bool source =
        entry.path().extension() == ".cc" || entry.path().extension() == ".h";
    // Has the words for every reason, whether or not anything makes it.
    if (name == "reason_texts.cc") continue;
    if (source && name.find("test") == std::string::npos &&
        entry.path().string().find("/testing/") == std::string::npos)
      texts.push_back(ReadText(entry.path()));
  }
  EXPECT_GT(texts.size(), 50u);
  return texts;
}

// "kInvalidArgument" -> "INVALID_ARGUMENT".
std::string CodeName(const std::string& constant) {
  std::string name;
  for (char c : constant.substr(1)) {
    if (c >= 'A' && c <= 'Z' && !name.empty()) name += '_';
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

TEST(ErrorTableTest, RowsAreOfKnownCodesAndParties) {
  const std::set<std::string> codes = {
      "CANCELLED",          "INVALID_ARGUMENT",    "DEADLINE_EXCEEDED",
      "NOT_FOUND",          "ALREADY_EXISTS",      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "UNIMPLEMENTED",
      "INTERNAL",           "UNAVAILABLE",         "DATA_LOSS",
      "OUT_OF_RANGE",       "UNAUTHENTICATED",     "UNKNOWN",
      "the provider's"};
  const std::set<std::string> parties = {"consumer", "gateway", "provider"};
  const std::map<std::string, Row> table = Table();
  EXPECT_GT(table.size(), 60u);
  for (const auto& [reason, row] : table) {
    EXPECT_LE(reason.size(), 63u);
    for (const std::string& code : row.codes)
      EXPECT_EQ(codes.count(code), 1u) << reason << " " << code;
    for (const std::string& party : row.parties)
      EXPECT_EQ(parties.count(party), 1u) << reason << " " << party;
  }
}

TEST(ErrorTableTest, EveryReasonThatIsMadeHasARowWithItsCode) {
  static const std::regex made(R"re(Code::(k\w+),\s*"([A-Z][A-Z0-9_]{5,})")re");
  const std::map<std::string, Row> table = Table();
  for (const std::string& text : Sources()) {
    for (std::sregex_iterator it(text.begin(), text.end(), made), end;
         it != end; ++it) {
      const std::string reason = (*it)[2];
      auto row = table.find(reason);
      if (row == table.end()) {
        ADD_FAILURE() << "add a row for " << reason << " to protos/README.md";
        continue;
      }
      EXPECT_EQ(row->second.codes.count(CodeName((*it)[1])), 1u)
          << "protos/README.md: " << reason << " is made with " << (*it)[1];
    }
  }
}

TEST(ErrorTableTest, EveryRowIsMadeSomewhere) {
  std::string all;
  for (const std::string& text : Sources()) all += text;
  for (const auto& [reason, row] : Table())
    EXPECT_NE(all.find("\"" + reason + "\""), std::string::npos)
        << "protos/README.md has " << reason << ", which nothing makes";
}

}  // namespace
