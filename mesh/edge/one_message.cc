#include "mesh/edge/one_message.h"

#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm::edge {
namespace {

absl::Status WrongCount(absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_COUNT",
                   Party::kConsumer, message);
}

}  // namespace

absl::Status CheckUncompressed(const GrpcMessage& message) {
  if (!message.compressed) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kUnimplemented, "COMPRESSION_NOT_OFFERED",
      Party::kConsumer,
      "only identity encoding is offered; send without compression");
}

absl::Status OneMessage::Put(GrpcMessage message) {
  PSM_RETURN_IF_ERROR(CheckUncompressed(message));
  if (std::exchange(has_message_, true))
    return WrongCount("the method takes one message and got more");
  bytes_ = std::move(message.bytes);
  return absl::OkStatus();
}

absl::StatusOr<std::string> OneMessage::Take() {
  if (!has_message_)
    return WrongCount("the method takes one message and got none");
  return std::move(bytes_);
}

}  // namespace psm::edge
