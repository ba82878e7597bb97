// Walks the message types of one exchange method: checks that every field is
// annotated and that the annotations fit, and collects what they name. What
// passes here can be compiled without further checks.
#ifndef PSM_MESH_CONTRACTS_CONTRACT_SURVEY_H_
#define PSM_MESH_CONTRACTS_CONTRACT_SURVEY_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "mesh/contracts/annotation_reader.h"
#include "mesh/contracts/plan.h"

namespace psm {

// What an enclosing message field says about inner fields without an
// annotation of their own. Ordered, to serve as a key.
struct Cover {
  bool covers = false;
  std::string attribute;  // empty: they pass always

  friend auto operator<=>(const Cover&, const Cover&) = default;
};

// What holds for the fields inside a message field: an attribute covers them;
// `plain` covers the well-known types, which carry no annotations, and hands
// on what covers the field itself.
Cover CoverInside(const google::protobuf::FieldDescriptor& field,
                  const FieldAnnotation& annotation, const Cover& outside);

// The attribute a field belongs to: its own, else the one that covers it;
// empty where it passes always.
std::string EffectiveAttribute(const FieldAnnotation& annotation,
                               const Cover& cover);

struct MessageSurvey {
  std::set<std::string> attributes;
  std::vector<const google::protobuf::FieldDescriptor*> subjects;
  std::vector<const google::protobuf::FieldDescriptor*> corporations;
  std::vector<const google::protobuf::FieldDescriptor*> page_tokens;
};

// Surveys a request or response type and all types inside it. INVALID_ARGUMENT,
// naming the field, for: no annotation and nothing that covers it; an
// annotation that contradicts itself; a page token (by AIP-158's names) that is
// plain; a subject, corporation or page token that is
// not a singular string; Any, Struct, Value, ListValue, map, group, extension
// range; a type of proto2 (a required field could be dropped, a closed enum
// hides values); a type that contains itself; more than kMaxMessageDepth
// levels.
absl::StatusOr<MessageSurvey> SurveyMessage(
    const google::protobuf::Descriptor& root);

// INVALID_ARGUMENT, naming the field, where a type or a type inside it has a
// subject, corporation, attribute or page token field: for transparent methods.
absl::Status CheckCarriesNoPersonalData(
    const google::protobuf::Descriptor& root);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_CONTRACT_SURVEY_H_
