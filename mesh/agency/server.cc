#include "mesh/agency/server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/impl/server_initializer.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server_builder.h"
#include "mesh/agency/answer_keeper.h"
#include "mesh/base/clock.h"

namespace psm::agency {
namespace {

// Tells the health service the names of all services, which gRPC has in one
// place only: it knows "" by itself and nothing else (library trap 9).
class HealthByName : public grpc::ServerBuilderPlugin {
 public:
  explicit HealthByName(std::vector<std::string>* names) : names_(*names) {}

  std::string name() override { return "psm health by name"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer* server) override {
    names_ = *server->GetServiceList();
  }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  std::vector<std::string>& names_;
};

class WithHealthByName : public grpc::ServerBuilderOption {
 public:
  explicit WithHealthByName(std::vector<std::string>* names) : names_(names) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override {
    plugins->push_back(std::make_unique<HealthByName>(names_));
  }

 private:
  std::vector<std::string>* const names_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    int port, std::shared_ptr<grpc::ServerCredentials> credentials,
    const std::vector<grpc::Service*>& services, SideLedger* ledger) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  std::unique_ptr<Server> server(new Server);
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota("agency");
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  // One queue; at least two threads wait on it, and up to sixteen that have
  // nothing to do are kept for the next burst.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 2);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 16);
  // Else a second process shares the port and half of the calls (library trap
  // 4).
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  const int age =
      static_cast<int>(absl::ToInt64Milliseconds(kMaxConnectionAge));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, age);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, age);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port),
                           std::move(credentials), &server->port_);
  std::vector<std::string> names;
  builder.SetOption(std::make_unique<WithHealthByName>(&names));
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (ledger != nullptr) {
    std::vector<
        std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
        keepers;
    keepers.push_back(KeepAnswersIn(*ledger));
    builder.experimental().SetInterceptorCreators(std::move(keepers));
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0)
    return absl::UnavailableError(
        absl::StrCat("cannot listen on 127.0.0.1:", port));
  for (const std::string& name : names)
    server->server_->GetHealthCheckService()->SetServingStatus(name, true);
  return server;
}

Server::~Server() {
  if (server_ != nullptr) Stop(absl::ZeroDuration());
}

void Server::Stop(absl::Duration grace) {
  server_->Shutdown(absl::ToChronoTime(SystemClock().Now() + grace));
  server_->Wait();
}

}  // namespace psm::agency
