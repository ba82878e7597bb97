#include "mesh/cli/help_page.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mesh/cli/table.h"

namespace psm {
namespace {

constexpr std::size_t kNoTerminal = 100000;
constexpr std::size_t kUsualColumn = 30;  // where descriptions begin
constexpr std::size_t kNarrowest = 20;    // of a text that reads well
constexpr std::size_t kComment = 6;       // begins so far in, or further

// Each line of `text` in `width` columns.
std::string WrapLines(absl::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n'))
    for (std::string& part : Wrap(line, width))
      lines.push_back(std::move(part));
  return absl::StrJoin(lines, "\n");
}

// `text` in lines that begin with `indent` spaces, the first one but for that.
std::string Hanging(absl::string_view text, std::size_t indent,
                    std::size_t width) {
  return absl::StrJoin(Wrap(text, width - indent),
                       absl::StrCat("\n", std::string(indent, ' ')));
}

std::string WrapFooterLine(absl::string_view line, std::size_t width) {
  if (DisplayWidth(line) <= width) return std::string(line);
  const std::size_t word = line.find_first_not_of(' ');
  const std::size_t gap =
      word >= kComment ? std::size_t{0} : line.find("  ", word);
  if (gap == absl::string_view::npos)
    return word == 0 ? WrapLines(line, width) : std::string(line);
  const std::size_t begin = line.find_first_not_of(' ', gap);
  const std::size_t column = DisplayWidth(line.substr(0, begin));
  if (column + kNarrowest <= width) {
    return absl::StrCat(line.substr(0, begin),
                        Hanging(line.substr(begin), column, width));
  }
  return absl::StrCat(line.substr(0, gap), gap == 0 ? "" : "\n",
                      std::string(kComment, ' '),
                      Hanging(line.substr(begin), kComment, width));
}

class Page : public CLI::Formatter {
 public:
  explicit Page(std::size_t width)
      : width_(width), column_(std::min(kUsualColumn, width * 3 / 8)) {
    column_width(column_);
  }

 protected:
  std::string make_description(const CLI::App* app) const override {
    return WrapLines(CLI::Formatter::make_description(app), width_);
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return WrapLines(CLI::Formatter::make_option_desc(option),
                     width_ - column_);
  }
  std::string make_subcommand(const CLI::App* verb) const override {
    std::ostringstream out;
    CLI::detail::format_help(
        out, verb->get_display_name(true),
        WrapLines(verb->get_description(), width_ - column_), column_);
    return out.str();
  }
  std::string make_footer(const CLI::App* app) const override {
    return WrapFooter(CLI::Formatter::make_footer(app), width_);
  }

 private:
  const std::size_t width_;
  const std::size_t column_;
};

}  // namespace

std::string WrapFooter(absl::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n'))
    lines.push_back(WrapFooterLine(line, width));
  return absl::StrJoin(lines, "\n");
}

void PrintWrapped(absl::string_view text) {
  std::fputs(WrapFooter(text, TerminalWidth(kNoTerminal)).c_str(), stdout);
}

std::shared_ptr<CLI::Formatter> HelpPage() {
  return HelpPage(TerminalWidth(kNoTerminal));
}

std::shared_ptr<CLI::Formatter> HelpPage(std::size_t width) {
  return std::make_shared<Page>(width);
}

}  // namespace psm
