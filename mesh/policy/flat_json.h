// A JSON object without nesting, read strictly: for the header and the claims
// of a token. Knows nothing of tokens.
#ifndef PSM_MESH_POLICY_FLAT_JSON_H_
#define PSM_MESH_POLICY_FLAT_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm {

using FlatValue =
    std::variant<std::string, std::int64_t, std::vector<std::string>>;
using FlatObject = std::map<std::string, FlatValue>;

// Parses one object whose members are strings, integers or arrays of strings.
// nullopt for everything else: another type, nesting, a member that occurs
// twice, a number with fraction or exponent or beyond 64 bits, text that is not
// UTF-8, anything before the object or after it.
std::optional<FlatObject> ParseFlatObject(absl::string_view json);

}  // namespace psm

#endif  // PSM_MESH_POLICY_FLAT_JSON_H_
