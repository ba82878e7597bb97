#include "mesh/contracts/descriptor_files.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::Message;

// Keeps the first error: the later ones follow from it.
class FirstError : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(file, ": ", element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool Same(const FileDescriptorProto& a, const FileDescriptorProto& b) {
  FileDescriptorProto x = a;
  FileDescriptorProto y = b;
  x.clear_source_code_info();
  y.clear_source_code_info();
  return x.SerializeAsString() == y.SerializeAsString();
}

class Joiner {
 public:
  absl::Status Add(const FileDescriptorProto& file) {
    auto [known, added] = sources_.emplace(file.name(), &file);
    if (added || absl::StartsWith(file.name(), "google/protobuf/") ||
        Same(*known->second, file)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(),
                     ": two descriptor sets hold different files of this name; "
                     "build them from one source"));
  }

  absl::StatusOr<DescriptorFiles> Build() {
    for (const auto& [name, file] : sources_)
      PSM_RETURN_IF_ERROR(Build(name, "a descriptor set"));
    return std::move(result_);
  }

 private:
  absl::Status Build(const std::string& name, absl::string_view importer) {
    if (built_.count(name) != 0) return absl::OkStatus();
    auto source = sources_.find(name);
    if (source == sources_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(importer, ": import ", name,
                       " is missing; build the set with --include_imports"));
    }
    if (!building_.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": imports itself by way of ", importer));
    }
    for (const std::string& import : source->second->dependency())
      PSM_RETURN_IF_ERROR(Build(import, name));
    FirstError error;
    const FileDescriptor* file =
        result_.pool->BuildFileCollectingErrors(*source->second, &error);
    if (file == nullptr) return absl::InvalidArgumentError(error.text());
    result_.files.push_back(file);
    built_.insert(name);
    return absl::OkStatus();
  }

  DescriptorFiles result_{std::make_unique<DescriptorPool>(), {}};
  std::map<std::string, const FileDescriptorProto*> sources_;  // not owned
  std::set<std::string> building_;
  std::set<std::string> built_;
};

}  // namespace

absl::StatusOr<DescriptorFiles> JoinDescriptorSets(
    absl::Span<const FileDescriptorSet> sets) {
  Joiner joiner;
  for (const FileDescriptorSet& set : sets) {
    for (const FileDescriptorProto& file : set.file())
      PSM_RETURN_IF_ERROR(joiner.Add(file));
  }
  return joiner.Build();
}

}  // namespace psm
