#include "mesh/cli/persona_file.h"

#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

absl::StatusOr<std::string> Encode(const RunFolder& folder,
                                   SubjectScopeKind kind,
                                   const std::string& agency,
                                   const seed::v1::Persona& persona) {
  PSM_ASSIGN_OR_RETURN(SecretBytes key, ReadMasterKey(folder.MasterKey()));
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SubjectScopes> scopes,
                       SubjectScopes::Create(key));
  PSM_ASSIGN_OR_RETURN(
      PersonNumber number,
      PersonNumber::FromBytes(absl::HexStringToBytes(persona.person_number())));
  return scopes->For(kind, agency).Encode(number);
}

}  // namespace

absl::StatusOr<std::vector<seed::v1::Persona>> ReadPersonas(
    const RunFolder& folder) {
  std::ifstream in(folder.Personas());
  if (!in)
    return absl::NotFoundError(
        absl::StrCat("no ", folder.Personas(), "; ./psm up makes it"));
  std::vector<seed::v1::Persona> personas;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    auto parsed = google::protobuf::util::JsonStringToMessage(
        line, &personas.emplace_back());
    if (!parsed.ok())
      return absl::InvalidArgumentError(
          absl::StrCat(folder.Personas(), " has a line that is no persona"));
  }
  return personas;
}

absl::StatusOr<seed::v1::Persona> FindPersona(const RunFolder& folder,
                                              absl::string_view id) {
  PSM_ASSIGN_OR_RETURN(std::vector<seed::v1::Persona> personas,
                       ReadPersonas(folder));
  std::string known;
  for (const seed::v1::Persona& persona : personas) {
    if (persona.id() == id) return persona;
    absl::StrAppend(&known, known.empty() ? "" : ", ", persona.id());
  }
  return absl::NotFoundError(
      absl::StrCat("no persona ", id, "; there are ", known));
}

absl::StatusOr<std::string> CodeAt(const RunFolder& folder,
                                   const Agency& agency,
                                   const seed::v1::Persona& persona) {
  if (persona.person_number().empty()) return persona.corporate_number();
  return Encode(folder, agency.scope_kind(), agency.id, persona);
}

absl::StatusOr<std::string> RecordsCodeOf(const RunFolder& folder,
                                          const seed::v1::Persona& persona) {
  return Encode(folder, SubjectScopeKind::kRecords, "", persona);
}

}  // namespace psm
