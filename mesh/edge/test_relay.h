// For tests: a server that carries every call on to one provider.
#ifndef PSM_MESH_EDGE_TEST_RELAY_H_
#define PSM_MESH_EDGE_TEST_RELAY_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "mesh/base/clock.h"
#include "mesh/edge/relay.h"
#include "mesh/edge/server.h"
#include "mesh/edge/test_pki.h"
#include "mesh/edge/test_upstream.h"

namespace psm::edge {

class TestRelay {
 public:
  // Relays as mesh/gateway to akatsuki/tax, wherever endpoint() says that is;
  // metadata as the client sent it.
  explicit TestRelay(TestPki& pki,
                     const UpstreamLimits& limits = UpstreamLimits());
  ~TestRelay();

  // A channel of akatsuki/benefits to it.
  std::shared_ptr<grpc::Channel> Channel();
  // Another one, of a connection of its own.
  std::shared_ptr<grpc::Channel> Channel(const grpc::ChannelArguments& extra);
  int port() const { return server_->port(); }
  // Waits until nothing is left of any call; false after 20 s.
  bool BecomesIdle();
  MovableEndpoint& endpoint() { return endpoint_; }
  // What becomes of calls. Before the first one.
  void Refuse(absl::Status status);

 private:
  class OneWay;
  class Desk;

  TestPki& pki_;
  const TestIdentity client_;
  const TestIdentity gateway_;
  SystemClock clock_;
  Worker worker_{clock_, 0};
  MovableEndpoint endpoint_;
  std::unique_ptr<OneWay> router_;
  Upstream upstream_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Server> server_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_RELAY_H_
