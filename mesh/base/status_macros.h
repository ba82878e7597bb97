// Early return on a failed absl::Status. Never use with co_await inside: gcc 12
// crashes on it in a statement expression.
#ifndef PSM_MESH_BASE_STATUS_MACROS_H_
#define PSM_MESH_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define PSM_CONCAT_INNER_(a, b) a##b
#define PSM_CONCAT_(a, b) PSM_CONCAT_INNER_(a, b)

// Returns the status of `expression` from the enclosing function unless it is
// OK.
#define PSM_RETURN_IF_ERROR(expression)          \
  do {                                           \
    if (absl::Status psm_status_ = (expression); \
        ABSL_PREDICT_FALSE(!psm_status_.ok())) { \
      return psm_status_;                        \
    }                                            \
  } while (false)

// Assigns the value of the StatusOr `expression` to `target`, or returns its
// status.
#define PSM_ASSIGN_OR_RETURN(target, expression)                      \
  PSM_ASSIGN_OR_RETURN_(PSM_CONCAT_(psm_statusor_, __LINE__), target, \
                        expression)

#define PSM_ASSIGN_OR_RETURN_(statusor, target, expression) \
  auto statusor = (expression);                             \
  if (ABSL_PREDICT_FALSE(!statusor.ok())) {                 \
    return std::move(statusor).status();                    \
  }                                                         \
  target = *std::move(statusor)

#endif  // PSM_MESH_BASE_STATUS_MACROS_H_
