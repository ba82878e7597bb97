// The personas of a development mesh, as the generator wrote them.
#ifndef PSM_MESH_CLI_PERSONA_FILE_H_
#define PSM_MESH_CLI_PERSONA_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/cli/run_folder.h"
#include "mesh/directory/directory.h"
#include "mesh/subjects/subject_code.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm {

absl::StatusOr<std::vector<seed::v1::Persona>> ReadPersonas(
    const RunFolder& folder);

// The persona with this short name. NOT_FOUND, listing those that are.
absl::StatusOr<seed::v1::Persona> FindPersona(const RunFolder& folder,
                                              absl::string_view id);

// What an agency calls a persona. Needs the master key of the run folder:
// development only.
absl::StatusOr<std::string> CodeAt(const RunFolder& folder,
                                   const Agency& agency,
                                   const seed::v1::Persona& persona);
// The same in the scope `records`.
absl::StatusOr<std::string> RecordsCodeOf(const RunFolder& folder,
                                          const seed::v1::Persona& persona);

}  // namespace psm

#endif  // PSM_MESH_CLI_PERSONA_FILE_H_
