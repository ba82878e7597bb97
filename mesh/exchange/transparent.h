// Methods that carry no personal data: authorised by an agreement, forwarded as
// they are, without record.
#ifndef PSM_MESH_EXCHANGE_TRANSPARENT_H_
#define PSM_MESH_EXCHANGE_TRANSPARENT_H_

#include "mesh/base/task.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/steps.h"

namespace psm {

// Authorises and forwards one unary call. The provider's status passes with
// code and enumerated reason, as in an exchange. `contracted` must be
// transparent.
Task<Answer> ForwardTransparent(Environment& env, const Ask& ask,
                                const PolicyEngine& policy,
                                const Contracted& contracted, Draft& draft);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_TRANSPARENT_H_
