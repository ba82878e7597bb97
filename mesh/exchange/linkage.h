// LinkageService: one question about one subject, asked of every provider that
// holds a part of the answer.
#ifndef PSM_MESH_EXCHANGE_LINKAGE_H_
#define PSM_MESH_EXCHANGE_LINKAGE_H_

#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm {

inline constexpr int kMaxLegs = 16;  // datasets in one question

// Answers psm.linkage.v1.LinkageService/Retrieve: each leg is an exchange of
// its own (RunExchange), all run at once. Errors as the proto says. With
// all_or_nothing, legs that succeeded stay recorded as exchanges though nothing
// of them is released: a record may claim too much, never too little.
Task<Answer> Retrieve(Environment& env, Ask ask);
// The same of what `ask.message` was parsed to; an error in its place is the
// answer to those who may call.
Task<Answer> RetrieveParsed(
    Environment& env, Ask ask,
    absl::StatusOr<linkage::v1::RetrieveRequest> question);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_LINKAGE_H_
