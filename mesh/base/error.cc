#include "mesh/base/error.h"

#include "absl/strings/cord.h"
#include "psm/errors/v1/status.pb.h"

namespace psm {
namespace {

// Inside the process and on the wire the detail has one form: a serialised
// google.rpc.ErrorInfo under this type URL.
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

// Bytes of a value in the detail. Some repeat what a caller sent, and a status
// has to fit into the trailers that a client takes.
constexpr std::size_t kMaxValue = 512;

// Cut at the start of a character.
std::string Clip(absl::string_view value) {
  if (value.size() <= kMaxValue) return std::string(value);
  std::size_t size = kMaxValue;
  while (size > 0 && (static_cast<unsigned char>(value[size]) & 0xc0) == 0x80)
    --size;
  return std::string(value.substr(0, size));
}

absl::Status WithInfo(absl::Status status, const errors::v1::ErrorInfo& info) {
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

std::optional<errors::v1::ErrorInfo> InfoOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kErrorInfoUrl);
  errors::v1::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload)))
    return std::nullopt;
  return info;
}

}  // namespace

absl::string_view PartyName(Party party) {
  switch (party) {
    case Party::kConsumer:
      return "consumer";
    case Party::kProvider:
      return "provider";
    case Party::kGateway:
      break;
  }
  return "gateway";
}

absl::Status MakeError(
    absl::StatusCode code, absl::string_view reason, Party party,
    absl::string_view message,
    std::initializer_list<std::pair<absl::string_view, absl::string_view>>
        metadata) {
  errors::v1::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[std::string(key)] = Clip(value);
  }
  (*info.mutable_metadata())["party"] = std::string(PartyName(party));
  return WithInfo(absl::Status(code, message), info);
}

absl::Status WithMetadata(absl::Status status, absl::string_view key,
                          absl::string_view value) {
  std::optional<errors::v1::ErrorInfo> info = InfoOf(status);
  if (!info.has_value()) return status;
  (*info->mutable_metadata())[std::string(key)] = Clip(value);
  return WithInfo(std::move(status), *info);
}

std::optional<ErrorDetail> DetailOf(const absl::Status& status) {
  std::optional<errors::v1::ErrorInfo> info = InfoOf(status);
  if (!info.has_value()) return std::nullopt;
  ErrorDetail detail;
  detail.reason = info->reason();
  for (const auto& [key, value] : info->metadata()) {
    if (key != "party") detail.metadata[key] = value;
  }
  auto party = info->metadata().find("party");
  if (party != info->metadata().end()) {
    if (party->second == "consumer") detail.party = Party::kConsumer;
    if (party->second == "provider") detail.party = Party::kProvider;
  }
  return detail;
}

std::string ReasonOf(const absl::Status& status) {
  std::optional<errors::v1::ErrorInfo> info = InfoOf(status);
  return info.has_value() ? info->reason() : "";
}

std::string ToRpcStatus(const absl::Status& status) {
  if (status.ok()) return "";
  errors::v1::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  if (absl::optional<absl::Cord> payload = status.GetPayload(kErrorInfoUrl);
      payload.has_value()) {
    google::protobuf::Any* any = rpc.add_details();
    any->set_type_url(kErrorInfoUrl);
    any->set_value(std::string(*payload));
  }
  return rpc.SerializeAsString();
}

absl::Status FromRpcStatus(absl::StatusCode code, absl::string_view message,
                           absl::string_view bytes) {
  absl::Status status(code, message);
  errors::v1::Status rpc;
  if (status.ok() ||
      !rpc.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return status;
  for (const google::protobuf::Any& any : rpc.details()) {
    errors::v1::ErrorInfo info;
    if (any.type_url() != kErrorInfoUrl || !info.ParseFromString(any.value()))
      continue;
    status.SetPayload(kErrorInfoUrl,
                      absl::Cord(any.value()));  // as it came: map entries have
                                                 // no order of their own
    break;
  }
  return status;
}

}  // namespace psm
