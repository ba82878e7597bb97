#include "mesh/edge/endpoint_source.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"

namespace psm::edge {

absl::StatusOr<std::string> RunFolderEndpoints::Find(const System& system) {
  if (!system.endpoint.empty()) return system.endpoint;
  // Small and local, and read only when a connection is made.
  std::ifstream file(absl::StrCat(run_, "/endpoints/", system.id));
  std::string line;
  std::getline(file, line);
  absl::StripAsciiWhitespace(&line);
  if (line.empty()) {
    return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                     Party::kProvider,
                     absl::StrCat(system.id, " is not running"),
                     {{"provider", system.id}});
  }
  return line;
}

}  // namespace psm::edge
