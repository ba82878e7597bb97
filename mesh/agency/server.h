// A gRPC server whose handlers may block.
#ifndef PSM_MESH_AGENCY_SERVER_H_
#define PSM_MESH_AGENCY_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "mesh/records/side_ledger.h"

namespace psm::agency {

// Serves plain synchronous services on 127.0.0.1, each call on a thread of
// gRPC's own pool (mesh/DECISIONS.md, "Agencies' handlers are synchronous").
// Health by service name and reflection are on. Thread-safe.
class Server {
 public:
  // Threads that gRPC may have at once, waiting ones included. A call beyond
  // them is refused with RESOURCE_EXHAUSTED.
  static constexpr int kMaxThreads = 256;
  // Calls at once on one connection; the gateway queues what is beyond.
  static constexpr int kMaxStreams = 100;
  // A connection lives this long and its calls as long again. The peer's
  // certificate is looked at when it connects, so this bounds how long a
  // revoked one is served.
  static constexpr absl::Duration kMaxConnectionAge = absl::Seconds(60);

  // `port` 0: any. UNAVAILABLE where it is taken. What is answered is kept in
  // `ledger` (answer_keeper.h) where it is not null. Services and ledger must
  // outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      int port, std::shared_ptr<grpc::ServerCredentials> credentials,
      const std::vector<grpc::Service*>& services,
      SideLedger* ledger = nullptr);
  ~Server();  // as Stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }

  // Takes no more calls, gives those in flight `grace`, cancels the rest, and
  // returns when no handler runs any more.
  void Stop(absl::Duration grace);

 private:
  Server() = default;

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_SERVER_H_
