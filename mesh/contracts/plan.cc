#include "mesh/contracts/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/annotation_reader.h"
#include "mesh/contracts/descriptor_files.h"
#include "mesh/contracts/message_plan.h"
#include "mesh/contracts/method_compiler.h"

namespace psm {
namespace {

using annotations::v1::MethodContract;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

class CompiledContracts : public ContractSet {
 public:
  explicit CompiledContracts(DescriptorFiles files)
      : files_(std::move(files)) {}

  absl::Status Compile() {
    for (const FileDescriptor* file : files_.files) {
      for (int i = 0; i < file->service_count(); ++i)
        PSM_RETURN_IF_ERROR(CompileService(*file->service(i)));
    }
    std::sort(methods_.begin(), methods_.end(),
              [](auto* a, auto* b) { return a->name < b->name; });
    for (const MethodPlan* plan : methods_) {
      if (!plan->evidence) continue;
      for (const std::string& attribute :
           plan->NamesOf(plan->response_attributes))
        evidence_[EvidenceKey(plan->dataset, attribute)].push_back(plan);
    }
    return absl::OkStatus();
  }

  const MethodPlan* FindByPath(absl::string_view path) const override {
    if (path.empty() || path[0] != '/') return nullptr;
    return FindByName(path.substr(1));
  }

  const MethodPlan* FindByName(absl::string_view name) const override {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  const std::vector<const MethodPlan*>& methods() const override {
    return methods_;
  }

  std::vector<const MethodPlan*> FindEvidence(
      absl::string_view dataset, absl::string_view attribute) const override {
    auto found = evidence_.find(EvidenceKey(dataset, attribute));
    if (found == evidence_.end()) return {};
    return found->second;
  }

  const DescriptorPool& pool() const override { return *files_.pool; }

 private:
  static std::string EvidenceKey(absl::string_view dataset,
                                 absl::string_view attribute) {
    return absl::StrCat(dataset, ".", attribute);
  }

  absl::Status CompileService(const ServiceDescriptor& service) {
    const MethodDescriptor* without = nullptr;
    const MethodDescriptor* with = nullptr;
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor& method = *service.method(i);
      PSM_ASSIGN_OR_RETURN(std::optional<MethodContract> contract,
                           ReadMethodContract(method));
      (contract.has_value() ? with : without) = &method;
      if (!contract.has_value()) continue;
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<const MethodPlan> plan,
                           CompileMethod(method, *contract, message_plans_));
      methods_.push_back(plan.get());
      by_name_.emplace(plan->name, plan.get());
      method_plans_.push_back(std::move(plan));
    }
    if (with != nullptr && without != nullptr)
      return absl::InvalidArgumentError(absl::StrCat(
          without->full_name(),
          ": has no annotation, but other methods of its service have one"));
    return absl::OkStatus();
  }

  DescriptorFiles files_;
  std::vector<std::unique_ptr<const MessagePlan>> message_plans_;
  std::vector<std::unique_ptr<const MethodPlan>> method_plans_;
  std::vector<const MethodPlan*> methods_;
  absl::flat_hash_map<std::string, const MethodPlan*> by_name_;
  absl::flat_hash_map<std::string, std::vector<const MethodPlan*>> evidence_;
};

}  // namespace

AttributeMask MethodPlan::BitOf(absl::string_view attribute) const {
  auto place =
      std::lower_bound(attributes.begin(), attributes.end(), attribute);
  if (place == attributes.end() || *place != attribute) return 0;
  return AttributeMask{1} << (place - attributes.begin());
}

std::vector<std::string> MethodPlan::NamesOf(AttributeMask mask) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if ((mask >> i & 1) != 0) names.push_back(attributes[i]);
  }
  return names;
}

const ProviderReason* MethodPlan::FindReason(absl::string_view id) const {
  for (const ProviderReason& reason : reasons) {
    if (reason.id == id) return &reason;
  }
  return nullptr;
}

absl::StatusOr<std::shared_ptr<const ContractSet>> ContractSet::Create(
    absl::Span<const FileDescriptorSet> sets) {
  PSM_ASSIGN_OR_RETURN(DescriptorFiles files, JoinDescriptorSets(sets));
  auto contracts = std::make_shared<CompiledContracts>(std::move(files));
  PSM_RETURN_IF_ERROR(contracts->Compile());
  return contracts;
}

}  // namespace psm
