// Programmes: what their definition files say, checked as a whole before the
// service starts. Knows no application.
#ifndef PSM_SERVICES_PROGRAMME_RULES_PROGRAMME_H_
#define PSM_SERVICES_PROGRAMME_RULES_PROGRAMME_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/benefits/v1/programme_definition.pb.h"
#include "services/programme_rules/attribute_path.h"

namespace psm {

inline constexpr char kResidentsDataset[] = "residents";

// A field of a form and where its value stands.
struct ProgrammeField {
  benefits::v1::FieldDefinition definition;
  std::string dataset;    // "tax"
  std::string attribute;  // "category"
  // In the dataset's evidence; for residents, in the household or, where
  // `of_member`, in a member of it.
  AttributePath path;
  bool of_member = false;
};

// One programme. Immutable once loaded.
struct Programme {
  benefits::v1::ProgrammeDefinition definition;  // `programme` with its fields
  std::vector<ProgrammeField> fields;            // in the form's order

  const std::string& id() const { return definition.programme().id(); }

  // The attributes (`<dataset>.<attribute>`, sorted, each once) that linkage is
  // asked for: of the head, or of any other member of the household. Residents'
  // are not among them: they come with the household; nor are those of
  // datasets in `refused`.
  std::vector<std::string> LinkageAttributes(
      bool head, const std::set<std::string>& refused = {}) const;

  // Whether an applicant may keep a dataset from being asked for: those of the
  // form that a paper stands for.
  bool IsRefusable(absl::string_view dataset) const;

  // The dataset of a field; "" where there is no such field.
  std::string DatasetOf(absl::string_view field_id) const;

  // The system to ask for a dataset, "" where the definition names none.
  // `municipality` runs the programme; `tax_municipality` is the member's.
  std::string ProviderOf(absl::string_view dataset,
                         absl::string_view municipality,
                         absl::string_view tax_municipality) const;
};

// Parses and checks one definition. INVALID_ARGUMENT, saying what is wrong, for
// JSON that is not a ProgrammeDefinition, an unknown attribute, an id that is
// not `[a-z][a-z0-9_-]{0,62}` or occurs twice, a rule, amount or payment that
// names no field, a condition that says nothing, a day that is none, and for
// what a programme lacks.
absl::StatusOr<Programme> ParseProgramme(const std::string& json);

// All programmes of an office. Immutable, thread-safe.
class ProgrammeSet {
 public:
  // Loads `<id>.json` files of a folder. Errors as ParseProgramme, with the
  // file's name; INVALID_ARGUMENT also where the id is not the file's name;
  // NOT_FOUND where the folder has no such file.
  static absl::StatusOr<ProgrammeSet> Load(const std::string& folder);

  const Programme* Find(absl::string_view id) const;  // null: none
  std::vector<const Programme*> All() const;          // sorted by id
  benefits::v1::ListProgrammesResponse List() const;  // likewise

 private:
  std::map<std::string, Programme> programmes_;
};

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMME_RULES_PROGRAMME_H_
