// The seed files of a run folder: what each agency holds, each under its own
// codes. The only place where the codes of several agencies are known together.
#ifndef PSM_SERVICES_GENERATOR_SEED_FILES_H_
#define PSM_SERVICES_GENERATOR_SEED_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/subjects/subject_code.h"
#include "services/generator/world.h"

namespace psm {

// System id -> the contents of its seed file: JSON lines of psm.seed.v1
// messages, sorted by subject code, so that a person's place in one file says
// nothing about the place in another. INTERNAL where a name cannot be written
// as banks do.
absl::StatusOr<std::map<std::string, std::string>> SeedLines(
    const World& world, SubjectScopes& scopes);

// JSON lines of psm.seed.v1.Persona, in the order of the stories.
absl::StatusOr<std::string> PersonaLines(const World& world);

// Writes <run>/personas.jsonl and <run>/seeds/<agency>/<system>.jsonl, all with
// mode 0600 in folders of mode 0700. The folder `seeds` appears, or with
// `force` is replaced, in one step. FAILED_PRECONDITION where there are seeds
// and not `force`; UNAVAILABLE where the disk fails, naming the file.
absl::Status WriteSeeds(const std::string& run,
                        const std::map<std::string, std::string>& lines,
                        const std::string& personas, bool force);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_SEED_FILES_H_
