#include "mesh/contracts/annotation_reader.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace psm {
namespace {

using annotations::v1::FieldContract;
using annotations::v1::MethodContract;

// Descriptors that come from a FileDescriptorSet may hold custom options as
// unknown fields, depending on how the set was parsed. Parsing the options
// anew, with the generated extensions, reads them either way.
template <typename Options, typename Extension>
auto Reread(const Options& options, const Extension& extension) {
  Options known;
  known.ParseFromString(options.SerializeAsString());
  using Contract = std::decay_t<decltype(known.GetExtension(extension))>;
  return known.HasExtension(extension)
             ? std::make_optional<Contract>(known.GetExtension(extension))
             : std::nullopt;
}

bool IsLowerName(absl::string_view name) {
  if (name.empty() || !absl::ascii_islower(name[0])) return false;
  for (char c : name) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_')
      return false;
  }
  return true;
}

// At most 63 characters, as google.rpc.ErrorInfo demands.
bool IsReasonId(absl::string_view id) {
  if (id.empty() || id.size() > 63 || !absl::ascii_isupper(id[0])) return false;
  for (char c : id) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && c != '_')
      return false;
  }
  return true;
}

absl::Status Wrong(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", what));
}

}  // namespace

absl::StatusOr<std::optional<MethodContract>> ReadMethodContract(
    const google::protobuf::MethodDescriptor& method) {
  std::optional<MethodContract> contract =
      Reread(method.options(), annotations::v1::method);
  if (!contract.has_value()) return contract;
  const std::string& name = method.full_name();
  if (!contract->dataset().empty() && !IsLowerName(contract->dataset()))
    return Wrong(name, "write the dataset as [a-z][a-z0-9_]*");
  if (!MethodContract::Effect_IsValid(contract->effect()))
    return Wrong(name, "unknown effect");
  if (contract->has_legal_limit() &&
      (contract->legal_limit().purpose().empty() ||
       contract->legal_limit().statute_ja().empty() ||
       contract->legal_limit().statute_en().empty())) {
    return Wrong(
        name, "a legal limit has a purpose and its statute in both languages");
  }
  std::set<std::string> ids;
  for (const annotations::v1::Reason& reason : contract->reasons()) {
    if (!IsReasonId(reason.id()))
      return Wrong(name,
                   "write a reason's id as [A-Z][A-Z0-9_]*, 63 characters at "
                   "most");
    if (reason.remedy().empty())
      return Wrong(name, absl::StrCat("reason ", reason.id(),
                                      " says no remedy: add one"));
    if (!ids.insert(reason.id()).second)
      return Wrong(name,
                   absl::StrCat("reason ", reason.id(), " stands there twice"));
  }
  return contract;
}

absl::StatusOr<FieldAnnotation> ReadFieldAnnotation(
    const google::protobuf::FieldDescriptor& field) {
  std::optional<FieldContract> contract =
      Reread(field.options(), annotations::v1::field);
  FieldAnnotation annotation;
  if (!contract.has_value()) return annotation;
  int roles = 0;
  auto take = [&](bool said, FieldRole role) {
    if (!said) return;
    annotation.role = role;
    ++roles;
  };
  take(contract->subject(), FieldRole::kSubject);
  take(contract->corporation(), FieldRole::kCorporation);
  take(!contract->attribute().empty(), FieldRole::kAttribute);
  take(contract->plain(), FieldRole::kPlain);
  if (roles > 1)
    return Wrong(field.full_name(),
                 "its annotation contradicts itself: say one of subject, "
                 "corporation, attribute, plain");
  if (annotation.role == FieldRole::kAttribute) {
    if (!IsLowerName(contract->attribute()))
      return Wrong(field.full_name(), "write the attribute as [a-z][a-z0-9_]*");
    annotation.attribute = contract->attribute();
  }
  return annotation;
}

}  // namespace psm
