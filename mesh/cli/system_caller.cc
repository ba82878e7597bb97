#include "mesh/cli/system_caller.h"

#include "mesh/agency/call_context.h"
#include "mesh/agency/credentials.h"
#include "mesh/cli/run_folder.h"
#include "mesh/directory/directory.h"

namespace psm {
namespace {

std::shared_ptr<SideLedger> LedgerIn(const std::string& run,
                                     const std::string& system,
                                     const Clock& clock) {
  absl::StatusOr<std::unique_ptr<SideLedger>> ledger =
      SideLedger::Open({RunFolder(run).Ledger(system)}, clock);
  return ledger.ok() ? *std::move(ledger) : nullptr;
}

}  // namespace

SystemCaller::SystemCaller(const std::string& run, const std::string& system,
                           const Clock& clock)
    : clock_(clock),
      channel_(RunFolder(run).Endpoint(kGatewaySystem),
               agency::CredentialFiles::In(run, system), clock,
               LedgerIn(run, system, clock)) {}

std::unique_ptr<grpc::ClientContext> SystemCaller::Context(
    const CallOptions& options) const {
  std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(nullptr, options.affair, options.timeout);
  if (!options.provider.empty())
    context->AddMetadata("psm-provider", options.provider);
  if (!options.consent.empty())
    context->AddMetadata("psm-consent", options.consent);
  if (!options.representation.empty())
    context->AddMetadata("psm-representation", options.representation);
  if (!options.exchange_id.empty())
    context->AddMetadata("psm-exchange-id", options.exchange_id);
  for (const auto& [key, value] : options.metadata)
    context->AddMetadata(key, value);
  return context;
}

CallReport SystemCaller::Report(const grpc::Status& status,
                                const grpc::ClientContext& context,
                                absl::Duration started) const {
  CallReport report;
  report.status = agency::FromGrpc(status);
  report.took = clock_.Monotonic() - started;
  const auto& trailers = context.GetServerTrailingMetadata();
  auto id = trailers.find("psm-exchange-id");
  if (id != trailers.end())
    report.exchange_id.assign(id->second.data(), id->second.size());
  return report;
}

}  // namespace psm
