#include "mesh/contracts/method_compiler.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/annotation_reader.h"
#include "mesh/contracts/contract_survey.h"
#include "mesh/contracts/message_compiler.h"

namespace psm {
namespace {

using annotations::v1::MethodContract;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::SourceLocation;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// The number of the one field of `fields`, 0 where there is none. `what` is "a
// request has one subject".
absl::StatusOr<int> OneTopLevelField(
    const std::vector<const FieldDescriptor*>& fields, const Descriptor& root,
    absl::string_view what) {
  if (fields.empty()) return 0;
  for (const FieldDescriptor* field : fields) {
    if (field->containing_type() != &root)
      return Wrong(
          absl::StrCat(field->full_name(), ": ", what, " at top level"));
  }
  if (fields.size() > 1)
    return Wrong(absl::StrCat(fields[1]->full_name(), ": ", what, " at most"));
  return fields[0]->number();
}

// protos/README.md: the comment of a field that must be set starts so. Known
// only where the descriptor set was built with its comments.
bool IsRequired(const FieldDescriptor& field) {
  SourceLocation location;
  if (!field.GetSourceLocation(&location)) return false;
  return absl::StartsWith(
      absl::StripLeadingAsciiWhitespace(location.leading_comments),
      "Required.");
}

// LinkageService fills in the subject (or the corporation) and nothing else.
absl::Status CheckEvidence(const MethodDescriptor& method,
                           const MethodPlan& plan) {
  if (plan.write) return Wrong("evidence is read: effect must be READ");
  if ((plan.request_subject_field == 0) ==
      (plan.request_corporation_field == 0)) {
    return Wrong(
        "evidence needs a subject or a corporation in its request, not both");
  }
  const Descriptor& request = *method.input_type();
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (field.number() == plan.request_subject_field ||
        field.number() == plan.request_corporation_field) {
      continue;
    }
    if (IsRequired(field))
      return Wrong(absl::StrCat(field.full_name(),
                                ": is required, but evidence is asked for by "
                                "its subject or corporation alone"));
  }
  if (plan.request_attributes != 0)
    return Wrong("evidence has no attributes in its request");
  return absl::OkStatus();
}

absl::Status CheckTransparent(const MethodDescriptor& method,
                              const MethodContract& contract) {
  if (contract.effect() != MethodContract::EFFECT_UNSPECIFIED ||
      contract.evidence() || contract.consentable() ||
      contract.has_legal_limit() || !contract.locating().empty()) {
    return Wrong(
        "a transparent method has no effect, evidence, consentable, locating "
        "or legal_limit");
  }
  PSM_RETURN_IF_ERROR(CheckCarriesNoPersonalData(*method.input_type()));
  return CheckCarriesNoPersonalData(*method.output_type());
}

// `as_of_time` of type google.protobuf.Timestamp, or 0.
int AsOfField(const Descriptor& response) {
  const FieldDescriptor* field = response.FindFieldByName("as_of_time");
  return field != nullptr && !field->is_repeated() &&
                 field->message_type() != nullptr &&
                 field->message_type()->full_name() ==
                     "google.protobuf.Timestamp"
             ? field->number()
             : 0;
}

absl::Status CompileExchange(
    const MethodDescriptor& method, const MethodContract& contract,
    std::vector<std::unique_ptr<const MessagePlan>>& plans, MethodPlan* plan) {
  if (method.client_streaming() || method.server_streaming())
    return Wrong("an exchange method is unary: it may not stream");
  if (contract.dataset().empty()) return Wrong("has no dataset");
  if (contract.effect() == MethodContract::EFFECT_UNSPECIFIED)
    return Wrong("has no effect: say READ or WRITE");

  PSM_ASSIGN_OR_RETURN(MessageSurvey request,
                       SurveyMessage(*method.input_type()));
  PSM_ASSIGN_OR_RETURN(MessageSurvey response,
                       SurveyMessage(*method.output_type()));
  PSM_ASSIGN_OR_RETURN(plan->request_subject_field,
                       OneTopLevelField(request.subjects, *method.input_type(),
                                        "a request has one subject"));
  PSM_ASSIGN_OR_RETURN(
      plan->request_corporation_field,
      OneTopLevelField(request.corporations, *method.input_type(),
                       "a request has one corporation"));
  PSM_RETURN_IF_ERROR(OneTopLevelField(request.page_tokens,
                                       *method.input_type(),
                                       "a request has one page token")
                          .status());
  PSM_RETURN_IF_ERROR(OneTopLevelField(response.page_tokens,
                                       *method.output_type(),
                                       "a response has one page token")
                          .status());
  std::set<std::string> attributes = std::move(request.attributes);
  attributes.merge(response.attributes);
  if (attributes.size() > kMaxAttributes)
    return Wrong(absl::StrCat("has more than ", kMaxAttributes, " attributes"));
  plan->attributes.assign(attributes.begin(), attributes.end());

  MessageCompiler compiler(plan->attributes, plans);
  PSM_ASSIGN_OR_RETURN(plan->request, compiler.Compile(*method.input_type()));
  PSM_ASSIGN_OR_RETURN(plan->response, compiler.Compile(*method.output_type()));
  plan->request_attributes = plan->request->attributes();
  plan->response_attributes = plan->response->attributes();
  plan->response_as_of_field = AsOfField(*method.output_type());
  for (const std::string& name : contract.locating()) {
    const AttributeMask bit = plan->BitOf(name) & plan->response_attributes;
    if (bit == 0)
      return Wrong(absl::StrCat("locating: its response has no attribute \"",
                                name, "\""));
    plan->locating |= bit;
  }

  if (plan->evidence) PSM_RETURN_IF_ERROR(CheckEvidence(method, *plan));
  if (plan->consentable && plan->request_subject_field == 0)
    return Wrong("consentable, but its request has no subject");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<const MethodPlan>> CompileMethod(
    const MethodDescriptor& method, const MethodContract& contract,
    std::vector<std::unique_ptr<const MessagePlan>>& plans) {
  auto plan = std::make_unique<MethodPlan>();
  plan->service = method.service()->full_name();
  plan->name = absl::StrCat(plan->service, "/", method.name());
  plan->path = absl::StrCat("/", plan->name);
  plan->dataset = contract.dataset();
  plan->write = contract.effect() == MethodContract::WRITE;
  plan->evidence = contract.evidence();
  plan->transparent = contract.transparent();
  plan->consentable = contract.consentable();
  plan->one_holder = ReadServiceContract(*method.service()).one_holder();
  plan->legal_limit = {contract.legal_limit().purpose(),
                       contract.legal_limit().statute_ja(),
                       contract.legal_limit().statute_en()};
  for (const annotations::v1::Reason& reason : contract.reasons())
    plan->reasons.push_back({reason.id(), reason.remedy()});
  plan->response_type = method.output_type()->full_name();
  absl::Status status =
      plan->transparent ? CheckTransparent(method, contract)
                        : CompileExchange(method, contract, plans, plan.get());
  if (!status.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(plan->name, ": ", status.message()));
  return plan;
}

}  // namespace psm
