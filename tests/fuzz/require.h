// What a fuzz target says when something that must hold does not: it ends the
// process, which is what a fuzzer looks for.
#ifndef PSM_TESTS_FUZZ_REQUIRE_H_
#define PSM_TESTS_FUZZ_REQUIRE_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace psm {

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

inline absl::string_view AsText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace psm

#endif  // PSM_TESTS_FUZZ_REQUIRE_H_
