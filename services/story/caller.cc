#include "services/story/caller.h"

#include <fstream>

#include "grpcpp/create_channel.h"
#include "mesh/agency/credentials.h"
#include "mesh/base/clock.h"
#include "mesh/cli/run_folder.h"
#include "mesh/directory/directory.h"

namespace psm::story {
namespace {

const SystemClock& TheClock() {
  static const SystemClock& clock = *new SystemClock;
  return clock;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& run,
                                       const std::string& system) {
  std::ifstream in(RunFolder(run).Endpoint(kGatewaySystem));
  std::string endpoint;
  std::getline(in, endpoint);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(
      endpoint,
      agency::ChannelCredentialsOf(agency::CredentialFiles::In(run, system),
                                   TheClock()),
      arguments);
}

}  // namespace

Caller::Caller(const std::string& run, const std::string& system)
    : channel_(Connect(run, system)) {}

std::unique_ptr<grpc::ClientContext> Caller::Context(
    const CallOptions& options) const {
  std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(nullptr, options.affair);
  if (!options.provider.empty())
    context->AddMetadata("psm-provider", options.provider);
  if (!options.consent.empty())
    context->AddMetadata("psm-consent", options.consent);
  return context;
}

absl::Duration Caller::Monotonic() const { return TheClock().Monotonic(); }

CallReport Caller::Report(const grpc::Status& status,
                          const grpc::ClientContext& context,
                          absl::Duration started) const {
  CallReport report;
  report.status = agency::FromGrpc(status);
  report.took = Monotonic() - started;
  const auto& trailers = context.GetServerTrailingMetadata();
  auto id = trailers.find("psm-exchange-id");
  if (id != trailers.end())
    report.exchange_id.assign(id->second.data(), id->second.size());
  return report;
}

}  // namespace psm::story
