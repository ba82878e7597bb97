// The only ways an exchange ends: released with a durable record behind it, or
// refused.
#ifndef PSM_MESH_EXCHANGE_RELEASE_H_
#define PSM_MESH_EXCHANGE_RELEASE_H_

#include "absl/base/attributes.h"
#include "mesh/base/task.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/steps.h"

namespace psm {

// The answer that leaves. The draft has come to its end.
Answer Release(Environment& env, Draft& draft, Durable durable);

// An end without a record: because the log is what failed, or because the
// method carries nothing to record. Carries no message.
ABSL_ATTRIBUTE_COLD Answer EndUnrecorded(Environment& env, const Draft& draft,
                                         const absl::Status& outcome);

// Records the refusal, or counts it where it is one of a flood, and refuses:
// with `refusal`, or with RECORD_NOT_DURABLE where it could not be recorded.
ABSL_ATTRIBUTE_COLD Task<Answer> Refuse(Environment& env, Draft& draft,
                                        const absl::Status& refusal);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_RELEASE_H_
