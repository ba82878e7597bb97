// Why an exchange was refused, for the person it was about.
#ifndef PSM_MESH_EXCHANGE_REASON_TEXTS_H_
#define PSM_MESH_EXCHANGE_REASON_TEXTS_H_

#include "absl/strings/string_view.h"
#include "mesh/directory/directory.h"

namespace psm {

// Of a reason of the error table (protos/README.md), or of a contract's own:
// that one is the provider's, and named as it is.
Text ReasonText(absl::string_view reason);

// Whether the reason has words of its own.
bool HasReasonText(absl::string_view reason);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_REASON_TEXTS_H_
