// For a test that lacks something on this machine: it is skipped, or fails
// where the environment says that this must be here, as .ci/run does
// (tests/README.md, "What must be here").
#ifndef PSM_TESTS_SUPPORT_MISSING_H_
#define PSM_TESTS_SUPPORT_MISSING_H_

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

namespace psm {

inline constexpr char kRequireNode[] =
    "PSM_REQUIRE_NODE";  // and npm's packages
inline constexpr char kRequirePtrace[] = "PSM_REQUIRE_PTRACE";  // and strace

inline bool MustHave(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string(value) == "1";
}

}  // namespace psm

// Ends the test, in its own body or in SetUp. ctest counts what says NOT TESTED
// as skipped, whatever its exit code, so a failure does not say it.
#define PSM_MISSING(variable, what)                                      \
  do {                                                                   \
    if (::psm::MustHave(variable))                                       \
      GTEST_FAIL() << "MISSING, and " << (variable) << "=1: " << (what); \
    GTEST_SKIP() << "NOT TESTED: " << (what);                            \
  } while (false)

#endif  // PSM_TESTS_SUPPORT_MISSING_H_
