// A table in a terminal: columns as wide as their contents, East Asian wide
// characters counted as two.
#ifndef PSM_MESH_CLI_TABLE_H_
#define PSM_MESH_CLI_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm {

// Columns that a UTF-8 text takes in a terminal (Unicode Standard Annex 11, the
// ranges that Japanese text uses).
std::size_t DisplayWidth(absl::string_view utf8);

// `text` with spaces to at least `width` columns.
std::string Pad(absl::string_view text, std::size_t width);

// `text` broken at spaces, or between wide characters, into lines of at most
// `width` columns.
std::vector<std::string> Wrap(absl::string_view text, std::size_t width);

// Columns to write in: COLUMNS of the environment where it says 20 to 10,000;
// else those of standard output's terminal; `otherwise` where it is none.
std::size_t TerminalWidth(std::size_t otherwise = 80);

// Belongs to one thread.
class Table {
 public:
  explicit Table(std::vector<std::string> heads);
  void Add(std::vector<std::string> cells);  // as many as heads
  // Two spaces between columns, the last one wrapped at `width`. Where the
  // others leave it less than 20 columns, each row stands in lines of its own:
  // its cells one after the other, a number with the head of its column, then
  // the last one indented.
  std::string Text(std::size_t width) const;
  // At the terminal's width; into a file or a pipe one line a row, for the
  // programs that read it, unless COLUMNS says how wide.
  std::string Text() const;

 private:
  std::string Columns(const std::vector<std::size_t>& widths,
                      std::size_t indent, std::size_t last) const;
  std::string Stacked(std::size_t width) const;
  // A cell as it stands away from its column.
  std::string Named(const std::vector<std::string>& row, std::size_t i) const;

  std::vector<std::vector<std::string>> rows_;  // heads first
};

}  // namespace psm

#endif  // PSM_MESH_CLI_TABLE_H_
