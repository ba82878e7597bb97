#include "services/programme_rules/attribute_path.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/annotations/v1/annotations.pb.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/tax/v1/tax.pb.h"

namespace psm {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsReadable(const FieldDescriptor& field) {
  if (field.is_repeated()) return false;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING;
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<AttributePath> AttributePath::Find(const Descriptor& type,
                                                  absl::string_view attribute,
                                                  absl::string_view part) {
  std::vector<const FieldDescriptor*> found;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (absl::string_view(field->options()
                              .GetExtension(annotations::v1::field)
                              .attribute()) == attribute) {
      found.push_back(field);
    }
  }
  const std::string name = absl::StrCat(type.full_name(), " ", attribute,
                                        part.empty() ? "" : ".", part);
  if (attribute.empty() || found.empty()) {
    return absl::NotFoundError(absl::StrCat("no such attribute: ", name));
  }
  const FieldDescriptor* outer = nullptr;
  const FieldDescriptor* field = found[0];
  if (found.size() > 1) {
    field = type.FindFieldByName(std::string(part));
    if (field == nullptr ||
        absl::string_view(field->options()
                              .GetExtension(annotations::v1::field)
                              .attribute()) != attribute) {
      return absl::NotFoundError(absl::StrCat("no such part: ", name));
    }
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
             !field->is_repeated()) {
    outer = field;
    field = outer->message_type()->FindFieldByName(std::string(part));
    if (field == nullptr) {
      return absl::NotFoundError(absl::StrCat("no such part: ", name));
    }
  } else if (!part.empty()) {
    return absl::NotFoundError(absl::StrCat("no such part: ", name));
  }
  if (!IsReadable(*field)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not one text, number or enumeration: ", name));
  }
  return AttributePath(outer, field);
}

std::string AttributePath::Read(const Message& message) const {
  const Message& holder =
      outer_ == nullptr ? message
                        : message.GetReflection()->GetMessage(message, outer_);
  const google::protobuf::Reflection& reflection = *holder.GetReflection();
  switch (field_->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = reflection.GetEnumValue(holder, field_);
      const auto* const value = field_->enum_type()->FindValueByNumber(number);
      // A constant of a newer contract is not guessed at.
      return number == 0 || value == nullptr ? "" : value->name();
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(holder, field_));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(holder, field_));
    default:
      return reflection.GetString(holder, field_);
  }
}

const Message* EvidencePrototype(absl::string_view dataset) {
  if (dataset == "accounts") {
    return &accounts::v1::GetAccountResponse::default_instance();
  }
  if (dataset == "residents") {
    return &residents::v1::GetHouseholdResponse::default_instance();
  }
  if (dataset == "tax") {
    return &tax::v1::GetTaxStatusResponse::default_instance();
  }
  return nullptr;
}

}  // namespace psm
