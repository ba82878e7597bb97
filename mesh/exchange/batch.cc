#include "mesh/exchange/batch.h"

#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "mesh/exchange/linkage.h"

namespace psm {
namespace {

using linkage::v1::RetrieveBatchResponse;

// Evidence is not parsed to be written again.
void AppendAnswer(const std::string& answer, std::string& message) {
  google::protobuf::io::StringOutputStream stream(&message);
  google::protobuf::io::CodedOutputStream out(&stream);
  google::protobuf::internal::WireFormatLite::WriteBytes(
      RetrieveBatchResponse::kAnswerFieldNumber, answer, &out);
}

}  // namespace

absl::Status ReadQuestion(absl::string_view message, Ask& ask,
                          linkage::v1::RetrieveRequest& question) {
  linkage::v1::RetrieveBatchRequest request;
  if (!request.ParseFromArray(message.data(),
                              static_cast<int>(message.size())) ||
      !IsUuid(request.exchange_id())) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_MALFORMED",
                     Party::kConsumer,
                     "a question is a psm.linkage.v1.RetrieveBatchRequest with "
                     "a lower-case UUID as its exchange id");
  }
  ask.exchange_id = std::move(*request.mutable_exchange_id());
  ask.consent = std::move(*request.mutable_consent());
  question = std::move(*request.mutable_question());
  return absl::OkStatus();
}

Task<std::string> AnswerQuestion(Environment& env, Ask ask,
                                 linkage::v1::RetrieveRequest question) {
  RetrieveBatchResponse response;
  response.set_exchange_id(ask.exchange_id);
  Task<Answer> task = RetrieveParsed(env, std::move(ask), std::move(question));
  const Answer answer = co_await task;
  if (!answer.status.ok())
    response.mutable_status()->ParseFromString(ToRpcStatus(answer.status));
  std::string message = response.SerializeAsString();
  if (answer.status.ok()) AppendAnswer(answer.message, message);
  co_return message;
}

}  // namespace psm
