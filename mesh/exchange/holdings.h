// HoldingsService: which provider holds whom, and who is protected, as the
// providers say it.
#ifndef PSM_MESH_EXCHANGE_HOLDINGS_H_
#define PSM_MESH_EXCHANGE_HOLDINGS_H_

#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"

namespace psm {

inline constexpr int kMaxHoldingsAtOnce = 10'000;  // persons in one request

// psm.holdings.v1.HoldingsService/Declare and End; errors as the proto says.
// What is refused is recorded; what is answered stands in the register, and is
// no exchange between agencies.
Task<Answer> DeclareHoldings(Environment& env, Ask ask);
Task<Answer> EndHoldings(Environment& env, Ask ask);

// psm.holdings.v1.HoldingsService/SetProtection; errors as the proto says.
Task<Answer> SetProtection(Environment& env, Ask ask);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_HOLDINGS_H_
