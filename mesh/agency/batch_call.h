// Many questions at once, over LinkageService's batch.
#ifndef PSM_MESH_AGENCY_BATCH_CALL_H_
#define PSM_MESH_AGENCY_BATCH_CALL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "grpcpp/channel.h"
#include "mesh/agency/gateway_call.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm::agency {

// One question of a batch.
struct BatchQuestion {
  linkage::v1::RetrieveRequest request;
  // A UUID of which the caller knows that it asks the same again by it. What is
  // none, or stands at an earlier question too, is replaced by a new one.
  std::string exchange_id = "";
};

// Asks all `questions` over one stream and returns their answers in the order
// of the questions. An answer is an error where its question was refused as a
// whole; legs that failed say so in it. Each question is a linkage of its own.
// Where the stream breaks, what was not answered is asked again under the same
// ids, as Call repeats a call, until `terms.timeout`, which holds for all
// together. Of `terms`, `provider`, `consent` and `exchange_id` are not used:
// they are the questions' own, so that questions with consent are asked one by
// one. The system keeps its own side of each question. Blocks.
std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> RetrieveBatch(
    absl::FunctionRef<std::shared_ptr<grpc::Channel>()> gateway,
    const CallTerms& terms, absl::Span<const BatchQuestion> questions);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_BATCH_CALL_H_
