#include "mesh/contracts/contract_survey.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

bool IsWellKnown(const Descriptor& type) {
  return type.file()->package() == "google.protobuf";
}

// Types whose contents no annotation can describe.
bool IsOpen(const Descriptor& type) {
  static constexpr const char* kOpen[] = {
      "google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value",
      "google.protobuf.ListValue"};
  return std::any_of(std::begin(kOpen), std::end(kOpen),
                     [&](const char* n) { return type.full_name() == n; });
}

absl::Status Wrong(const std::string& name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", what));
}

class Surveyor {
 public:
  // The number of levels that a type has, itself included.
  absl::StatusOr<int> Visit(const Descriptor& type, const Cover& cover) {
    auto key = std::make_pair(&type, cover);
    auto known = levels_.find(key);
    if (known != levels_.end()) return known->second;
    if (!open_.insert(&type).second)
      return Wrong(type.full_name(), "contains itself: give it bounded depth");
    PSM_RETURN_IF_ERROR(CheckType(type));
    int inner = 0;
    for (int i = 0; i < type.field_count(); ++i) {
      PSM_ASSIGN_OR_RETURN(int levels, VisitField(*type.field(i), cover));
      inner = std::max(inner, levels);
    }
    open_.erase(&type);
    if (inner >= kMaxMessageDepth)
      return Wrong(type.full_name(),
                   absl::StrCat("has more than ", kMaxMessageDepth,
                                " levels of messages"));
    levels_[key] = inner + 1;
    return inner + 1;
  }

  MessageSurvey Take() { return std::move(survey_); }

 private:
  static absl::Status CheckType(const Descriptor& type) {
    const std::string& name = type.full_name();
    if (IsOpen(type))
      return Wrong(name, "its contents are open: use a message of your own");
    if (type.extension_range_count() > 0)
      return Wrong(name, "has extension ranges: use proto3");
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->type() == FieldDescriptor::TYPE_GROUP)
        return Wrong(type.field(i)->full_name(), "is a group: use a message");
    }
    if (type.file()->syntax() != FileDescriptor::SYNTAX_PROTO3)
      return Wrong(name, "is not proto3: use proto3 in exchange methods");
    return absl::OkStatus();
  }

  // The levels of messages inside a field; 0 where it is not a message.
  absl::StatusOr<int> VisitField(const FieldDescriptor& field,
                                 const Cover& cover) {
    const std::string& name = field.full_name();
    PSM_ASSIGN_OR_RETURN(FieldAnnotation annotation,
                         ReadFieldAnnotation(field));
    if (field.is_map()) return Wrong(name, "is a map: use a repeated message");
    switch (annotation.role) {
      case FieldRole::kSubject:
      case FieldRole::kCorporation:
        if (field.type() != FieldDescriptor::TYPE_STRING || field.is_repeated())
          return Wrong(name,
                       "a subject or corporation is a singular string; for "
                       "several, repeat a message that holds one");
        (annotation.role == FieldRole::kSubject ? survey_.subjects
                                                : survey_.corporations)
            .push_back(&field);
        break;
      case FieldRole::kPageToken:
        if (field.type() != FieldDescriptor::TYPE_STRING || field.is_repeated())
          return Wrong(name, "a page token is a singular string");
        survey_.page_tokens.push_back(&field);
        break;
      case FieldRole::kAttribute:
        survey_.attributes.insert(annotation.attribute);
        break;
      case FieldRole::kNone:
        if (!cover.covers)
          return Wrong(name,
                       "has no annotation: say subject, corporation, "
                       "attribute, plain or page_token");
        break;
      case FieldRole::kPlain:
        // AIP-158. A token that passed as it is would be a way around the
        // attributes: a provider can write anything into it.
        if (field.name() == "page_token" || field.name() == "next_page_token")
          return Wrong(name, "say page_token = true, so that it is sealed");
        break;
    }
    if (field.message_type() == nullptr) return 0;
    return Visit(*field.message_type(), CoverInside(field, annotation, cover));
  }

  MessageSurvey survey_;
  std::map<std::pair<const Descriptor*, Cover>, int> levels_;
  std::set<const Descriptor*> open_;  // those whose visit has not ended
};

absl::Status CheckPlain(const Descriptor& type,
                        std::set<const Descriptor*>* seen) {
  if (!seen->insert(&type).second) return absl::OkStatus();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    PSM_ASSIGN_OR_RETURN(FieldAnnotation annotation,
                         ReadFieldAnnotation(field));
    if (annotation.role != FieldRole::kNone &&
        annotation.role != FieldRole::kPlain) {
      return Wrong(field.full_name(),
                   "is a subject, corporation, attribute or page token, but "
                   "the method is transparent");
    }
    if (field.message_type() != nullptr)
      PSM_RETURN_IF_ERROR(CheckPlain(*field.message_type(), seen));
  }
  return absl::OkStatus();
}

}  // namespace

Cover CoverInside(const FieldDescriptor& field,
                  const FieldAnnotation& annotation, const Cover& outside) {
  if (annotation.role == FieldRole::kAttribute)
    return {true, annotation.attribute};
  if (outside.covers) return outside;
  return {IsWellKnown(*field.message_type()), ""};
}

std::string EffectiveAttribute(const FieldAnnotation& annotation,
                               const Cover& cover) {
  return annotation.role == FieldRole::kAttribute ? annotation.attribute
                                                  : cover.attribute;
}

absl::StatusOr<MessageSurvey> SurveyMessage(const Descriptor& root) {
  Surveyor surveyor;
  PSM_RETURN_IF_ERROR(surveyor.Visit(root, Cover{}).status());
  return surveyor.Take();
}

absl::Status CheckCarriesNoPersonalData(const Descriptor& root) {
  std::set<const Descriptor*> seen;
  return CheckPlain(root, &seen);
}

}  // namespace psm
