// For tests: an Upstream on a worker of its own, called from the test's thread.
#ifndef PSM_MESH_EDGE_TEST_UPSTREAM_H_
#define PSM_MESH_EDGE_TEST_UPSTREAM_H_

#include <functional>
#include <future>
#include <memory>
#include <string>

#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/endpoint_source.h"
#include "mesh/edge/test_pki.h"
#include "mesh/edge/upstream.h"

namespace psm::edge {

// An endpoint that the test moves. Thread-safe.
class MovableEndpoint final : public EndpointSource {
 public:
  absl::StatusOr<std::string> Find(const System& system) override;
  void Set(int port);  // 0: none
 private:
  Mutex mu_;
  int port_ PSM_GUARDED_BY(mu_) = 0;
};

struct TestRequest {
  std::string path = "/test.Unary/Echo";
  std::string message;
  Metadata metadata;
  absl::Duration time_left = absl::Seconds(10);
};

class TestUpstream {
 public:
  // Calls the system `provider`, as the gateway.
  TestUpstream(TestPki& pki, const UpstreamLimits& limits,
               const std::string& provider = "akatsuki/tax");
  ~TestUpstream();

  std::future<ProviderReply> Start(TestRequest request);
  ProviderReply Call(TestRequest request) {
    return Start(std::move(request)).get();
  }
  // Starts a call and gives the function that cancels it.
  std::future<ProviderReply> Start(TestRequest request,
                                   std::function<void()>* cancel);
  UpstreamStats Stats();
  Upstream& upstream() { return *upstream_; }
  MovableEndpoint& endpoint() { return endpoint_; }
  Worker& worker() { return worker_; }
  const TestIdentity& identity() const { return identity_; }

 private:
  SystemClock clock_;
  TestIdentity identity_;
  System system_;
  MovableEndpoint endpoint_;
  Worker worker_{clock_, 0};
  std::unique_ptr<Upstream> upstream_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_UPSTREAM_H_
