// One JSON object a line on standard error. Fields are named by design
// vocabulary; never personal data, codes or secrets.
#ifndef PSM_MESH_BASE_LOG_H_
#define PSM_MESH_BASE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm {

// Names this process in every line ("akatsuki/tax"). Call once, before the
// first line.
void InitLog(absl::string_view system);

using LogFields =
    std::initializer_list<std::pair<absl::string_view, std::string>>;

// Thread-safe. `event` is a short constant: "listening",
// "configuration_refused".
void LogInfo(absl::string_view event, LogFields fields = {});
ABSL_ATTRIBUTE_COLD void LogWarning(absl::string_view event,
                                    LogFields fields = {});
ABSL_ATTRIBUTE_COLD void LogError(absl::string_view event,
                                  LogFields fields = {});

}  // namespace psm

#endif  // PSM_MESH_BASE_LOG_H_
