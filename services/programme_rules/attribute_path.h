// Where an attribute stands in a message, found by the contract's annotations
// and not by names: a programme asks for `<dataset>.<attribute>` and needs no
// code of its own. Knows no programme.
#ifndef PSM_SERVICES_PROGRAMME_RULES_ATTRIBUTE_PATH_H_
#define PSM_SERVICES_PROGRAMME_RULES_ATTRIBUTE_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace psm {

// The place of one value in messages of one type. Immutable, thread-safe.
class AttributePath {
 public:
  // Looks for the top-level singular field that the contract gives to
  // `attribute`; where that is a message, or several fields have the attribute,
  // `part` names the field meant. NOT_FOUND where there is none;
  // INVALID_ARGUMENT where it is not one text, whole number or enumeration.
  static absl::StatusOr<AttributePath> Find(
      const google::protobuf::Descriptor& type, absl::string_view attribute,
      absl::string_view part);

  // The value as text: an enumeration's constant, a number in digits. "" where
  // the message does not have it (an empty text, an unspecified enumeration).
  // `message` is of the type that Find got.
  std::string Read(const google::protobuf::Message& message) const;

 private:
  AttributePath(const google::protobuf::FieldDescriptor* outer,
                const google::protobuf::FieldDescriptor* field)
      : outer_(outer), field_(field) {}

  const google::protobuf::FieldDescriptor* outer_;  // null: field is top-level
  const google::protobuf::FieldDescriptor* field_;
};

// An empty message of the type in which a dataset's evidence comes; null for a
// dataset that this program cannot read: all but accounts, residents (the
// household) and tax. Lives for ever.
const google::protobuf::Message* EvidencePrototype(absl::string_view dataset);

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMME_RULES_ATTRIBUTE_PATH_H_
