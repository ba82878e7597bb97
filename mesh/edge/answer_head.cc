#include "mesh/edge/answer_head.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "mesh/edge/metadata_rules.h"

namespace psm::edge {

bool AnswerHead::Add(absl::string_view name, absl::string_view value) {
  bytes_ += name.size() + value.size() + 32;
  if (bytes_ > limit_) return false;
  if (absl::StartsWith(name, "grpc-status") || name == "grpc-message") {
    AddStatus(name, value);
  } else if (absl::StartsWith(name, ":") || IsReservedKey(name)) {
    if (blocks_ == 0) AddInitial(name, value);
  } else if (keeps_metadata_ && !absl::StartsWith(name, "psm-")) {
    AddMetadata(name, value);
  }
  return true;
}

void AnswerHead::AddInitial(absl::string_view name, absl::string_view value) {
  if (name == ":status") status_200_ = value == "200";
  if (name == "content-type")
    content_type_ = absl::StartsWith(value, "application/grpc");
  if (name == "grpc-encoding") encoding_ = std::string(value);
  if (name == "grpc-accept-encoding") accept_encoding_ = std::string(value);
}

void AnswerHead::AddStatus(absl::string_view name, absl::string_view value) {
  if (name == "grpc-status") {
    code_repeated_ |= code_.has_value();
    // A code that is no code is what gRPC calls UNKNOWN.
    code_ = ParseStatusCode(value).value_or(
        static_cast<int>(absl::StatusCode::kUnknown));
  } else if (name == "grpc-message") {
    end_.message = PercentDecode(value);
  } else if (name == "grpc-status-details-bin") {
    end_.details = DecodeBinary(value).value_or("");
  }
}

void AnswerHead::AddMetadata(absl::string_view name, absl::string_view value) {
  Metadata& metadata = blocks_ == 0 ? initial_ : trailers_;
  if (!IsMetadataKey(name)) {
    metadata_valid_ = false;
  } else if (!IsBinaryKey(name)) {
    metadata_valid_ &= IsMetadataText(value);
    metadata.emplace_back(name, value);
  } else {
    // Several binary values may stand in one field.
    for (absl::string_view part : absl::StrSplit(value, ',')) {
      std::optional<std::string> bytes = DecodeBinary(part);
      metadata_valid_ &= bytes.has_value();
      metadata.emplace_back(std::string(name), bytes.value_or(""));
    }
  }
}

absl::string_view AnswerHead::EndBlock() {
  ++blocks_;
  if (!status_200_) return "HTTP status is not 200";
  if (!content_type_) return "content-type is not application/grpc";
  if (!metadata_valid_) return "a metadata key or value is not allowed";
  return "";
}

std::optional<WireStatus> AnswerHead::TakeStatus() {
  if (!code_.has_value() || code_repeated_) return std::nullopt;
  end_.code = *code_;
  return std::move(end_);
}

}  // namespace psm::edge
