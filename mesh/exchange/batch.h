// LinkageService's batch: the questions of one stream, each a linkage of its
// own. How they come and go is the gateway's.
#ifndef PSM_MESH_EXCHANGE_BATCH_H_
#define PSM_MESH_EXCHANGE_BATCH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm {

inline constexpr absl::string_view kRetrieveBatchPath =
    "/psm.linkage.v1.LinkageService/RetrieveBatch";

// Takes the question out of `message`, a psm.linkage.v1.RetrieveBatchRequest.
// Its id and consent go into `ask`, which has what all questions of the stream
// have in common: who asks, and for which affair. INVALID_ARGUMENT
// MESSAGE_MALFORMED where it is none or its exchange id is not a UUID: its
// answer could not be told from another's.
absl::Status ReadQuestion(absl::string_view message, Ask& ask,
                          linkage::v1::RetrieveRequest& question);

// Answers a question that ReadQuestion took as Retrieve would if it had come
// alone: a serialised psm.linkage.v1.RetrieveBatchResponse, which says also why
// a question was refused.
Task<std::string> AnswerQuestion(Environment& env, Ask ask,
                                 linkage::v1::RetrieveRequest question);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_BATCH_H_
