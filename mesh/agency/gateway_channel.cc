#include "mesh/agency/gateway_channel.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/durable_file.h"

namespace psm::agency {

GatewayChannel::GatewayChannel(
    std::string endpoint_file,
    std::shared_ptr<grpc::ChannelCredentials> credentials)
    : endpoint_file_(std::move(endpoint_file)),
      credentials_(std::move(credentials)) {}

std::shared_ptr<grpc::Channel> GatewayChannel::Get() {
  absl::StatusOr<std::string> endpoint = ReadFile(endpoint_file_);
  std::string target;
  if (endpoint.ok())
    target = std::string(absl::StripAsciiWhitespace(*endpoint));
  MutexLock lock(mu_);
  if (target.empty()) {
    if (channel_ != nullptr) return channel_;
    // Nobody listens there; gRPC's own error then names the missing file.
    target = absl::StrCat("unix:", endpoint_file_);
  }
  if (target == target_) return channel_;
  grpc::ChannelArguments arguments;
  // gRPC 1.51 aborts the process on a malformed answer when retries are on
  // (library trap 1).
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A gateway that restarts is found again within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  channel_ = grpc::CreateCustomChannel(target, credentials_, arguments);
  target_ = std::move(target);
  return channel_;
}

}  // namespace psm::agency
