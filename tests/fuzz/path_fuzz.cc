// Paths of requests against the regular expression of design and comment.
#include <regex>
#include <string>

#include "mesh/edge/metadata_rules.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size > 500) return 0;  // std::regex recurses
  static const std::regex& form =
      *new std::regex("/[A-Za-z0-9_.]+/[A-Za-z0-9_]+");
  const std::string path(psm::AsText(data, size));
  psm::Require(psm::edge::IsMethodPath(path) == std::regex_match(path, form),
               "a path is one that the expression matches");
  return 0;
}
