#include "mesh/agency/retry.h"

#include <algorithm>

#include "psm/annotations/v1/annotations.pb.h"

namespace psm::agency {
namespace {

using annotations::v1::MethodContract;
using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;

constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);

Repeat RepeatOf(const MethodDescriptor& method) {
  switch (method.options().GetExtension(annotations::v1::method).effect()) {
    case MethodContract::READ:
      return Repeat::kSafe;
    case MethodContract::WRITE:
      return Repeat::kKeyed;
    default:
      return method.options().idempotency_level() ==
                     MethodOptions::IDEMPOTENCY_UNKNOWN
                 ? Repeat::kUnsafe
                 : Repeat::kSafe;
  }
}

}  // namespace

Repeat RepeatOf(const Descriptor& request, const Descriptor& response) {
  const FileDescriptor& file = *request.file();
  std::optional<Repeat> found;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const MethodDescriptor& method = *file.service(i)->method(j);
      if (method.input_type() != &request || method.output_type() != &response)
        continue;
      found = std::min(found.value_or(Repeat::kSafe), RepeatOf(method));
    }
  }
  return found.value_or(Repeat::kUnsafe);
}

std::optional<absl::Duration> Retries::PauseAfter(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return std::nullopt;
  absl::Duration pause = kFirstPause;
  for (int i = 0; i < failed_ && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  ++failed_;
  const auto drawn = static_cast<unsigned char>(random_.Bytes(1).front());
  pause -= pause / 2 * (drawn / 256.0);
  if (clock_.Now() + pause + kMargin >= deadline_) return std::nullopt;
  return pause;
}

}  // namespace psm::agency
