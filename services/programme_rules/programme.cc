#include "services/programme_rules/programme.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/status_macros.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {
namespace {

using benefits::v1::Condition;
using benefits::v1::EligibilityRule;
using benefits::v1::FieldDefinition;
using benefits::v1::Paper;
using benefits::v1::ProgrammeDefinition;

absl::Status Wrong(absl::string_view what, absl::string_view where) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", where));
}

bool IsId(absl::string_view id) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !id.empty() && id.size() <= 63 && lower(id[0]) &&
         std::all_of(id.begin(), id.end(), [&](char c) {
           return lower(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

absl::StatusOr<AttributePath> FindPath(const FieldDefinition& definition,
                                       absl::string_view dataset,
                                       absl::string_view attribute,
                                       bool& of_member) {
  const google::protobuf::Message* const prototype = EvidencePrototype(dataset);
  if (prototype == nullptr) return Wrong("unknown dataset", dataset);
  auto path = AttributePath::Find(*prototype->GetDescriptor(), attribute,
                                  definition.part());
  of_member = dataset == kResidentsDataset && absl::IsNotFound(path.status());
  if (!of_member) return path;
  return AttributePath::Find(*residents::v1::Member::descriptor(), attribute,
                             definition.part());
}

absl::StatusOr<ProgrammeField> ParseField(const FieldDefinition& definition) {
  const benefits::v1::FormField& form = definition.form();
  if (!IsId(form.id())) return Wrong("not a field id", form.id());
  if (form.label_ja().empty() || form.label_en().empty()) {
    return Wrong("field without label", form.id());
  }
  const std::vector<std::string> source = absl::StrSplit(form.source(), '.');
  if (source.size() != 2) {
    return Wrong("source is not <dataset>.<attribute>", form.id());
  }
  bool of_member = false;
  PSM_ASSIGN_OR_RETURN(const AttributePath path,
                       FindPath(definition, source[0], source[1], of_member));
  if (form.per_member() && source[0] == kResidentsDataset && !of_member) {
    return Wrong("the household has it once, not per member", form.id());
  }
  for (const benefits::v1::ValueLabel& label : definition.values()) {
    if (label.value().empty() || label.label_ja().empty() ||
        label.label_en().empty()) {
      return Wrong("value without label", form.id());
    }
  }
  return ProgrammeField{definition, source[0], source[1], path, of_member};
}

absl::Status CheckPapers(const benefits::v1::Programme& programme) {
  for (const Paper& paper : programme.papers()) {
    if (paper.name_ja().empty() || paper.name_en().empty() ||
        paper.office().empty()) {
      return Wrong("paper without name or office", programme.id());
    }
  }
  return absl::OkStatus();
}

bool IsDay(const std::string& text) {
  absl::CivilDay day;
  return text.size() == 10 && absl::ParseCivilTime(text, &day);
}

// Field id -> whether the form has it per member.
using FieldKinds = std::map<std::string, bool>;

absl::Status CheckCondition(const Condition& condition, bool per_member,
                            const FieldKinds& fields) {
  const auto field = fields.find(condition.field());
  if (field == fields.end() || (per_member && !field->second)) {
    return Wrong("a condition needs a field of the form, of members per member",
                 condition.field());
  }
  if (condition.one_of().empty() && !condition.has_at_least() &&
      !condition.has_at_most() && !condition.has_age()) {
    return Wrong("a condition says nothing", condition.field());
  }
  if (condition.has_age() && !IsDay(condition.age().on_date())) {
    return Wrong("an age is of a day", condition.field());
  }
  return absl::OkStatus();
}

absl::Status CheckRules(const Programme& programme, const FieldKinds& fields) {
  if (programme.definition.rules().empty()) {
    return Wrong("no rules", programme.id());
  }
  for (const EligibilityRule& rule : programme.definition.rules()) {
    if (rule.text_ja().empty() || rule.text_en().empty() ||
        rule.scope() == EligibilityRule::SCOPE_UNSPECIFIED) {
      return Wrong("a rule needs a scope and texts", programme.id());
    }
    PSM_RETURN_IF_ERROR(CheckCondition(
        rule.condition(), rule.scope() != EligibilityRule::HEAD, fields));
  }
  for (const benefits::v1::AmountPart& part : programme.definition.amounts()) {
    if (part.text_ja().empty() || part.text_en().empty() || part.yen() <= 0) {
      return Wrong("a part of the amount needs yen and texts", programme.id());
    }
    PSM_RETURN_IF_ERROR(CheckCondition(part.each_member(), true, fields));
  }
  if (programme.definition.cap_yen() < 0 ||
      programme.definition.programme().amount_yen() < 0) {
    return Wrong("an amount is less than nothing", programme.id());
  }
  return absl::OkStatus();
}

absl::Status CheckSubstitutes(const Programme& programme) {
  for (const ProgrammeField& field : programme.fields) {
    if (field.dataset != kResidentsDataset &&
        !programme.IsRefusable(field.dataset)) {
      return Wrong("no paper stands for the dataset", field.dataset);
    }
  }
  for (const benefits::v1::Substitute& substitute :
       programme.definition.substitutes()) {
    if (substitute.paper().name_ja().empty() ||
        substitute.paper().name_en().empty() ||
        substitute.paper().office().empty()) {
      return Wrong("paper without name or office", substitute.dataset());
    }
  }
  return absl::OkStatus();
}

absl::Status CheckForHouseholds(const Programme& programme) {
  const ProgrammeDefinition& definition = programme.definition;
  if (definition.providers().count(kResidentsDataset) == 0) {
    return Wrong("no provider for residents", programme.id());
  }
  if (definition.programme().amount_yen() <= 0 &&
      definition.amounts().empty()) {
    return Wrong("nothing to pay", programme.id());
  }
  FieldKinds per_member;
  for (const ProgrammeField& field : programme.fields) {
    per_member[field.definition.form().id()] =
        field.definition.form().per_member();
  }
  PSM_RETURN_IF_ERROR(CheckRules(programme, per_member));
  PSM_RETURN_IF_ERROR(CheckSubstitutes(programme));
  const benefits::v1::PaymentFields& payment = definition.payment();
  for (const std::string& field :
       {payment.bank_code(), payment.branch_code(), payment.type(),
        payment.number(), payment.holder_kana()}) {
    if (per_member.count(field) == 0 || per_member[field]) {
      return Wrong("payment names no field of the head", field);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> Programme::LinkageAttributes(
    bool head, const std::set<std::string>& refused) const {
  std::set<std::string> attributes;
  for (const ProgrammeField& field : fields) {
    if (field.dataset == kResidentsDataset) continue;
    if (refused.count(field.dataset) > 0) continue;
    if (head || field.definition.form().per_member()) {
      attributes.insert(field.definition.form().source());
    }
  }
  return {attributes.begin(), attributes.end()};
}

bool Programme::IsRefusable(absl::string_view dataset) const {
  return std::any_of(definition.substitutes().begin(),
                     definition.substitutes().end(),
                     [&](const benefits::v1::Substitute& substitute) {
                       return dataset == substitute.dataset();
                     });
}

std::string Programme::DatasetOf(absl::string_view field_id) const {
  for (const ProgrammeField& field : fields) {
    if (field_id == field.definition.form().id()) return field.dataset;
  }
  return "";
}

std::string Programme::ProviderOf(absl::string_view dataset,
                                  absl::string_view municipality,
                                  absl::string_view tax_municipality) const {
  const auto found = definition.providers().find(std::string(dataset));
  if (found == definition.providers().end()) return "";
  return absl::StrReplaceAll(found->second,
                             {{"{municipality}", municipality},
                              {"{tax_municipality}", tax_municipality}});
}

absl::StatusOr<Programme> ParseProgramme(const std::string& json) {
  Programme programme;
  ProgrammeDefinition& definition = programme.definition;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(json, &definition);
  if (!parsed.ok()) return Wrong("not a definition", parsed.ToString());
  benefits::v1::Programme& published = *definition.mutable_programme();
  if (!IsId(published.id())) return Wrong("not an id", published.id());
  if (published.title_ja().empty() || published.title_en().empty()) {
    return Wrong("no title", published.id());
  }
  for (const std::string& day :
       {published.first_date(), published.last_date()}) {
    if (!day.empty() && !IsDay(day)) return Wrong("not a day", published.id());
  }
  if (!IsId(definition.affair())) return Wrong("no affair", published.id());
  if (definition.fields().empty()) return Wrong("no fields", published.id());
  PSM_RETURN_IF_ERROR(CheckPapers(published));
  std::set<std::string> ids;
  published.clear_fields();
  for (const FieldDefinition& field : definition.fields()) {
    PSM_ASSIGN_OR_RETURN(ProgrammeField parsed_field, ParseField(field));
    if (!ids.insert(field.form().id()).second) {
      return Wrong("field occurs twice", field.form().id());
    }
    *published.add_fields() = field.form();
    programme.fields.push_back(std::move(parsed_field));
  }
  PSM_RETURN_IF_ERROR(CheckForHouseholds(programme));
  return programme;
}

absl::StatusOr<ProgrammeSet> ProgrammeSet::Load(const std::string& folder) {
  ProgrammeSet set;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string json{std::istreambuf_iterator<char>(file), {}};
    absl::StatusOr<Programme> programme = ParseProgramme(json);
    if (programme.ok() && programme->id() != entry.path().stem()) {
      programme = Wrong("the id is not the file's name", programme->id());
    }
    if (!programme.ok()) {
      return Wrong(entry.path().string(), programme.status().message());
    }
    const std::string id = programme->id();
    set.programmes_.emplace(id, *std::move(programme));
  }
  if (set.programmes_.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no programme definitions (*.json) in ", folder));
  }
  return set;
}

const Programme* ProgrammeSet::Find(absl::string_view id) const {
  const auto found = programmes_.find(std::string(id));
  return found == programmes_.end() ? nullptr : &found->second;
}

std::vector<const Programme*> ProgrammeSet::All() const {
  std::vector<const Programme*> all;
  for (const auto& [id, programme] : programmes_) all.push_back(&programme);
  return all;
}

benefits::v1::ListProgrammesResponse ProgrammeSet::List() const {
  benefits::v1::ListProgrammesResponse response;
  for (const auto& [id, programme] : programmes_) {
    *response.add_programmes() = programme.definition.programme();
  }
  return response;
}

}  // namespace psm
