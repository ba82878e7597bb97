// For tests: a provider of gRPC C++ that accepts the gateway alone.
#ifndef PSM_MESH_EDGE_TEST_PROVIDER_H_
#define PSM_MESH_EDGE_TEST_PROVIDER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>

#include "mesh/base/mutex.h"
#include "mesh/edge/test_count.h"
#include "mesh/edge/test_pki.h"

namespace psm::edge {

// Echo answers the message; Fail a status with a detail; Never nothing until
// the call is cancelled; Describe the metadata that the gateway set.
class TestProvider {
 public:
  // Port 0: any.
  TestProvider(const TestIdentity& identity, const std::string& root_pem,
               int port = 0);
  ~TestProvider();

  int port() const { return port_; }
  // Calls that ended because they were cancelled.
  TestCount& cancelled() { return cancelled_; }

 private:
  class Call;
  void AskForCall();
  void Run();

  Mutex mu_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;

  TestCount cancelled_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_PROVIDER_H_
