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

// Whether `name` is a letter and then letters, digits and underscores; letters
// as `is_letter` says.
bool IsName(absl::string_view name, bool (*is_letter)(unsigned char)) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (!is_letter(c) && (i == 0 || (!absl::ascii_isdigit(c) && c != '_')))
      return false;
  }
  return !name.empty();
}

bool IsLowerName(absl::string_view name) {
  return IsName(name, absl::ascii_islower);
}

// At most 63 characters, as google.rpc.ErrorInfo demands.
bool IsReasonId(absl::string_view id) {
  return id.size() <= 63 && IsName(id, absl::ascii_isupper);
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

annotations::v1::ServiceContract ReadServiceContract(
    const google::protobuf::ServiceDescriptor& service) {
  return Reread(service.options(), annotations::v1::service)
      .value_or(annotations::v1::ServiceContract());
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
  take(contract->page_token(), FieldRole::kPageToken);
  if (roles > 1)
    return Wrong(field.full_name(),
                 "its annotation contradicts itself: say one of subject, "
                 "corporation, attribute, plain, page_token");
  if (annotation.role == FieldRole::kAttribute) {
    if (!IsLowerName(contract->attribute()))
      return Wrong(field.full_name(), "write the attribute as [a-z][a-z0-9_]*");
    annotation.attribute = contract->attribute();
  }
  return annotation;
}

}  // namespace psm
