// The life of one exchange, from the consumer's request to its release or
// refusal (design section 4).
#ifndef PSM_MESH_EXCHANGE_EXCHANGE_H_
#define PSM_MESH_EXCHANGE_EXCHANGE_H_

#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Runs one exchange of a unary method and answers it. Whatever happens, the
// answer comes after a durable record of it; where no record can be made
// durable the answer is UNAVAILABLE RECORD_NOT_DURABLE. Transparent methods are
// no exchanges (transparent.h). Runs to its end even when cancelled: `env` and
// what `ask` points to must live until then.
Task<Answer> RunExchange(Environment& env, Ask ask);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_EXCHANGE_H_
