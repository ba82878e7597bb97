// Exchange ids for calls that one call leads to.
#ifndef PSM_SERVICES_RESIDENTS_DERIVED_EXCHANGE_ID_H_
#define PSM_SERVICES_RESIDENTS_DERIVED_EXCHANGE_ID_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/agency/call_context.h"

namespace psm {

// A UUID (RFC 9562, version 8) that a retry of `call` leads to again, and
// neither another consumer's call nor another `step` of the same one: exchange
// ids are scoped to who asks, and here one asks on behalf of many.
std::string DerivedExchangeId(const agency::CallContext& call,
                              absl::string_view step);

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_DERIVED_EXCHANGE_ID_H_
