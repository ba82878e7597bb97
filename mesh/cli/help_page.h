// Help as wide as the terminal: texts are broken between words, commands are
// not, so that they can be copied.
#ifndef PSM_MESH_CLI_HELP_PAGE_H_
#define PSM_MESH_CLI_HELP_PAGE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/string_view.h"

namespace psm {

// Lines of a footer in `width` columns. What stands behind two or more spaces,
// as the comment of a command, or behind six at the begin of a line, goes on
// below where it began, or, where 20 columns are not left for it, in lines of
// its own. What else begins with a space is a command and stays as it is.
std::string WrapFooter(absl::string_view text, std::size_t width);

// Prints it so on standard output: in its terminal's columns, into a file or a
// pipe as it is.
void PrintWrapped(absl::string_view text);

// The formatter of all verbs, for standard output likewise or, in tests, in
// `width` columns.
std::shared_ptr<CLI::Formatter> HelpPage();
std::shared_ptr<CLI::Formatter> HelpPage(std::size_t width);

}  // namespace psm

#endif  // PSM_MESH_CLI_HELP_PAGE_H_
