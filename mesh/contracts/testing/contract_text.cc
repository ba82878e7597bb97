#include "mesh/contracts/testing/contract_text.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using google::protobuf::FileDescriptorSet;

// What a text may use without importing it, and the file that has it.
constexpr std::pair<const char*, const char*> kImports[] = {
    {"google.protobuf.Any", "google/protobuf/any.proto"},
    {"google.protobuf.Struct", "google/protobuf/struct.proto"},
    {"google.protobuf.Value", "google/protobuf/struct.proto"},
    {"psm.annotations.v1", "psm/annotations/v1/annotations.proto"},
};

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

}  // namespace

FileDescriptorSet CompileText(
    const std::vector<std::pair<std::string, std::string>>& files) {
  TempFolder folder;
  const std::string out = folder.File("set");
  std::string command =
      absl::StrCat("'" PSM_PROTOC "' -I'", folder.path(),
                   "' -I'" PSM_PROTOS
                   "' --include_imports --include_source_info "
                   "--descriptor_set_out='",
                   out, "'");
  for (const auto& [name, text] : files) {
    folder.Write(name, text);
    absl::StrAppend(&command, " '", name, "'");
  }
  // What protoc says against a text goes to standard error.
  if (std::system(command.c_str()) != 0) Die(files.back().second);
  return ReadDescriptorSet(out);
}

FileDescriptorSet CompileText(const std::string& body) {
  std::string text = "syntax = \"proto3\"; package t;";
  for (const auto& [name, file] : kImports) {
    if (absl::StrContains(body, name))
      absl::StrAppend(&text, "import \"", file, "\";");
  }
  return CompileText({{"t.proto", text + body}});
}

FileDescriptorSet ReadDescriptorSet(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  FileDescriptorSet set;
  if (!in || !set.ParseFromIstream(&in)) Die("cannot read " + file);
  return set;
}

}  // namespace psm
