// What the mesh is told of a person's tax record, so that who used it asks
// again.
#ifndef PSM_SERVICES_TAX_RECORD_EVENTS_H_
#define PSM_SERVICES_TAX_RECORD_EVENTS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "soci/soci.h"

namespace psm {

enum class RecordEvent {
  kDoubted,    // nothing is provided until it is known whose it is
  kCorrected,  // what was provided before is not, or no longer, so
};

// In the transaction of the session; what is told is told if that commits.
using TellOfRecord = std::function<absl::Status(
    soci::session&, const std::string& subject, RecordEvent)>;

}  // namespace psm

#endif  // PSM_SERVICES_TAX_RECORD_EVENTS_H_
