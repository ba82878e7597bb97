#include "mesh/agency/gateway_channel.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "mesh/agency/kept_call.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"

namespace psm::agency {

GatewayChannel::GatewayChannel(std::string endpoint_file, CredentialFiles files,
                               const Clock& clock,
                               std::shared_ptr<SideLedger> ledger)
    : endpoint_file_(std::move(endpoint_file)),
      files_(std::move(files)),
      clock_(clock),
      ledger_(std::move(ledger)) {}

std::shared_ptr<grpc::Channel> GatewayChannel::Get() {
  absl::StatusOr<std::string> endpoint = ReadFile(endpoint_file_);
  std::string target;
  if (endpoint.ok())
    target = std::string(absl::StripAsciiWhitespace(*endpoint));
  // Before they are read: what changes in between is noticed at the next call.
  std::string version = VersionOf(files_);
  MutexLock lock(mu_);
  if (target.empty()) {
    if (channel_ != nullptr) return channel_;
    // Nobody listens there; gRPC's own error then names the missing file.
    target = absl::StrCat("unix:", endpoint_file_);
  }
  if (target == target_ && version == version_) return channel_;
  version_ = std::move(version);
  Dial(target);
  return channel_;
}

void GatewayChannel::Dial(const std::string& target) {
  grpc::ChannelArguments arguments;
  // gRPC 1.51 aborts the process on a malformed answer when retries are on
  // (library trap 1).
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A gateway that restarts is found again within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials =
      ReadChannelCredentials(files_, clock_, seen_);
  if (credentials.ok()) {
    channel_ = WithLedger(
        grpc::CreateCustomChannel(target, *credentials, arguments), ledger_);
    target_ = target;
    return;
  }
  LogWarning("identity_not_read",
             {{"error", std::string(credentials.status().message())}});
  if (channel_ != nullptr && target == target_) return;
  // Nobody listens there either.
  channel_ = WithLedger(
      grpc::CreateCustomChannel(absl::StrCat("unix:", files_.identity),
                                grpc::InsecureChannelCredentials(), arguments),
      ledger_);
  target_ = target;
}

}  // namespace psm::agency
