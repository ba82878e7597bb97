#include "services/story/narrator.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/cli/table.h"

namespace psm::story {
namespace {

void Print(absl::string_view first, absl::string_view rest,
           absl::string_view text) {
  const std::size_t width = std::min<std::size_t>(TerminalWidth(), 100);
  const std::size_t indent = DisplayWidth(first);
  absl::string_view lead = first;
  for (const std::string& line :
       Wrap(text, width > indent + 20 ? width - indent : 20)) {
    std::printf("%s%s\n", std::string(lead).c_str(), line.c_str());
    lead = rest;
  }
  std::fflush(stdout);
}

}  // namespace

void Narrator::Story(absl::string_view name, absl::string_view title_ja,
                     absl::string_view title_en) {
  std::printf("\n");
  Print("#### ", "     ", absl::StrCat(name, ": ", title_ja, " / ", title_en));
}

void Narrator::Scene(absl::string_view title_ja, absl::string_view title_en) {
  std::printf("\n");
  Print("== ", "   ", absl::StrCat(title_ja, " / ", title_en));
}

void Narrator::Tell(absl::string_view text) { Print("", "", text); }

void Narrator::Fact(absl::string_view text) { Print("     ", "     ", text); }

bool Narrator::Step(bool as_told, absl::string_view text) {
  Print(as_told ? "  ok " : "  NOT AS TOLD: ", "     ", text);
  if (!as_told) ++failures_;
  return as_told;
}

bool Narrator::Succeeded(const absl::Status& status, absl::string_view text) {
  Step(status.ok(), text);
  if (!status.ok())
    Fact(absl::StrCat(ReasonOf(status), ": ", status.message()));
  return status.ok();
}

bool Narrator::Refused(const absl::Status& status, absl::string_view reason,
                       absl::string_view text) {
  const bool as_told = Step(ReasonOf(status) == reason, text);
  if (!as_told) {
    Fact(absl::StrCat("expected ", reason, ", got ",
                      status.ok() ? "an answer" : status.ToString()));
  }
  return as_told;
}

}  // namespace psm::story
