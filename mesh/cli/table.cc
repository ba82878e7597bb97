#include "mesh/cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>

#include "absl/strings/numbers.h"

namespace psm {
namespace {

// Length in bytes of the UTF-8 character at `i`, and its code point.
std::size_t CharacterAt(absl::string_view text, std::size_t i,
                        std::uint32_t& code) {
  const auto byte = [&](std::size_t at) -> std::uint32_t {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  const std::uint32_t lead = byte(i);
  if (lead < 0x80) return code = lead, 1;
  if (lead < 0xe0) return code = (lead & 0x1f) << 6 | (byte(i + 1) & 0x3f), 2;
  if (lead < 0xf0)
    return code = (lead & 0x0f) << 12 | (byte(i + 1) & 0x3f) << 6 |
                  (byte(i + 2) & 0x3f),
           3;
  return code = (lead & 0x07) << 18 | (byte(i + 1) & 0x3f) << 12 |
                (byte(i + 2) & 0x3f) << 6 | (byte(i + 3) & 0x3f),
         4;
}

std::size_t WidthOf(std::uint32_t code) {
  const bool wide = (code >= 0x1100 && code <= 0x115f) ||
                    (code >= 0x2e80 && code <= 0xa4cf) ||
                    (code >= 0xac00 && code <= 0xd7a3) ||
                    (code >= 0xf900 && code <= 0xfaff) ||
                    (code >= 0xfe30 && code <= 0xfe6f) ||
                    (code >= 0xff00 && code <= 0xff60) ||
                    (code >= 0xffe0 && code <= 0xffe6) ||
                    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

// What a line of Japanese may not begin with, nor end with (JIS X 4051, 4.3 and
// 4.4: 行頭禁則文字, 行末禁則文字), of what our texts use.
bool MayNotBegin(std::uint32_t code) {
  constexpr std::uint32_t kClosing[] = {
      U'、', U'。', U'」', U'』', U'）', U'】', U'・', U'ー',
      U',',  U'.',  U')',  U']',  U':',  U';',  U'：', U'，'};
  return std::count(std::begin(kClosing), std::end(kClosing), code) > 0;
}

bool MayNotEnd(std::uint32_t code) {
  constexpr std::uint32_t kOpening[] = {U'「', U'『', U'（', U'【', U'(', U'['};
  return std::count(std::begin(kOpening), std::end(kOpening), code) > 0;
}

}  // namespace

std::size_t DisplayWidth(absl::string_view utf8) {
  std::size_t width = 0;
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    i += CharacterAt(utf8, i, code);
    width += WidthOf(code);
  }
  return width;
}

std::string Pad(absl::string_view text, std::size_t width) {
  std::string padded(text);
  const std::size_t own = DisplayWidth(text);
  if (own < width) padded.append(width - own, ' ');
  return padded;
}

std::vector<std::string> Wrap(absl::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t line_width = 0;
  std::size_t break_at =
      std::string::npos;  // bytes of `line` up to which it may be broken
  std::uint32_t code = 0;
  std::uint32_t before = 0;
  bool before_is_wide = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = CharacterAt(text, i, code);
    const std::size_t own = WidthOf(code);
    const bool wide = own == 2 || before_is_wide;
    if (code == ' ' || (wide && !MayNotBegin(code) && !MayNotEnd(before)))
      break_at = line.size();
    before = code;
    before_is_wide = own == 2;
    if (line_width + own > width && !line.empty()) {
      const std::size_t cut = break_at == std::string::npos || break_at == 0
                                  ? line.size()
                                  : break_at;
      lines.push_back(line.substr(0, line.find_last_not_of(' ', cut - 1) + 1));
      line.erase(0, cut);
      line.erase(0, line.find_first_not_of(' ') == std::string::npos
                        ? line.size()
                        : line.find_first_not_of(' '));
      line_width = DisplayWidth(line);
      break_at = std::string::npos;
      if (code == ' ' && line.empty()) {
        i += size;
        continue;
      }
    }
    line.append(text.data() + i, size);
    line_width += own;
    i += size;
  }
  if (!line.empty() || lines.empty()) lines.push_back(line);
  return lines;
}

std::size_t TerminalWidth(std::size_t otherwise) {
  constexpr unsigned kNarrowest = 20, kWidest = 10000;  // that is meant
  unsigned asked = 0;
  const char* columns = std::getenv("COLUMNS");
  if (columns != nullptr && absl::SimpleAtoi(columns, &asked) &&
      asked >= kNarrowest && asked <= kWidest)
    return asked;
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < kNarrowest)
    return otherwise;
  return size.ws_col;
}

Table::Table(std::vector<std::string> heads) {
  rows_.push_back(std::move(heads));
}

void Table::Add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string Table::Columns(const std::vector<std::size_t>& widths,
                           std::size_t indent, std::size_t last) const {
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      line += Pad(row[i], widths[i]) + "  ";
    bool first = true;
    for (const std::string& part : Wrap(row.back(), last)) {
      line += first ? part : "\n" + std::string(indent, ' ') + part;
      first = false;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Table::Named(const std::vector<std::string>& row,
                         std::size_t i) const {
  const bool number = row[i].find_first_not_of("0123456789") == row[i].npos;
  return number && !row[i].empty() ? rows_.front()[i] + " " + row[i] : row[i];
}

std::string Table::Stacked(std::size_t width) const {
  constexpr std::size_t kIndent = 2;
  const std::size_t inner = width > kIndent + 1 ? width - kIndent : 1;
  std::string text;
  for (const auto& row : rows_) {
    std::vector<std::string> lines;
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      if (row[i].empty()) continue;
      const std::string cell = Named(row, i);
      if (!line.empty() &&
          DisplayWidth(line) + 2 + DisplayWidth(cell) > inner) {
        lines.push_back(line);
        line.clear();
      }
      line += line.empty() ? cell : "  " + cell;
    }
    lines.push_back(line);
    if (!row.back().empty()) lines.push_back(Named(row, row.size() - 1));
    bool first = true;
    for (const std::string& whole : lines) {
      for (const std::string& part : Wrap(whole, inner)) {
        text += std::string(first ? 0 : kIndent, ' ') + part + "\n";
        first = false;
      }
    }
  }
  return text;
}

std::string Table::Text(std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  constexpr std::size_t kNarrowest = 20;  // that reads well
  std::size_t indent = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) indent += widths[i] + 2;
  if (indent + std::min(widths.back(), kNarrowest) > width)
    return Stacked(width);
  return Columns(widths, indent, width - indent);
}

std::string Table::Text() const {
  return Text(TerminalWidth(std::numeric_limits<std::size_t>::max() / 2));
}

}  // namespace psm
