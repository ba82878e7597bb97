#include "mesh/contracts/message_compiler.h"

#include <algorithm>

#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

// protobuf.dev/programming-guides/encoding: how each type stands on the wire.
FieldKind KindOf(const FieldDescriptor& field, FieldRole role) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_SINT64:
      return FieldKind::kVarint64;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM:
      return FieldKind::kVarint32;
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_SINT32:
      return FieldKind::kUnsigned32;
    case FieldDescriptor::TYPE_BOOL:
      return FieldKind::kBool;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return FieldKind::kFixed32;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return FieldKind::kFixed64;
    case FieldDescriptor::TYPE_BYTES:
      return FieldKind::kBytes;
    case FieldDescriptor::TYPE_STRING:
      if (role == FieldRole::kSubject) return FieldKind::kSubject;
      if (role == FieldRole::kCorporation) return FieldKind::kCorporation;
      if (role == FieldRole::kPageToken) return FieldKind::kPageToken;
      return FieldKind::kString;
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:  // the survey has refused it
      return FieldKind::kMessage;
  }
  return FieldKind::kUnknown;
}

}  // namespace

absl::StatusOr<const MessagePlan*> MessageCompiler::Compile(
    const Descriptor& type, const Cover& cover) {
  auto key = std::make_pair(&type, cover);
  auto known = compiled_.find(key);
  if (known != compiled_.end()) return known->second;

  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(),
            [](auto* a, auto* b) { return a->number() < b->number(); });
  auto plan = std::make_unique<MessagePlan>(type.full_name());
  std::map<const OneofDescriptor*, int> oneof_slots;
  int slots = 0;
  for (const FieldDescriptor* field : fields) {
    PSM_ASSIGN_OR_RETURN(FieldPlan compiled, CompileField(*field, cover));
    if (!field->is_repeated()) {
      int slot = slots;
      if (const OneofDescriptor* oneof = field->containing_oneof())
        slot = oneof_slots.emplace(oneof, slots).first->second;
      if (slot == slots) ++slots;
      compiled.slot = static_cast<std::uint16_t>(slot);
    }
    plan->Add(static_cast<std::uint32_t>(field->number()), field->name(),
              compiled);
  }
  plan->SetSlots(slots);
  const MessagePlan* result = plan.get();
  plans_.push_back(std::move(plan));
  compiled_[key] = result;
  return result;
}

absl::StatusOr<FieldPlan> MessageCompiler::CompileField(
    const FieldDescriptor& field, const Cover& cover) {
  PSM_ASSIGN_OR_RETURN(FieldAnnotation annotation, ReadFieldAnnotation(field));
  FieldPlan compiled;
  compiled.kind = KindOf(field, annotation.role);
  compiled.repeated = field.is_repeated();
  compiled.implicit =
      !field.is_repeated() &&
      (!field.has_presence() || compiled.kind == FieldKind::kSubject ||
       compiled.kind == FieldKind::kCorporation ||
       compiled.kind == FieldKind::kPageToken);
  compiled.attribute = BitOf(EffectiveAttribute(annotation, cover));
  if (field.message_type() != nullptr) {
    PSM_ASSIGN_OR_RETURN(
        compiled.message,
        Compile(*field.message_type(), CoverInside(field, annotation, cover)));
  }
  return compiled;
}

AttributeMask MessageCompiler::BitOf(const std::string& attribute) const {
  if (attribute.empty()) return 0;
  auto place =
      std::lower_bound(attributes_.begin(), attributes_.end(), attribute);
  return AttributeMask{1} << (place - attributes_.begin());
}

}  // namespace psm
