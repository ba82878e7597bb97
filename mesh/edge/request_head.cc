#include "mesh/edge/request_head.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/metadata_rules.h"

namespace psm::edge {
namespace {

// A list this many times the limit is an attack (HPACK turns one byte into
// kilobytes), not a mistake that deserves an explanation.
constexpr std::size_t kPatience = 8;

absl::Status Refusal(absl::StatusCode code, absl::string_view reason,
                     absl::string_view message) {
  return MakeError(code, reason, Party::kConsumer, message);
}

}  // namespace

bool RequestHead::Add(absl::string_view name, absl::string_view value) {
  bytes_ += name.size() + value.size() + 32;
  if (bytes_ > limit_) return bytes_ <= limit_ * kPatience;
  if (absl::StartsWith(name, ":")) {
    if (name == ":method") post_ = value == "POST";
    if (name == ":path") path_.assign(value.data(), value.size());
    return true;
  }
  if (!IsMetadataKey(name)) {
    invalid_ = true;
  } else if (IsReservedKey(name)) {
    AddKnown(name, value);
  } else {
    AddMetadata(name, value);
  }
  return true;
}

bool RequestHead::AddInvalid(std::size_t bytes) {
  invalid_ = true;
  bytes_ += bytes + 32;
  return bytes_ <= limit_ * kPatience;
}

void RequestHead::AddKnown(absl::string_view name, absl::string_view value) {
  // Repeated ones are refused: which of them counted would be a guess.
  if (name == "content-type") {
    invalid_ |= std::exchange(content_type_, IsGrpcContentType(value));
  } else if (name == "te") {
    invalid_ |= std::exchange(te_, value == "trailers");
  } else if (name == "grpc-timeout") {
    const std::optional<absl::Duration> timeout = ParseTimeout(value);
    timeout_invalid_ |= std::exchange(timed_, true) || !timeout.has_value();
    timeout_ = timeout.value_or(absl::ZeroDuration());
  } else if (name == "grpc-encoding") {
    invalid_ |= !encoding_.empty() || !IsMetadataText(value);
    encoding_.assign(value.data(), value.size());
  } else if (name == "grpc-accept-encoding") {
    invalid_ |= !IsMetadataText(value);
    accept_encoding_.assign(value.data(), value.size());
  }
}

void RequestHead::AddMetadata(absl::string_view name, absl::string_view value) {
  if (absl::StartsWith(name, "psm-")) {
    if (std::find(mesh_keys_.begin(), mesh_keys_.end(), name) !=
        mesh_keys_.end()) {
      invalid_ = true;
      return;
    }
    mesh_keys_.emplace_back(name);
    // What only the gateway may say is not even kept.
    if (!IsConsumersKey(name)) return;
  }
  if (!IsBinaryKey(name)) {
    if (IsMetadataText(value)) {
      metadata_.emplace_back(name, value);
    } else {
      invalid_ = true;
    }
    return;
  }
  // Several binary values may stand in one field (PROTOCOL-HTTP2.md).
  for (absl::string_view part : absl::StrSplit(value, ',')) {
    std::optional<std::string> bytes = DecodeBinary(part);
    if (bytes.has_value()) {
      metadata_.emplace_back(std::string(name), *std::move(bytes));
    } else {
      invalid_ = true;
    }
  }
}

absl::Status RequestHead::Check() const {
  using Code = absl::StatusCode;
  if (bytes_ > limit_) {
    return Refusal(Code::kResourceExhausted, "HEADERS_TOO_LARGE",
                   "metadata is too large; send less");
  }
  if (!post_) {
    return Refusal(Code::kUnimplemented, "METHOD_UNKNOWN",
                   "only POST is served; use a gRPC client");
  }
  if (!content_type_) {
    return Refusal(Code::kInvalidArgument, "CONTENT_TYPE_INVALID",
                   "content-type is not application/grpc; use a gRPC client");
  }
  if (!IsMethodPath(path_)) {
    return Refusal(Code::kUnimplemented, "METHOD_UNKNOWN",
                   "the path is not of the form /package.Service/Method");
  }
  if (invalid_ || !te_) {
    return Refusal(Code::kInvalidArgument, "METADATA_INVALID",
                   "a metadata key or value is not allowed, a psm- key occurs "
                   "twice, or te: trailers is missing");
  }
  if (timeout_invalid_) {
    return Refusal(Code::kInvalidArgument, "TIMEOUT_INVALID",
                   "grpc-timeout is not at most 8 digits and a unit");
  }
  return absl::OkStatus();
}

absl::string_view RequestHead::http_status() const {
  if (!post_) return "405";
  return content_type_ ? "200" : "415";
}

void RequestHead::Clear() {
  bytes_ = 0;
  path_.clear();
  encoding_.clear();
  accept_encoding_.clear();
  metadata_.clear();
  mesh_keys_.clear();
  timeout_ = absl::InfiniteDuration();
  post_ = content_type_ = te_ = timed_ = invalid_ = timeout_invalid_ = false;
}

}  // namespace psm::edge
