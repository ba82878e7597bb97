#include "services/story/notebook.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/durable_file.h"

namespace psm::story {

Notebook::Notebook(const RunFolder& folder)
    : file_(absl::StrCat(folder.root(), "/story.txt")) {
  const auto read = ReadPrivateFile(file_);
  if (!read.ok()) return;
  for (absl::string_view line : absl::StrSplit(*read, '\n')) {
    const std::pair<std::string, std::string> row =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (!row.first.empty()) kept_[row.first] = row.second;
  }
}

std::string Notebook::Get(absl::string_view key) const {
  const auto found = kept_.find(std::string(key));
  return found == kept_.end() ? "" : found->second;
}

absl::Status Notebook::Set(absl::string_view key, absl::string_view value) {
  kept_[std::string(key)] = std::string(value);
  std::string text;
  for (const auto& [name, said] : kept_)
    absl::StrAppend(&text, name, " ", said, "\n");
  return WriteWholeFile(file_, text, kPrivate, Outlives::kProcess);
}

}  // namespace psm::story
